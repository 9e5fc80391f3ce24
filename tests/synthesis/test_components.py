"""Component models against R and against published numbers."""

import math

import numpy as np
import pandas as pd
import pytest

from ctevidence.contrasts import better_than_both, synergy
from ctevidence.estimates import COLUMNS
from ctevidence.synthesis.component_selection import select_interactions
from ctevidence.synthesis.components import pool_components

CLOSED = {"baker2009": 1e-9, "stowe2010": 1e-9, "linde2016": 2e-6, "subset": 2e-6}
SEP = dict.fromkeys(CLOSED, " + ") | {"baker2009": "+"}
CBT, IPT, PST = (("Face-to-face CBT", "SSRI"), ("Face-to-face interpsy", "SSRI"),
                 ("Face-to-face PST", "SSRI"))  # fmt: skip
CBT_SSRI = "Face-to-face CBT + SSRI"
CELLS = {"combined": CBT_SSRI, "medication": "SSRI", "therapy": "Face-to-face CBT",
         "control": "Placebo"}  # fmt: skip
INTERACTIONS = {"cbt": [CBT], "interpsy": [IPT], "pst": [PST], "all": [CBT, IPT, PST]}


@pytest.fixture(scope="module")
def linde_network(network_of):
    return network_of("linde2016", tau2_method="DL")


def held_to_r(found, expected, close, method):
    names = list(found.matrix.names)
    order = [names.index(" * ".join(sorted(n.split(" * ")))) for n in expected["names"]]
    error = lambda fit: np.sqrt(np.diag(fit.cov))[order]  # noqa: E731
    assert (found.common.q, found.common.df) == (
        pytest.approx(expected["q"], rel=close), expected["df"])  # fmt: skip
    tau2 = expected["dl_tau2"] if method == "DL" else expected["reml"]["tau2"]
    # the search of rma.mv stops where its likelihood is flat to rounding: 1e-6 and, with the four
    # trials of the subset, 1e-5
    assert found.random.tau2 == pytest.approx(tau2, rel=max(close, 1e-5))
    wanted = expected["dl"] if method == "DL" else expected["reml"]
    close = close if method == "DL" else max(close, 3e-6)
    assert found.random.coef[order] == pytest.approx(np.array(wanted["b"]), rel=close, abs=close)
    assert error(found.random) == pytest.approx(np.array(wanted["se"]), rel=close)


@pytest.mark.parametrize("method", ["DL", "REML"])
@pytest.mark.parametrize("name", sorted(CLOSED))
def test_additive_models_equal_r(network_of, r_networks, name, method):
    found = pool_components(network_of(name, tau2_method=method), "Placebo", sep=SEP[name])
    held_to_r(found, r_networks[name]["additive"], CLOSED[name], method)


@pytest.mark.parametrize("method", ["DL", "REML"])
@pytest.mark.parametrize("name", INTERACTIONS)
def test_interaction_models_equal_r(linde_network, r_networks, name, method):
    expected = r_networks["linde2016"]["interactions"][name]
    found = pool_components(
        linde_network, "Placebo", interactions=INTERACTIONS[name], tau2_method=method
    )
    held_to_r(found, expected, CLOSED["linde2016"], method)


# -- published -------------------------------------------------------------------------------------


def test_baker_equals_the_print_of_netmeta(network_of):
    # netmeta vignette "netmeta.pdf", component network meta-analysis
    found = pool_components(network_of("baker2009", tau2_method="DL"), "Placebo", sep="+")
    difference = found.additivity.difference
    assert (round(found.common.q, 4), found.common.df) == (62.7386, 48)
    assert round(found.random.tau2, 7) == 0.0100586
    assert (round(difference.q, 2), difference.df, round(difference.p_value, 4)) == (
        1.88, 2, 0.3908)  # fmt: skip
    printed = {
        "Budesonide": (0.731, 0.580, 0.923, -2.637), "Fluticasone": (0.900, 0.813, 0.995, -2.057),
        "Formoterol": (0.943, 0.782, 1.136, -0.620), "Salmeterol": (0.823, 0.753, 0.900, -4.285),
        "Tiotropium": (0.688, 0.614, 0.771, -6.452),
    }  # fmt: skip
    for row in found.estimates:
        numbers = (row.estimate, row.conf_low, row.conf_high,
                   math.log(row.estimate) / row.std_error)  # fmt: skip
        assert tuple(round(x, 3) for x in numbers) == printed[row.arm]
        assert row.reference == "Placebo"


