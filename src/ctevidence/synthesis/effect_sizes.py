"""`EffectSizes`: what every synthesis starts from, made from the trials by declared rules."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from ctevidence.data.trials import Trials
from ctevidence.language import say, words
from ctevidence.outcomes.harms import HARMS, harm_name
from ctevidence.synthesis.arm_contrasts import arm_contrasts
from ctevidence.synthesis.arm_measure import ArmMeasure
from ctevidence.synthesis.effect_checks import effect_problems
from ctevidence.synthesis.effect_measures import COUNT_MEASURES, MEAN_MEASURES
from ctevidence.synthesis.flags import FLAG_RULES, MAIN_STRATUM, FlagRule
from ctevidence.synthesis.question import Question
from ctevidence.synthesis.reported_contrasts import reported_contrasts
from ctevidence.synthesis.response_from_means import ResponseFromMeans
from ctevidence.synthesis.risk_of_bias import NOT_ASSESSED
from ctevidence.synthesis.variance_inflation import SURVIVAL_SHARE, Inflation
from ctevidence.terms import did_you_mean

#: Measures and the scale on which they are pooled; `estimate` and `std_error` are on that scale.
MEASURES = COUNT_MEASURES | MEAN_MEASURES | {"hazard_ratio": "log", "effect": "identity"}

#: Columns of `EffectSizes.frame`, one row for each contrast.
COLUMNS = (
    "study", "treat1", "treat2", "estimate", "std_error", "measure", "events1", "n1", "events2",
    "n2", "arm1", "arm2", "label", "year", "condition", "condition_group", "age_group", "phase",
    "weeks", "outcome", "control_type", "stratum", "flags", "risk_of_bias", "caution",
)  # fmt: skip
#: What stands in a text column that a table of effects does not have.
EMPTY = {
    "treat1": "treatment",
    "treat2": "comparator",
    "outcome": "outcome",
    "risk_of_bias": NOT_ASSESSED,
}
NUMBERS = ("estimate", "std_error", "events1", "n1", "events2", "n2", "year", "weeks")

#: Which direction of an outcome is good for the person.
BETTER = {
    "response": "higher",
    "remission": "higher",
    "relapse": "lower",
    "recurrence": "lower",
    "dropout": "lower",
    **{harm_name(kind): "lower" for kind in HARMS},
}


@dataclass(frozen=True, eq=False)
class EffectSizes:
    """Contrasts of trials on the analysis scale, one row each, with what they rest on.

    Parameters
    ----------
    frame : DataFrame
        Columns `COLUMNS`; `study`, `estimate` and `std_error` are needed, the rest are filled with
        missing values or empty text. An estimate is of `treat1` against `treat2`.
    measure : str
        One of `MEASURES`.
    covariance : mapping of str to ndarray
        For studies with several contrasts: their joint covariance, in the order of their rows.
    excluded : DataFrame
        Trials that were asked for and left out: `study`, `reason`.
    source : str
        Name of the table of trials.
    method : str
        How the effects were made, in words.
    randomised : bool or None
        Whether the contrasts are protected by randomisation.
    same_trials : mapping of str to mapping of str to str
        Trials that other sources hold too: by source, the study there by the study here; see
        `combined_sources.combine_sources`.

    Raises
    ------
    ValueError
        Listing every problem: a contrast of a study that stands twice, compares a treatment with
        itself or has no standard error above zero, a covariance that does not fit its rows.
    """

    frame: pd.DataFrame
    measure: str
    covariance: Mapping[str, np.ndarray] = field(default_factory=dict)
    excluded: pd.DataFrame = field(default_factory=lambda: excluded_table([]))
    source: str = "pooled studies"
    method: str = "effects as given"
    randomised: bool | None = None
    same_trials: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.measure not in MEASURES:
            raise ValueError(
                f'"{self.measure}" is not a measure{did_you_mean(self.measure, MEASURES)}'
            )
        missing = {"study", "estimate", "std_error"} - set(self.frame)
        if missing:
            raise ValueError(f"The table of effects has no column {', '.join(sorted(missing))}.")
        object.__setattr__(self, "frame", _completed(self.frame, self.measure))
        problems = list(effect_problems(self.frame, self.covariance))
        if problems:
            raise ValueError("These effects cannot be used: " + "; ".join(problems) + ".")

    @property
    def scale(self) -> str:
        """Scale of `estimate` and `std_error`: ``log`` for ratios, else ``identity``."""
        return MEASURES[self.measure]

    @property
    def better(self) -> str | None:
        """Which direction is good, where all outcomes agree: ``higher``, ``lower`` or None."""
        found = {BETTER.get(outcome) for outcome in self.frame["outcome"]}
        return found.pop() if len(found) == 1 else None

    @property
    def population(self) -> str:
        """Who, in words; see `describe_population`."""
        return describe_population(self.frame)

    @property
    def studies(self) -> tuple[str, ...]:
        """Names of the studies, in order."""
        return tuple(dict.fromkeys(self.frame["study"]))

    def where(self, **wanted) -> EffectSizes:
        """The rows whose columns equal the wanted values; a tuple or list means any of them."""
        keep = np.full(len(self.frame), True)
        for column, values in wanted.items():
            if column not in COLUMNS:
                raise KeyError(f'No column "{column}"{did_you_mean(column, COLUMNS)}')
            any_of = list(values) if isinstance(values, tuple | list | set) else [values]
            keep &= self.frame[column].isin(any_of).to_numpy()
        covariance = {}
        for study, cov in self.covariance.items():
            rows = np.flatnonzero(keep[(self.frame["study"] == study).to_numpy()])
            if rows.size > 1:
                covariance[study] = cov[np.ix_(rows, rows)]
        return replace(self, frame=self.frame[keep], covariance=covariance)

    def named(self, treatments: Mapping[str, str]) -> EffectSizes:
        """The same effects with other names of treatments: ``{"SSRI": "medication"}``.

        Raises
        ------
        KeyError
            When a name is not among the treatments.
        ValueError
            When a study would then hold a contrast twice or compare a treatment with itself.
        """
        known = {*self.frame["treat1"], *self.frame["treat2"]}
        for name in treatments:
            if name not in known:
                raise KeyError(f'No treatment "{name}"{did_you_mean(name, sorted(known))}')
        columns = {side: self.frame[side].replace(treatments) for side in ("treat1", "treat2")}
        return replace(self, frame=self.frame.assign(**columns))

    def __repr__(self) -> str:
        return (
            f"EffectSizes: {len(self.frame)} contrasts of {len(self.studies)} studies, "
            f"{self.measure} on the {self.scale} scale, {len(self.excluded)} studies left out"
        )


def describe_population(frame: pd.DataFrame) -> str:
    """What all rows have in common, the group of conditions first.

    Examples
    --------
    >>> describe_population(pd.DataFrame({"condition_group": ["ptsd", "ptsd"],
    ...     "age_group": ["adults", "older adults"], "phase": ["acute", "acute"],
    ...     "stratum": ["main", "main"]}))
    'ptsd; acute phase'
    """
    words = []
    for column, form, several in (
        ("condition_group", "{}", "several conditions"),
        ("age_group", "{}", ""),
        ("phase", "{} phase", ""),
        ("stratum", "stratum {}", "several strata"),
    ):
        found = frame[column].unique()
        alone = form.format(found[0]) if len(found) == 1 and found[0] else ""
        words.append(several if len(found) > 1 else alone)
    words = [w for w in words if w not in ("", f"stratum {MAIN_STRATUM}")]
    return "; ".join(words) or "people in the studies"


def _completed(given: pd.DataFrame, measure: str) -> pd.DataFrame:
    """A copy with all of `COLUMNS`, rows numbered from 0."""
    data = {}
    for column in COLUMNS:
        is_number, values = column in NUMBERS, None
        if column in given:
            values = given[column].to_numpy()
            data[column] = _numbers(values) if is_number else _words(values)
        else:
            data[column] = math.nan if is_number else EMPTY.get(column, "")
    frame = pd.DataFrame(data | {"measure": measure}, index=range(len(given)))
    return frame.assign(label=frame["label"].where(frame["label"] != "", frame["study"]))


def _numbers(values: np.ndarray) -> np.ndarray:
    """Numbers of a column, which may be text with empty cells."""
    if values.dtype.kind == "f":
        return values
    return pd.to_numeric(pd.Series(values).replace("", None)).to_numpy(float)


def _words(values: np.ndarray) -> np.ndarray:
    """Text of a column, empty where a value is missing."""
    if pd.api.types.infer_dtype(values, skipna=False) == "string":
        return values
    return pd.Series(values).fillna("").astype(str).to_numpy()


def excluded_table(rows: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """The table of studies left out: `study`, `reason`."""
    return pd.DataFrame(list(rows), columns=["study", "reason"])


def effect_sizes(
    trials: Trials,
    outcome,
    contrast=None,
    *,
    phase=None,
    measure=None,
    week="first",
    condition=None,
    age_group=None,
    several_arms=None,
    arms=None,
    stratum=MAIN_STRATUM,
    exclude_flags=(),
    exclude_studies=(),
    flag_rules: Mapping[str, FlagRule] = FLAG_RULES,
    zero_cells="half",
    double_zero="exclude",
    variance=None,
    scores="final",
    pre_post_correlation: float | None = None,
    response_from_means: ResponseFromMeans | None = None,
    survival_share=SURVIVAL_SHARE,
    icc=0.0,
    group_size=1.0,
) -> EffectSizes:
    """Effects of one treatment against another from a table of published randomised trials.

    Every trial gives one outcome at one time, and one cell for each treatment.

    Parameters
    ----------
    trials : Trials
        Arm-level (counts, or means and standard deviations) or contrast-level.
    outcome : str or sequence of str
        An outcome, or several in order of preference: each trial gives the first that it reports
        for the contrast.
    contrast : tuple of two str, optional
        Treatment and what it is compared with; all pairs of each trial when absent (for networks).
    phase, condition, age_group : str or sequence of str, optional
        Rows asked for; all when absent.
    measure : str, optional
        One of `MEASURES`; for arms the risk ratio when absent, for contrasts that of the table.
    week : {"first", "latest"} or float
        Which time, where a trial reports several: the first is as a rule the end of treatment. A
        number takes that week only. A time without a week counts after those that have one.
    several_arms : {"error", "combine", "first"}, optional
        What a treatment with several arms in one trial stands for; as the trials declare it when
        absent. Arms with and without a pill are never combined.
    arms : mapping of str to str or sequence of str, optional
        Names of the arms to use in a trial, where a treatment has several; as the trials declare
        them when absent.
    stratum : str
        ``"main"``, ``"any"``, or a stratum that flags make; see `flags.FLAG_RULES`.
    exclude_flags, exclude_studies : str or sequence of str
        Flags whose trials are left out; trials left out by name, for instance because another
        source of the analysis holds them.
    flag_rules : mapping of str to FlagRule
        What each flag does.
    zero_cells, double_zero : str
        See `effect_measures.count_values`.
    variance : str, optional
        Convention for the variance of a mean difference; see `effect_measures.mean_values`.
    scores : {"final", "change"}
        Whether means are those after treatment or those of the change since baseline.
    pre_post_correlation : float, optional
        Correlation of baseline and follow-up scores, for changes reported without their standard
        deviation; see `change_scores`. Such trials are left out when it is absent.
    response_from_means : ResponseFromMeans, optional
        Works response rates out from means, for trials that give no counts: name the outcome that
        holds the means last, ``outcome=("response", "score")``.
    survival_share, icc, group_size : float
        See `variance_inflation`: what counts from survival curves are worth, and the clustering of
        therapy in groups.

    Returns
    -------
    EffectSizes
        `excluded` names every trial asked for that does not contribute, with the reason.

    Raises
    ------
    ValueError
        When a word of the question is unknown, a flag has no rule, or the measure does not fit the
        table.
    DataProblems
        All at once: treatments with several arms of which nothing is declared, arms that stand
        twice, impossible counts, means without a standard deviation.

    Examples
    --------
    >>> arms = pd.DataFrame({
    ...     "trial_id": ["a", "a", "b", "b"], "arm": ["CBT + SSRI", "SSRI"] * 2,
    ...     "treatment": ["combined", "medication"] * 2, "outcome": ["response"] * 4,
    ...     "events": [30, 20, 12, 6], "n": [50, 50, 20, 20],
    ...     "flags": ["", "", "completers", "completers"]})
    >>> trials = Trials("demo", "Two trials", arms=arms)
    >>> effects = effect_sizes(trials, "response", ("combined", "medication"),
    ...                        exclude_flags="completers")
    >>> print(effects.frame[["study", "estimate", "n1", "n2"]].round(4).to_string(index=False))
    study  estimate   n1   n2
        a    0.4055 50.0 50.0
    >>> effects.excluded["reason"].tolist()
    ['completers only, not everyone randomised']
    """
    question = Question(
        outcome=outcome,
        contrast=None if contrast is None else tuple(contrast),
        phase=phase,
        condition=condition,
        age_group=age_group,
        week=week,
        several_arms=several_arms or trials.several_arms,
        arms=trials.use_arms if arms is None else arms,
        stratum=stratum,
        exclude_flags=exclude_flags,
        exclude_studies=exclude_studies,
        flag_rules=flag_rules,
    )
    if trials.arms is not None:
        made_by = ArmMeasure(
            measure=measure or "risk_ratio",
            zero_cells=zero_cells,
            double_zero=double_zero,
            variance=variance,
            scores=scores,
            pre_post_correlation=pre_post_correlation,
            response_from_means=response_from_means,
            inflation=Inflation(survival_share, icc, group_size),
        )
        measure = made_by.measure
        found = arm_contrasts(trials.arms, question, made_by, trials.name)
        made = f"{made_by.words}, {question.time}"
    else:
        table = trials.contrasts
        if "condition" not in table:
            table = table.assign(condition=trials.condition)
        found, measure = reported_contrasts(table, question, measure)
        made = say("synthesis.effect_sizes.as_reported", measure=words("measures")[measure])
    frame = pd.DataFrame(found.rows, columns=list(COLUMNS))
    if trials.arms is not None:
        frame["label"] = frame["study"].map(trials.names)
    return EffectSizes(
        frame=frame,
        measure=measure,
        covariance=found.covariance,
        excluded=excluded_table(found.left_out),
        source=trials.name,
        method=made,
        randomised=True,
        same_trials=trials.same_trials,
    )
