"""Networks against R, against published numbers, and by what must not change a result."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctevidence.contrasts import better_than_both, synergy
from ctevidence.estimates import COLUMNS
from ctevidence.language import say
from ctevidence.levels import Levels
from ctevidence.synthesis.effect_sizes import EffectSizes
from ctevidence.synthesis.network import pool_network
from ctevidence.synthesis.pool import pool
from ctevidence.terms import Arm

#: closed forms; linde2016 is printed to six digits, and its loops close to that only
CLOSED = {"baker2009": 1e-9, "stowe2010": 1e-9, "linde2016": 2e-6, "subset": 2e-6}
SETS = sorted(CLOSED)
CBT_SSRI, CBT = "Face-to-face CBT + SSRI", "Face-to-face CBT"
CELLS = {"combined": CBT_SSRI, "medication": "SSRI", "therapy": CBT, "control": "Placebo"}


def effects_of(fit, names, treatments, reference="Placebo"):
    """Estimates and standard errors against the reference, in the order of `names`."""
    rows = np.zeros((len(names), len(treatments)))
    for i, name in enumerate(names):
        rows[i, treatments.index(name)] = 1.0
    rows[:, treatments.index(reference)] -= 1.0
    return rows @ fit.coef, np.sqrt(np.einsum("ip,pq,iq->i", rows, fit.cov, rows))


# -- R ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("method", ["DL", "REML"])
def test_networks_equal_r(network_of, r_networks, name, method):
    expected = r_networks[name]["network"]
    network = network_of(name, tau2_method=method)
    within, total = network.heterogeneity.within, network.heterogeneity.total
    close = {"rel": CLOSED[name], "abs": CLOSED[name]}
    assert (total.df, within.df) == (expected["df"], r_networks[name]["within"]["df"])
    assert total.q == pytest.approx(expected["q"], rel=CLOSED[name])
    assert within.q == pytest.approx(r_networks[name]["within"]["q"], **close)
    # the search of rma.mv stops where its likelihood is flat to rounding: 1e-6
    tolerance = CLOSED[name] if method == "DL" else 3e-6
    tau2 = expected["dl_tau2"] if method == "DL" else expected["reml"]["tau2"]
    assert network.random.tau2 == pytest.approx(tau2, rel=max(tolerance, 2e-6))
    found = effects_of(network.random, expected["names"], network.treatments)
    wanted = expected["dl"] if method == "DL" else expected["reml"]
    assert found[0] == pytest.approx(np.array(wanted["b"]), rel=tolerance, abs=tolerance)
    assert found[1] == pytest.approx(np.array(wanted["se"]), rel=max(tolerance, 2e-6))
    found = effects_of(network.common, expected["names"], network.treatments)
    assert found[0] == pytest.approx(np.array(expected["common"]["b"]), **close)
    assert found[1] == pytest.approx(np.array(expected["common"]["se"]), **close)


@pytest.mark.parametrize("name", SETS)
def test_p_scores_equal_r(network_of, r_networks, name):
    scores = network_of(name, tau2_method="DL").p_scores
    sign = 1.0 if name in ("linde2016", "subset") else -1.0
    for treatment, expected in r_networks[name]["p_scores"].items():
        wanted = expected if sign > 0 else 1 - expected
        assert scores[treatment] == pytest.approx(wanted, abs=max(CLOSED[name], 1e-9))
    assert scores.mean() == pytest.approx(0.5, abs=1e-12)


# -- published: netmeta's vignette and Linde 2016 as its authors' software gives them --------------


def test_baker_and_stowe_equal_the_print_of_netmeta(network_of):
    # netmeta vignette "netmeta.pdf", component network meta-analysis
    baker = network_of("baker2009", tau2_method="DL")
    found = baker.heterogeneity
    assert (len(baker.data.trials.trials), len(baker.treatments)) == (38, 8)
    assert [round(x, 2) for x in (found.total.q, found.within.q, found.between.q)] == [
        60.86, 43.20, 17.66]  # fmt: skip
    assert (found.total.df, found.within.df, found.between.df) == (46, 34, 12)
    assert round(baker.random.tau2, 7) == 0.0111366
    stowe = network_of("stowe2010", tau2_method="DL")
    found = stowe.heterogeneity
    assert [round(x, 2) for x in (found.total.q, found.within.q, found.between.q)] == [
        48.15, 46.91, 1.24]  # fmt: skip
    assert (found.total.df, found.within.df, found.between.df) == (27, 25, 2)
    assert round(stowe.random.tau2, 4) == 0.1518
    rows = {row.arm: row for row in stowe.estimates}
    for arm, printed in (("COMTI", (-0.95, -1.27, -0.63)), ("MAOBI", (-1.03, -1.56, -0.50)),
                         ("Dopamine Agonist", (-1.49, -1.86, -1.12))):  # fmt: skip
        row = rows[arm]
        assert tuple(round(x, 2) for x in (row.estimate, row.conf_low, row.conf_high)) == printed
        assert (row.measure, row.error_scale) == ("mean_difference", "identity")


def test_linde_equals_netmeta(network_of):
    network = network_of("linde2016", tau2_method="DL")
    # netmeta's copy of the data has more digits: 102.447497
    assert network.heterogeneity.total.q == pytest.approx(102.447497, rel=1e-6)
    assert round(network.random.tau2, 6) == 0.017402
    assert round(network_of("linde2016").random.tau2, 7) == 0.0182739
    printed = {
        "SSRI": (0.5389, 0.0815), "TCA": (0.5570, 0.0870), "SNRI": (0.6564, 0.1304),
        "Hypericum": (0.6953, 0.1074), "NaSSa": (0.1977, 0.1578), CBT: (0.7196, 0.2512),
        "Face-to-face PST": (0.3278, 0.1854), "Face-to-face interpsy": (0.1035, 0.1920),
        "Remote CBT": (0.7586, 0.2578), "UC": (0.1471, 0.2122), CBT_SSRI: (3.4293, 0.9349),
        "Face-to-face interpsy + SSRI": (0.5620, 0.2275),
        "Face-to-face PST + SSRI": (0.4336, 0.4303),
    }  # fmt: skip
    rows = {row.arm: row for row in network.estimates}
    for arm, numbers in printed.items():
        assert (round(math.log(rows[arm].estimate), 4), round(rows[arm].std_error, 4)) == numbers
    scores = {name: round(score, 4) for name, score in network.p_scores.items()}
    assert network.ranking[:5] == (CBT_SSRI, "Ind drug", "Remote CBT", "Hypericum", CBT)
    assert [scores[name] for name in network.ranking[:5]] == [0.9983, 0.7623, 0.7424, 0.7164,
                                                              0.7071]  # fmt: skip
    assert scores["Placebo"] == 0.0744


# -- the same contrasts as for participants --------------------------------------------------------


def test_synergy_of_a_network_is_a_ratio_of_ratios(network_of):
    rows = synergy(network_of("linde2016", tau2_method="DL"), **CELLS)
    assert [row.measure for row in rows] == [
        "odds_ratio", "odds_ratio", "interaction_ratio", "detectable_interaction_ratio",
    ]  # fmt: skip
    row = rows.where(measure="interaction_ratio").one()
    assert [round(x, 2) for x in (row.estimate, row.conf_low)] == [8.76, 1.32]
    assert (round(row.conf_high, 1), round(row.p_value, 4)) == (58.1, 0.0244)
    assert row.reference == "multiplicativity"


@pytest.mark.parametrize(("therapy", "p"), [("CBT", 0.00244), ("interpsy", 0.457), ("PST", 0.598)])
def test_better_than_both_on_network_effects(network_of, p, therapy):
    therapy = f"Face-to-face {therapy}"
    rows = better_than_both(
        network_of("linde2016", tau2_method="DL"),
        combined=f"{therapy} + SSRI", medication="SSRI", therapy=therapy,
    ).rows  # fmt: skip
    assert rows[-1].p_value == pytest.approx(p, rel=2e-3)
    assert rows[-1].p_value == max(row.p_value for row in rows[:2])
    assert rows[-1].estimate == min(row.estimate for row in rows[:2])
    if therapy == CBT:
        assert [round(row.estimate, 1) for row in rows[:2]] == [18.0, 15.0]
        assert round(rows[0].p_value, 5) == 0.00096


def test_a_margin_on_a_ratio_stands_on_the_log_scale(network_of):
    network = network_of("linde2016", tau2_method="DL")
    names = {"combined": CBT_SSRI, "medication": "SSRI", "therapy": CBT}
    (first, *_) = better_than_both(network, **names, margin=math.log(2.0))
    one_sided = network.compare(CBT_SSRI, against="SSRI", alternative="greater", null=2.0).one()
    assert first.p_value == pytest.approx(one_sided.p_value, rel=1e-12)


def test_one_small_trial_is_named_in_every_row_that_rests_on_it(network_of):
    network = network_of("linde2016", tau2_method="DL")
    guard = f"{CBT_SSRI} rests on one trial of 34 people (study 117)"
    rows = [
        *synergy(network, **CELLS),
        *better_than_both(network, combined=CBT_SSRI, medication="SSRI", therapy=CBT),
        *network.league().where(arm=CBT_SSRI),
        *network.ranks().where(arm=CBT_SSRI),
        *network.prediction.where(arm=CBT_SSRI),
        *network.compare("Placebo", against=CBT_SSRI),
    ]
    assert len(rows) == 4 + 3 + 21 + 3 + 1 + 1
    for row in rows:
        assert guard in row.caution.split("; ")
        assert row.studies == 1
    direct = network.compare(CBT_SSRI, against="SSRI").one()
    assert (direct.n, direct.n_reference) == (17, 17)
    assert "1 trial compares them directly (34 people)" in direct.caution
    assert guard in network.thin
    indirect = network.compare(CBT_SSRI, against=CBT).one()
    assert "no trial compares them directly" in indirect.caution
    assert "transitivity" in indirect.caution


def test_contrasts_of_a_network_name_transitivity_and_each_caution_once(network_of):
    network = network_of("linde2016")
    parts = {key: CELLS[key] for key in ("combined", "medication", "therapy")}
    for rows in (better_than_both(network, **parts), synergy(network, **CELLS)):
        for row in rows:
            said = row.caution.split("; ")
            assert say("caution.transitivity") in said
            assert len(said) == len(set(said))
    worst = better_than_both(network, **parts).rows[-1]
    # what stands behind the min test: the one trial of the combination, 17 of its 34 people in it
    assert (worst.studies, worst.n) == (1, 17)
    # people of therapy alone in that trial: there were none to count
    assert worst.n_reference is None


def test_a_contrast_that_several_trials_make_has_no_guard(network_of):
    names = {"combined": "Fluticasone+Salmeterol", "medication": "Fluticasone",
             "therapy": "Salmeterol"}  # fmt: skip
    for row in better_than_both(network_of("baker2009"), **names):
        assert row.studies > 1
        assert "rests on one trial" not in row.caution
        assert say("caution.transitivity") in row.caution


def test_first_place_is_never_worded_as_best(network_of):
    rows = network_of("linde2016", tau2_method="DL").ranks()
    first = rows.where(arm=CBT_SSRI, measure="p_score").one()
    assert first.estimate == max(row.estimate for row in rows.where(measure="p_score"))
    for row in rows:
        assert "best" not in f"{row.measure} {row.method} {row.caution}".lower()
        assert "first place does not show that a treatment is better" in row.caution


# -- closed list of columns, models, measures ------------------------------------------------------


def test_rows_have_the_closed_list_of_columns(network_of):
    network = network_of("stowe2010")
    for rows in (network.estimates, network.league(), network.ranks(draws=200), network.prediction,
                 network.split(), network.pairwise()):  # fmt: skip
        assert list(rows.frame) == list(COLUMNS)
        assert len(rows) == len({row.id for row in rows}) > 0
    assert network.tau2.estimate == network.random.tau2


def test_prediction_adds_tau_squared_once_and_is_t(network_of):
    network = network_of("stowe2010", tau2_method="DL")
    row, confidence = network.prediction.rows[0], network.estimates.rows[0]
    assert row.measure == "mean_difference_prediction"
    assert row.std_error**2 == pytest.approx(
        confidence.std_error**2 + network.random.tau2, rel=1e-12
    )
    # t quantile on 27 degrees of freedom, from a table: 2.0518
    assert (row.conf_high - row.estimate) / row.std_error == pytest.approx(2.0518, abs=1e-4)
    assert "df of Q" in row.method


def test_common_effect_is_the_model_without_heterogeneity(network_of):
    network = network_of("stowe2010")
    common = network.with_model("common")
    row = common.compare("COMTI", against="Placebo").one()
    expected = effects_of(network.common, ["COMTI"], network.treatments)
    assert (row.estimate, row.std_error) == pytest.approx((expected[0][0], expected[1][0]))
    assert "common effect" in row.method
    assert network.with_model("random").estimates.rows[0].same_as(network.estimates.rows[0])


def test_only_the_measure_of_the_network_can_be_asked_for(network_of):
    network = network_of("linde2016")
    assert network.compare("SSRI", against="Placebo", measure="odds_ratio").one().is_estimable
    with pytest.raises(ValueError, match="compared as odds_ratio; a risk_ratio cannot"):
        network.compare("SSRI", against="Placebo", measure="risk_ratio")
    with pytest.raises(ValueError, match='levels of "network_effect"'):
        network.levels("mean")
    with pytest.raises(KeyError, match="has no week"):
        network.levels(week=9)
    with pytest.raises(ValueError, match="not on odds_ratio"):
        better_than_both(
            pooled_levels_of_risks(), combined="a", medication="b", therapy="c",
            measure="odds_ratio",
        )  # fmt: skip


def pooled_levels_of_risks():
    names = ("a", "b", "c")
    return Levels("s", "response", "p", tuple(Arm(n, None) for n in names),
                  tuple((n, None) for n in names), "risk", "higher", [0.5, 0.4, 0.3],
                  np.eye(3) / 1e3, (9, 9, 9), (None,) * 3, frozenset(), "m")  # fmt: skip


def test_a_declared_treatment_stands_for_its_one_arm(network_of):
    declared = {"COMTI": "medication", "Placebo": "control"}
    network = network_of("stowe2010", treatments=declared)
    row = network.compare("medication", against="control").one()
    assert row.estimate == network.compare("COMTI", against="Placebo").one().estimate
    with pytest.raises(KeyError, match='"therapy" is neither'):
        network.compare("therapy", against="control")


def test_differences_have_synergy_on_the_difference_scale():
    rows = [("1", "m", "c", 2.0), ("2", "t", "c", 1.0), ("3", "mt", "c", 5.0)]
    frame = pd.DataFrame(rows, columns=["study", "treat1", "treat2", "estimate"])
    network = pool_network(frame.assign(std_error=1.0), "c", measure="std_mean_difference",
                           better="higher")  # fmt: skip
    rows = synergy(network, combined="mt", medication="m", therapy="t", control="c")
    row = rows.where(reference="additivity", measure="interaction_difference").one()
    # 5 - 2 - 1, three independent trials
    assert (row.measure, row.estimate) == ("interaction_difference", pytest.approx(2.0))
    assert row.std_error == pytest.approx(math.sqrt(3.0), rel=1e-12)
    assert row.unit == "standard deviations"
    assert "heterogeneity is not estimable" in row.caution


# -- what must not change a result -----------------------------------------------------------------


@st.composite
def networks(draw):
    """Random connected networks of two- and three-arm trials, as frames of all pairs."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    treatments = [f"t{i}" for i in range(draw(st.integers(3, 5)))]
    rows = []
    for k in range(draw(st.integers(len(treatments) + 1, 9))):
        # a chain first, so that the network is connected
        two = [treatments[k], treatments[k + 1]] if k + 1 < len(treatments) else None
        arms = two or list(rng.choice(treatments, rng.integers(2, 4), replace=False))
        value, variance = rng.normal(size=len(arms)), rng.uniform(0.05, 0.5, len(arms))
        rows += [(f"s{k}", arms[i], arms[j], value[i] - value[j],
                  math.sqrt(variance[i] + variance[j]))
                 for i in range(len(arms)) for j in range(i)]  # fmt: skip
    columns = ["study", "treat1", "treat2", "estimate", "std_error"]
    return pd.DataFrame(rows, columns=columns), rng