def test_linde_additive(linde_network):
    found = pool_components(linde_network, "Placebo")
    # netmeta's copy of the data has more digits, hence the tolerance
    assert (found.common.q, found.common.df) == (pytest.approx(109.118943, rel=1e-6), 90)
    assert found.random.tau2 == pytest.approx(0.020761, abs=1e-6)
    reml = pool_components(linde_network, "Placebo", tau2_method="REML")
    assert reml.random.tau2 == pytest.approx(0.016899, abs=1e-6)
    difference = found.additivity.difference
    assert (difference.q, difference.p_value) == (
        pytest.approx(6.671446, rel=5e-6), pytest.approx(0.083141, abs=1e-6))  # fmt: skip
    rows = {row.arm: row for row in found.estimates}
    for arm, numbers in {
        "SSRI": (0.5257, 0.0772), "Face-to-face CBT": (0.8375, 0.2405), "TCA": (0.5515, 0.0844),
        "Face-to-face PST": (0.3156, 0.1836), "Face-to-face interpsy": (0.0969, 0.1703),
        "Hypericum": (0.6890, 0.1074), "UC": (0.2172, 0.2037),
    }.items():  # fmt: skip
        assert (round(math.log(rows[arm].estimate), 4), round(rows[arm].std_error, 4)) == numbers
    rows = {row.arm: row for row in found.treatment_effects}
    for arm, numbers in {
        CBT_SSRI: (3.909, 2.320, 6.586),
        "Face-to-face interpsy + SSRI": (1.864, 1.250, 2.779),
        "Face-to-face PST + SSRI": (2.319, 1.522, 3.535),
    }.items():
        row = rows[arm]
        assert tuple(round(x, 3) for x in (row.estimate, row.conf_low, row.conf_high)) == numbers


def test_linde_interactions(linde_network):
    full = pool_components(linde_network, "Placebo", interactions=[CBT, IPT, PST])
    # as many coefficients as treatments: the network itself
    assert full.additivity.difference.df == 0
    assert full.common.q == pytest.approx(linde_network.common.q, rel=1e-10)
    rows = full.estimates.where(measure="interaction_ratio").rows
    found = [(round(math.log(r.estimate), 4), round(r.std_error, 4), round(r.p_value, 4))
             for r in rows]  # fmt: skip
    assert found == [(2.1707, 0.9646, 0.0244), (-0.0805, 0.2292, 0.7255),
                     (-0.4331, 0.4176, 0.2997)]  # fmt: skip
    row = rows[0]
    assert (round(row.estimate, 2), round(row.conf_low, 2), round(row.conf_high, 1)) == (
        8.76, 1.32, 58.1)  # fmt: skip
    for pair, numbers in (
        (CBT, (103.6098, 2.2051, 0.9620)), (IPT, (108.9799, -0.0969, 0.2381)),
        (PST, (108.0015, -0.4411, 0.4203)),
    ):  # fmt: skip
        one = pool_components(linde_network, "Placebo", interactions=[pair])
        row = one.estimates.rows[-1]
        q, estimate, error = one.common.q, math.log(row.estimate), row.std_error
        assert (round(q, 4), round(estimate, 4), round(error, 4)) == pytest.approx(
            numbers, abs=1.01e-4)  # fmt: skip
        assert one.common.df == 89


def test_the_subset_of_netcombs_help_page(network_of):
    network = network_of("subset", tau2_method="DL")
    assert (round(network.common.q, 6), network.common.df) == (pytest.approx(4.192936, abs=3e-6), 2)
    assert network.random.tau2 == pytest.approx(0.159610, abs=1e-6)
    found = pool_components(network, "Placebo")
    assert (found.common.q, found.common.df) == (pytest.approx(5.989218, abs=6e-6), 3)
    assert found.random.tau2 == pytest.approx(0.143283, abs=1e-6)
    rows = {row.arm: row for row in [*found.estimates, *found.treatment_effects]}
    for arm, numbers in {
        "Face-to-face PST": (0.3698, 0.3218), "SSRI": (0.6035, 0.3403), "TCA": (0.3823, 0.5829),
        "Face-to-face PST + SSRI": (0.9733, 0.5681),
    }.items():  # fmt: skip
        assert (round(math.log(rows[arm].estimate), 4), round(rows[arm].std_error, 4)) == numbers


