"""For whom: does the effect depend on who someone is?

One effect in each group of a declared modifier, what the groups differ by on the difference scale
and on the ratio scale, and the effects drawn together. A difference on one scale can be none on the
other: both always stand side by side. Adolescents and adults are never averaged: where a study
that declares an age has both, everything is done in each of the two apart.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.stats import t as student_t

from ctevidence.contrasts.combination import Combination, combine
from ctevidence.contrasts.compare import contrast_row, joined, small_group
from ctevidence.data.modifiers import Modifier
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import pick, say
from ctevidence.levels import Levels
from ctevidence.models.continuous_modifier import slope_of_effect
from ctevidence.models.course import fit_course
from ctevidence.models.fit import refuse_weights
from ctevidence.models.response import fit_response
from ctevidence.models.shrinkage import shrink
from ctevidence.models.subgroups import age_groups, among, groups_of, named, side_by_side
from ctevidence.outcomes.outcome import Outcome
from ctevidence.terms import CONTRAST_MEASURES, Arm, Treatment, did_you_mean, resolve_arms

#: kind of outcome -> the contrasts on the difference and on the ratio scale
MEASURES = {"response": ("risk_difference", "risk_ratio"), "course": ("mean_difference",)}
ALIKE = {"identity": "heterogeneity_difference", "log": "heterogeneity_ratio"}
MODIFICATION = {"identity": "effect_modification_difference", "log": "effect_modification_ratio"}


def for_whom(
    outcome: Outcome,
    modifier: str | None = None,
    *,
    arm: str = "combined",
    against: str = "medication",
    week: float | None = None,
) -> Estimates:
    """The effect of a treatment by groups of people, and how far groups differ.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``response`` (counts in each group) or ``course`` (a model of each group).
    modifier : str, optional
        A modifier that the study declares (``[modifiers.COLUMN]``); all of them when absent, none
        where it declares none.
    arm, against : str
        Arms or treatments; a treatment that the study does not have leaves rows without a value.
    week : float, optional
        The study's primary week when absent.

    Returns
    -------
    Estimates
        For each modifier in groups: the contrast in each group (`population` names it); the same
        drawn together (``shrunken_...``, empirical Bayes); what each group differs by from the
        first (``effect_modification_difference``, ``effect_modification_ratio``); and the test
        that all are alike (``heterogeneity_...``, Cochran's Q). For a continuous modifier:
        the change of the effect for each `per` units, on both scales. Exploratory unless declared
        confirmatory; the people behind each row stand in it.

    Raises
    ------
    KeyError
        For a modifier that is not declared, or not a column.
    ValueError
        For an outcome of another kind.
    """
    study = outcome.study
    refuse_weights(outcome)
    if outcome.kind not in MEASURES:
        raise ValueError(f"{outcome.name} is of kind {outcome.kind}; give a response or a course.")
    week = study.primary_week if week is None else study.window(week).week
    rows: list[Estimate] = []
    declared = study.rules.modifiers
    age = next((m.name for m in declared if m.is_age), None)
    for chosen in _chosen(outcome, modifier):
        if lacking := [side for side in (arm, against) if _is_absent(side, study.arms)]:
            rows.append(_unanswered(outcome, chosen, arm, against, week, lacking[0]))
            continue
        for words, people in age_groups(study, age):
            part = among(outcome, people)
            question = (part, chosen, arm, against, week)
            found = _by_group(*question) if chosen.kind == "groups" else _by_slope(*question)
            rows += [_told(row, chosen, words) for row in found]
    return Estimates(rows)


def _chosen(outcome: Outcome, modifier: str | None) -> list[Modifier]:
    study = outcome.study
    declared = {m.name: m for m in study.rules.modifiers}
    if modifier is not None and modifier not in declared:
        raise KeyError(
            f'"{modifier}" is not a declared modifier{did_you_mean(modifier, declared)} None is '
            "ever looked for: modifiers are tables [modifiers.COLUMN] of study.toml."
        )
    columns = set(study.entering().columns)
    for name in declared:
        if name not in columns:
            raise KeyError(f'No column "{name}" among participants{did_you_mean(name, columns)}')
    return [declared[modifier]] if modifier else list(declared.values())


def _is_absent(side: str, arms: tuple[Arm, ...]) -> bool:
    """Whether a side is a treatment that no arm has; a misspelt one is an error elsewhere."""
    return side in {*Treatment} and not any(side in (a.name, a.treatment) for a in arms)


def _unanswered(
    outcome: Outcome, modifier: Modifier, arm: str, against: str, week: float, lacking: str
) -> Estimate:
    return Estimate(
        study=outcome.study.name,
        outcome=outcome.name,
        population=f"{modifier.label}: all groups",
        arm=arm,
        reference=against,
        measure=MODIFICATION["identity"],
        week=week,
        estimate=math.nan,
        caution=say("models.for_whom.no_arm", lacking=lacking),
    )


def _told(row: Estimate, modifier: Modifier, words: str) -> Estimate:
    """The row with who it is about, and whether it was declared beforehand."""
    population = ", ".join(filter(None, (words, row.population)))
    between = (
        say("models.for_whom.not_randomised")
        if row.measure.startswith("effect_modification")
        else ""
    )
    caution = joined(
        row.caution, between, "" if modifier.confirmatory else say("models.for_whom.exploratory")
    )
    return replace(row, id="", population=population, caution=caution)


# -- groups ----------------------------------------------------------------------------------------


def _by_group(outcome: Outcome, modifier: Modifier, arm: str, against: str, week: float):
    member = groups_of(outcome.study, modifier)
    member = member[member.index.isin(outcome.frame["participant_id"])]
    names = [str(name) for name in member.cat.categories]
    fits = []
    for name, group in zip(names, member.cat.categories, strict=True):
        part = among(outcome, set(member.index[member == group]))
        fits.append((name, _levels(part, week)))
    levels = side_by_side(fits)
    if member.isna().any():
        left_out = say("models.for_whom.group_unknown")
        levels = replace(levels, caution=joined(levels.caution, left_out))
    for measure in MEASURES[outcome.kind]:
        yield from _on_scale(levels, modifier, names, arm, against, measure)


def _levels(outcome: Outcome, week: float) -> Levels:
    if outcome.kind == "response":
        return fit_response(outcome, adjust=[]).levels(week=week)
    return fit_course(outcome).levels(week=week)


def _on_scale(levels: Levels, modifier: Modifier, names: list[str], arm, against, measure):
    contrast = CONTRAST_MEASURES[measure]
    sides = [[_cell(levels, side, name) for side in (arm, against)] for name in names]
    results = [combine(levels, cells, [1.0, -1.0], contrast.scale) for cells in sides]

    def row(cells, result: Combination, population: str, reference=against) -> Estimate:
        own = replace(levels, population=f"{modifier.label}: {population}")
        return replace(contrast_row(own, cells, reference, contrast, result), arm=arm, id="")

    group_rows = [row(*pair) for pair in zip(sides, results, names, strict=True)]
    yield from group_rows
    known = [i for i, r in enumerate(results) if math.isfinite(r.estimate) and r.std_error > 0]
    if len(known) > 1:
        yield from _drawn_together(
            modifier, [group_rows[i] for i in known], [results[i] for i in known]
        )
    for i in range(1, len(names)):
        cells = [sides[i][0], sides[i][1], sides[0][0], sides[0][1]]
        result = combine(levels, cells, [1.0, -1.0, -1.0, 1.0], contrast.scale)
        found = row(cells, result, f"{names[i]} against {names[0]}")
        counted = _both_sides(group_rows[i], group_rows[0])
        yield replace(found, measure=MODIFICATION[contrast.scale], id="", **counted)


def _cell(levels: Levels, side: str, group: str):
    """The cell of an arm, or of a treatment's arms, in one group."""
    plain = {a.name.split(" | ")[0] for a in levels.arms}
    arms = [a for a in levels.arms if a.name.endswith(f" | {group}")]
    short = tuple(replace(a, name=a.name.removesuffix(f" | {group}")) for a in arms)
    wanted = resolve_arms(side, short)
    if len(wanted) > 1:
        raise ValueError(f'"{side}" stands for several arms; name one of {sorted(plain)}.')
    return levels.cell(named(wanted[0].name, group))


def _both_sides(group: Estimate, first: Estimate) -> dict:
    """The people of both arms: of the group, and of the one that it is set against."""
    total = lambda a, b: None if None in (a, b) else a + b  # noqa: E731
    return {
        "n": total(group.n, group.n_reference),
        "events": total(group.events, group.events_reference),
        "n_reference": total(first.n, first.n_reference),
        "events_reference": total(first.events, first.events_reference),
    }


def _drawn_together(modifier: Modifier, rows: list[Estimate], results: list[Combination]):
    """Shrunken effects of the groups, and the test that all are alike."""
    found = shrink(
        np.array([r.estimate for r in results]), np.array([r.std_error for r in results])
    )
    back = math.exp if rows[0].error_scale == "log" else float
    small = small_group(
        side
        for row in rows
        for side in ((row.events, row.n), (row.events_reference, row.n_reference))
    )
    for row, value, error in zip(rows, found.estimate, found.std_error, strict=True):
        reach = float(student_t.ppf(0.975, math.inf)) * error
        yield replace(
            row,
            id="",
            measure=f"shrunken_{row.measure}",
            estimate=back(value),
            conf_low=back(value - reach),
            conf_high=back(value + reach),
            std_error=error,
            df=math.inf,
            p_value=math.nan,
            method=joined(row.method, say("models.for_whom.shrunken")),
            caution=joined(row.caution, say("models.for_whom.spread_known"), small),
        )
    first = rows[0]
    yield Estimate(
        study=first.study,
        outcome=first.outcome,
        population=f"{modifier.label}: all groups",
        arm=first.arm,
        reference=first.reference,
        measure=ALIKE[first.error_scale],
        unit="chi-squared",
        week=first.week,
        estimate=found.q,
        df=len(rows) - 1,
        p_value=found.p_value,
        n=sum(row.n for row in rows),
        n_reference=sum(row.n_reference for row in rows),
        randomised=first.randomised,
        method=say("models.for_whom.cochran"),
        caution=joined(first.caution, small),
    )


# -- slopes ----------------------------------------------------------------------------------------


def _by_slope(outcome: Outcome, modifier: Modifier, arm: str, against: str, week: float):
    study = outcome.study
    sides = [[a.name for a in resolve_arms(side, study.arms)] for side in (arm, against)]
    what = "value" if outcome.kind == "response" else "score"
    frame = outcome.frame[(outcome.frame["week"] == week) & outcome.frame[what].notna()]
    frame = frame[frame["arm"].isin(sides[0] + sides[1])]
    people = study.entering().set_index("participant_id")
    z = people[modifier.name].reindex(frame["participant_id"]).to_numpy(float)
    left_out = say("models.for_whom.without_modifier") if np.isnan(z).any() else ""
    frame, z = frame[~np.isnan(z)], z[~np.isnan(z)] / modifier.per
    treated = frame["arm"].isin(sides[0]).to_numpy(float)
    y = frame[what].to_numpy(float)
    more = None
    if outcome.kind == "course" and modifier.name != "baseline":
        more = people["baseline"].reindex(frame["participant_id"]).to_numpy(float)[:, None]
    counted = _levels(outcome, week)  # who is behind the row; the values are not used
    cells = [counted.cell(arm), counted.cell(against)]
    for measure in MEASURES[outcome.kind]:
        contrast = CONTRAST_MEASURES[measure]
        slope = slope_of_effect(y, treated, z, contrast.scale, more)
        result = _with_interval(slope, contrast.scale)
        words = f"{modifier.label}: for each {modifier.per:g} more"
        own = replace(
            counted, population=words, method="", caution=joined(counted.caution, left_out)
        )
        row = contrast_row(own, cells, against, contrast, result)
        yield replace(row, measure=MODIFICATION[contrast.scale], id="")


def _with_interval(slope, scale: str) -> Combination:
    if slope.problem:
        return Combination(problem=say("models.for_whom.not_estimable", problem=slope.problem))
    reach = float(student_t.ppf(0.975, slope.df)) * slope.std_error
    p_value = 2 * float(student_t.sf(abs(slope.estimate) / slope.std_error, slope.df))
    kind = pick("models.for_whom.regressions", "linear" if scale == "identity" else "poisson")
    return Combination(
        slope.estimate,
        slope.std_error,
        slope.estimate - reach,
        slope.estimate + reach,
        slope.df,
        p_value,
        say("models.for_whom.slope", kind=kind),
    )