def pooled(frame, reference="t0", **options):
    return pool_network(frame, reference, better="higher", tau2_method="DL", **options)


def numbers(network, arm="t1", against="t2"):
    row = network.compare(arm, against=against).one()
    q = network.heterogeneity
    return np.array([row.estimate, row.std_error, network.random.tau2, q.total.q, q.within.q])


repeated = settings(max_examples=25, deadline=None)


@repeated
@given(networks())
def test_order_signs_and_reference_change_nothing(made):
    frame, rng = made
    first = numbers(pooled(frame))
    shuffled = frame.sample(frac=1, random_state=int(rng.integers(1e6)))
    flip = rng.random(len(frame)) < 0.5
    turned = frame.copy()
    turned.loc[flip, ["treat1", "treat2"]] = frame.loc[flip, ["treat2", "treat1"]].to_numpy()
    turned.loc[flip, "estimate"] = -frame.loc[flip, "estimate"]
    for other in (pooled(shuffled), pooled(turned), pooled(frame, "t2")):
        assert numbers(other) == pytest.approx(first, rel=1e-9, abs=1e-9)
    assert numbers(pooled(frame), "t2", "t1")[0] == pytest.approx(-first[0], abs=1e-12)


@repeated
@given(networks())
def test_gls_by_hand_without_turning_trials(made):
    """The textbook matrices: all basic contrasts, their block covariance, one inverse."""
    frame, _ = made
    network = pooled(frame)
    tau2, names = network.random.tau2, network.treatments
    y, X, blocks = [], [], []
    for _, own in frame.groupby("study", sort=False):
        arms = list(dict.fromkeys([*own["treat1"], *own["treat2"]]))
        pair = {}
        for row in own.itertuples():
            pair[row.treat1, row.treat2] = (row.estimate, row.std_error**2)
            pair[row.treat2, row.treat1] = (-row.estimate, row.std_error**2)
        rest = arms[1:]
        block = np.zeros((len(rest), len(rest)))
        for i, a in enumerate(rest):
            y.append(pair[a, arms[0]][0])
            X.append([(n == a) - (n == arms[0]) for n in names])
            for j, b in enumerate(rest):
                apart = 0.0 if a == b else pair[a, b][1]
                shared = (pair[a, arms[0]][1] + pair[b, arms[0]][1] - apart) / 2
                block[i, j] = shared + tau2 * (1.0 if a == b else 0.5)
        blocks.append(block)
    V, at = np.zeros((len(y), len(y))), 0
    for block in blocks:
        V[at : at + len(block), at : at + len(block)] = block
        at += len(block)
    X, W = np.array(X, float)[:, 1:], np.linalg.inv(V)
    cov = np.linalg.inv(X.T @ W @ X)
    theta = cov @ X.T @ W @ np.array(y)
    for i, row in enumerate(network.estimates):
        assert row.estimate == pytest.approx(theta[i], rel=1e-9, abs=1e-9)
        assert row.std_error == pytest.approx(math.sqrt(cov[i, i]), rel=1e-9)