# -- the same contrasts ----------------------------------------------------------------------------


def test_synergy_is_the_interaction_of_the_model(linde_network):
    found = pool_components(linde_network, "Placebo", interactions=[CBT])
    row = synergy(found, **CELLS).where(measure="interaction_ratio").one()
    own = found.estimates.where(measure="interaction_ratio").one()
    assert (row.estimate, row.std_error) == (
        pytest.approx(own.estimate, rel=1e-9), pytest.approx(own.std_error, rel=1e-9))  # fmt: skip
    guard = f"{CBT_SSRI} rests on one trial of 34 people (study 117)"
    for one in (row, own):
        assert guard in one.caution.split("; ")
        assert one.studies == 1
    assert own.n == 17
    assert (own.arm, own.reference) == (CBT_SSRI, "multiplicativity")


def test_an_additive_model_finds_no_synergy_and_says_why(linde_network):
    rows = synergy(pool_components(linde_network, "Placebo"), **CELLS)
    row = rows.where(measure="interaction_ratio").one()
    assert row.estimate == pytest.approx(1.0, abs=1e-9)
    assert math.isnan(row.p_value)
    assert math.isnan(row.conf_low)
    assert "assumed by the model" in row.caution


def test_better_than_both_and_comparisons_of_a_component_model(linde_network):
    found = pool_components(linde_network, "Placebo")
    rows = better_than_both(
        found, combined=CBT_SSRI, medication="SSRI", therapy="Face-to-face CBT"
    ).rows
    beta = {row.arm: row.estimate for row in found.estimates}
    # with parts that add up, the combination beats each by the other
    assert rows[0].estimate == pytest.approx(beta["Face-to-face CBT"], rel=1e-9)
    assert rows[1].estimate == pytest.approx(beta["SSRI"], rel=1e-9)
    assert rows[2].p_value == max(row.p_value for row in rows[:2])
    row = found.compare(CBT_SSRI, against="Face-to-face CBT").one()
    assert row.estimate == pytest.approx(beta["SSRI"], rel=1e-9)


def test_a_combination_that_no_trial_gave(linde_network):
    new = "Face-to-face CBT + SNRI"
    found = pool_components(linde_network, "Placebo", combinations=[new])
    beta = {row.arm: row.estimate for row in found.estimates}
    row = found.compare(new, against="Placebo").one()
    assert row.estimate == pytest.approx(beta["Face-to-face CBT"] * beta["SNRI"], rel=1e-9)
    assert row.studies == 0
    assert f"no trial gave {new}: it rests on the model alone" in row.caution
    wide = found.prediction.where(arm=new).one()
    assert wide.std_error**2 == pytest.approx(row.std_error**2 + found.random.tau2, rel=1e-9)
    assert wide.df == 90
    with pytest.raises(ValueError, match='No trial gave the component "CBTT"'):
        pool_components(linde_network, "Placebo", combinations=["CBTT + SNRI"])


def test_rows_have_the_closed_list_of_columns(linde_network):
    found = pool_components(linde_network, "Placebo", interactions=[CBT])
    for rows in (found.estimates, found.treatment_effects, found.prediction):
        assert list(rows.frame) == list(COLUMNS)
    assert found.tau2.estimate == found.random.tau2
    assert "interaction Face-to-face CBT x SSRI" in found.estimates.rows[0].method


# -- what can be identified ------------------------------------------------------------------------


def frame_of(*rows):
    columns = ["study", "treat1", "treat2", "estimate"]
    return pd.DataFrame(rows, columns=columns).assign(std_error=0.1)