@repeated
@given(networks())
def test_a_network_split_into_two_parts_and_joined_again(made):
    """Fixed effects: the joined network is the two parts, pooled with their full covariance."""
    frame, _ = made
    extra = frame.assign(study=frame["study"] + "x", estimate=frame["estimate"] * 0.5)
    whole = pooled(pd.concat([frame, extra]), model="common")
    parts = [pooled(part, model="common") for part in (frame, extra)]
    keep = [i for i, n in enumerate(whole.treatments) if n != "t0"]
    information = [np.linalg.inv(p.levels().cov[np.ix_(keep, keep)]) for p in parts]
    joined = np.linalg.inv(sum(information))
    theta = joined @ sum(i @ p.levels().estimate[keep] for i, p in zip(information, parts,
                                                                     strict=True))  # fmt: skip
    assert whole.levels().estimate[keep] == pytest.approx(theta, rel=1e-8, abs=1e-8)
    assert whole.levels().cov[np.ix_(keep, keep)] == pytest.approx(joined, rel=1e-8, abs=1e-9)


def test_two_treatments_are_the_pairwise_analysis():
    frame = pd.DataFrame({"study": list("abcd"), "treat1": "x", "treat2": "y",
                          "estimate": [0.1, 0.9, 0.4, 1.3], "std_error": [0.3, 0.4, 0.2, 0.5],
                          "outcome": "response"})  # fmt: skip
    row = pool_network(frame, "y", measure="odds_ratio").estimates.one()
    pairwise = pool(frame, measure="odds_ratio", hartung_knapp="none").pooled
    for name in ("estimate", "std_error", "conf_low", "conf_high", "p_value"):
        assert getattr(row, name) == pytest.approx(getattr(pairwise, name), rel=1e-9)
    assert row.studies == 4


def test_direct_evidence_alone_is_the_pairwise_analysis(network_of, r_networks):
    network = network_of("baker2009")
    frame = pd.DataFrame(r_networks["baker2009"]["contrasts"])
    frame = frame[frame["treat1"].eq("Tiotropium") & frame["treat2"].eq("Placebo")]
    (row,) = network.pairwise().where(arm="Placebo", reference="Tiotropium")
    wanted = pool(frame, measure="odds_ratio").pooled
    assert row.estimate == pytest.approx(1 / wanted.estimate, rel=1e-9)
    assert row.std_error == pytest.approx(wanted.std_error, rel=1e-9)
    assert row.studies == len(frame)


# -- bad input -------------------------------------------------------------------------------------


def frame_of(*rows):
    columns = ["study", "treat1", "treat2", "estimate", "std_error"]
    return pd.DataFrame(rows, columns=columns)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("1", "a", "b", 0.1, -0.2)], "give numbers, the error above zero"),
        ([("1", "a", "b", 0.1, 0.0)], "give numbers, the error above zero"),
        ([("1", "a", "b", math.nan, 0.2)], "give numbers"),
        ([("1", "a", "a", 0.1, 0.2)], "compares a with itself"),
        ([("1", "a", "b", 0.1, 0.2), ("1", "b", "a", -0.1, 0.2)], "twice; keep one"),
        ([("1", "a", "b", 0.1, 0.2), ("1", "a", "c", 0.1, 0.2)], "add the row of this pair"),
        ([("1", "a", "b", 0.1, 0.2), ("2", "c", "d", 0.1, 0.2)], r"2 parts .*\(1\) a, b; \(2\) c"),
    ],
)
def test_bad_input_is_named(rows, words):
    with pytest.raises(ValueError, match=words):
        pool_network(frame_of(*rows), "a", better="higher")