def test_components_always_given_together_are_named():
    frame = frame_of(("1", "a + b", "c", 1.0), ("2", "d", "c", 0.5), ("3", "a + b + d", "d", 1.0))
    found = pool_components(frame, "c", better="higher")
    assert found.unidentified == ("a", "b")
    rows = {row.arm: row for row in found.estimates}
    assert math.isnan(rows["a"].estimate)
    assert "do not tell it apart" in rows["a"].caution
    assert rows["d"].is_estimable
    # their sum is known, and so is what holds both
    assert found.compare("a + b", against="c").one().is_estimable
    assert len(found.null_space) == 1
    silent = found.null_space.iloc[0]
    assert silent["a"] == pytest.approx(-silent["b"], abs=1e-12)
    assert silent["d"] == pytest.approx(0.0, abs=1e-12)


def test_without_an_inactive_component_only_differences_are_known():
    frame = frame_of(("1", "a", "c", 1.0), ("2", "b", "c", 0.5), ("3", "a", "b", 0.5))
    found = pool_components(frame, None, better="higher", reference="c")
    assert found.unidentified == ("a", "b", "c")
    assert found.compare("a", against="b").one().estimate == pytest.approx(0.5, abs=1e-9)


def test_a_network_in_parts_is_linked_by_components_and_says_so():
    frame = frame_of(("1", "a", "c", 1.0), ("2", "a + b", "b + d", 0.7), ("3", "b", "c", 0.5))
    whole = frame_of(*frame.drop(columns="std_error").itertuples(index=False),
                     ("4", "b + d", "b", 0.3))  # fmt: skip
    parts = pool_components(frame, "c", better="higher", model="common")
    assert any("falls into parts" in c for c in parts.cautions)
    assert "falls into parts" in parts.compare("a + b", against="c").one().caution
    # by hand: d = a - 0.7 = 0.3
    rows = {row.arm: row.estimate for row in parts.estimates}
    assert rows == pytest.approx({"a": 1.0, "b": 0.5, "d": 0.3}, abs=1e-9)
    joined = pool_components(whole, "c", better="higher")
    assert not any("falls into parts" in c for c in joined.cautions)


# -- selection -------------------------------------------------------------------------------------


def test_every_step_of_the_selection_is_shown(linde_network):
    additive = pool_components(linde_network, "Placebo")
    path = select_interactions(additive)
    assert path.tried == 3
    found = path.steps.set_index("interaction")
    assert found.loc["Face-to-face CBT x SSRI", "q_drop"] == pytest.approx(5.509, abs=1e-3)
    assert found.loc["Face-to-face CBT x SSRI", "p_value"] == pytest.approx(0.0189, abs=1e-4)
    assert (found["p_adjusted"] == np.minimum(1, 3 * found["p_value"])).all()
    # three tried: not below 5 per cent
    assert not found["added"].any()
    assert path.model is additive
    assert path.cautions == (
        "no interaction was added (3 tests tried): this does not show that components add up",
    )


def test_a_looser_threshold_or_a_named_candidate_adds(linde_network):
    additive = pool_components(linde_network, "Placebo")
    named = select_interactions(additive, [CBT])
    assert named.steps["added"].tolist() == [True]
    assert named.model.matrix.interactions == ("Face-to-face CBT * SSRI",)
    assert "chosen by these data (1 tests tried)" in named.cautions[0]
    loose = select_interactions(additive, alpha=0.1)
    assert loose.steps["step"].tolist() == [1, 1, 1, 2, 2]
    assert loose.steps["tried"].tolist() == [3, 3, 3, 2, 2]
    again = select_interactions(named.model, [CBT])
    assert again.tried == 0


def test_selection_in_a_network_of_parts_warns():
    frame = frame_of(("1", "a", "c", 1.0), ("2", "a + b", "b + d", 0.7), ("3", "b", "c", 0.5))
    path = select_interactions(pool_components(frame, "c", better="higher"))
    assert "known to fail" in path.cautions[1]


def test_components_that_do_not_add_up_are_said():
    rows = [("1", "a", "c", 0.0), ("2", "b", "c", 0.0), ("3", "a + b", "c", 3.0)]
    found = pool_components(frame_of(*rows), "c", better="higher", model="common")
    # (3 - 0 - 0)^2 / (3 x 0.01)
    assert found.additivity.difference.q == pytest.approx(300.0, rel=1e-9)
    assert any("do not add up" in c for c in found.cautions)