def test_what_is_missing_is_named():
    good = frame_of(("1", "a", "b", 0.1, 0.2))
    with pytest.raises(ValueError, match="no column treat2"):
        pool_network(good.drop(columns="treat2"), "a")
    with pytest.raises(ValueError, match='No trial of the network gave "placebo"'):
        pool_network(good, "placebo")
    with pytest.raises(ValueError, match="There is no study in the network"):
        pool_network(EffectSizes(good[:0], "effect"), "a")
    with pytest.raises(ValueError, match='Whether more of "outcome" is good is not known'):
        pool_network(good, "a").levels()
    with pytest.raises(ValueError, match='better is "up"'):
        pool_network(good, "a", better="up")
    with pytest.raises(ValueError, match='treatments names "c"'):
        pool_network(good, "a", treatments={"c": "therapy"})
    with pytest.raises(ValueError, match='model="fixed" is unknown; say one of random, common'):
        pool_network(good, "a", model="fixed")
    with pytest.raises(ValueError, match="conf_level=95"):
        pool_network(good, "a", conf_level=95)
    with pytest.raises(ValueError, match="people names c in study 1"):
        pool_network(good, "a", better="higher", people={"1": {"c": 5}}).levels()
    with pytest.raises(ValueError, match="are effect, not odds_ratio"):
        pool_network(EffectSizes(good, "effect"), "a", measure="odds_ratio")
    two = good.assign(measure="risk_ratio")
    two = pd.concat([two, two.assign(study="2", measure="odds_ratio")])
    with pytest.raises(ValueError, match="several measures"):
        pool_network(two, "a")


def test_one_trial_and_identical_trials_have_their_caution():
    one = pool_network(frame_of(("1", "a", "b", 0.1, 0.2)), "b", better="higher")
    (row,) = one.estimates
    assert "one trial: reported, not pooled" in row.caution
    assert (row.estimate, row.std_error) == (0.1, pytest.approx(0.2))
    assert not one.tau2.is_estimable
    assert math.isnan(one.prediction.one().conf_low)
    alike = pool_network(
        frame_of(*((str(i), "a", "b", 0.1, 0.2) for i in range(3))), "b", better="higher"
    )
    assert "all effects agree exactly" in alike.estimates.one().caution


def test_designs_that_disagree_are_said():
    loop = frame_of(*((f"{a}{b}{i}", a, b, value, 0.1) for i in range(3) for a, b, value in
                      (("a", "b", 0.0), ("b", "c", 0.0), ("a", "c", 2.0))))  # fmt: skip
    found = pool_network(loop, "a", better="higher").cautions
    assert any("disagree beyond chance" in caution for caution in found)
