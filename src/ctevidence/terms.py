"""The vocabulary of the package: treatments, arms, measures.

Everything that says *which contrast is valid for which quantity* stands in the two tables
`LEVEL_MEASURES` and `CONTRAST_MEASURES`; the code in `contrasts/` only reads them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

DAYS_PER_WEEK = 7.0
DAYS_PER_MONTH = 30.4375


class UsageError(ValueError):
    """What is asked for cannot be done as it is asked; found before anything has run.

    The command line ends with exit status 2 for it, and with 1 for what fails on the way.
    """


class Treatment(StrEnum):
    """What an arm amounts to, whatever a study calls it."""

    CONTROL = "control"
    MEDICATION = "medication"
    THERAPY = "therapy"
    COMBINED = "combined"

    @property
    def components(self) -> frozenset[str]:
        """The active components that the treatment contains."""
        return _COMPONENTS[self]


COMPONENTS = ("medication", "therapy")
_COMPONENTS = {
    Treatment.CONTROL: frozenset(),
    Treatment.MEDICATION: frozenset({"medication"}),
    Treatment.THERAPY: frozenset({"therapy"}),
    Treatment.COMBINED: frozenset(COMPONENTS),
}

#: Components that a study may name without them counting as treatment.
INACTIVE_COMPONENTS = (
    "none",
    "placebo",
    "usual care",
    "clinical management",
    "waiting list",
    "attention",
)


SEVERAL_ARMS = ("error", "combine", "first")


@dataclass(frozen=True)
class Arm:
    """A group as the study names it.

    Parameters
    ----------
    name : str
        The word in the column ``arm`` of the tables.
    treatment : Treatment or str or None
        What the arm amounts to; None where that is not declared, as for the many treatments of a
        network, which calls then name themselves.
    medication, therapy : str
        What was given, in the study's words (``"sertraline"``, ``"CBT, 14 sessions"``);
        empty when the study does not say.
    label : str
        Name for readers; the arm's name when empty.

    Examples
    --------
    >>> Arm("CBT+SSRI", "combined", medication="SSRI", therapy="CBT").components == {
    ...     "medication", "therapy"}
    True
    """

    name: str
    treatment: Treatment | None
    medication: str = ""
    therapy: str = ""
    label: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("An arm has an empty name; give every arm the word used in the data.")
        object.__setattr__(self, "label", self.label or self.name)
        if self.treatment is None:
            return
        if self.treatment not in {*Treatment}:
            raise ValueError(
                f'Arm "{self.name}": there is no treatment "{self.treatment}"'
                f"{did_you_mean(self.treatment, Treatment)}"
            )
        object.__setattr__(self, "treatment", Treatment(self.treatment))
        if self.name in set(Treatment) - {self.treatment}:
            raise ValueError(
                f'Arm "{self.name}" is declared as treatment "{self.treatment}": an arm cannot '
                "carry the name of another treatment. Rename the arm or correct its treatment."
            )

    @property
    def components(self) -> frozenset[str]:
        return self.treatment.components if self.treatment else frozenset()

    def contradictions(self, inactive: Iterable[str] = INACTIVE_COMPONENTS) -> list[str]:
        """What the stated components say against the declared treatment, in words."""
        inactive = {word.lower() for word in inactive}
        found = []
        for component in COMPONENTS:
            given = getattr(self, component).strip()
            active = bool(given) and given.lower() not in inactive
            if active and component not in self.components:
                found.append(
                    f'gives "{given}" as {component}, but treatment "{self.treatment}" has none'
                )
            elif given and not active and component in self.components:
                found.append(
                    f'gives inactive {component} "{given}", but is declared "{self.treatment}"'
                )
        return found


def resolve_arms(name: str, arms: tuple[Arm, ...]) -> tuple[Arm, ...]:
    """Arms that a name stands for: an arm's own name first, then a treatment.

    Raises
    ------
    KeyError
        When the name is neither; the message lists what there is.
    """
    by_name = tuple(arm for arm in arms if arm.name == name)
    found = by_name or tuple(arm for arm in arms if arm.treatment == name)
    if not found:
        known = [arm.name for arm in arms]
        kinds = dict.fromkeys(arm.treatment.value for arm in arms if arm.treatment)
        known += [t for t in kinds if t not in known]
        raise KeyError(
            f'"{name}" is neither an arm nor a treatment here{did_you_mean(name, known)}'
        )
    return found


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The tail of an error message: a suggestion when one is close, then what is known."""
    known = [str(k) for k in known]
    close = nearest(str(word), known)[:1]
    hint = f'; did you mean "{close[0]}"?' if close else "."
    return f"{hint} Known: {', '.join(known) or 'nothing'}."


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Up to three names that a misspelt one may stand for, the likeliest first.

    Capitals, and whether words are joined by a hyphen, a point, a blank or an underscore, count for
    nothing.

    Examples
    --------
    >>> nearest("Beat_the_Bleus", ["beat-the-blues", "published-trials"])
    ['beat-the-blues']
    """
    plain: dict[str, list[str]] = {}
    for name in known:
        plain.setdefault(_spelt_plainly(name), []).append(name)
    close = difflib.get_close_matches(_spelt_plainly(word), plain, n=3)
    return [name for spelling in close for name in plain[spelling]][:3]


def _spelt_plainly(name: str) -> str:
    return re.sub(r"[\s._-]+", "-", name.lower())


@dataclass(frozen=True)
class LevelMeasure:
    """A quantity that a fit can expect under one arm."""

    name: str
    unit: str
    contrasts: tuple[str, ...]
    #: scale on which a single-arm Wald interval is made, and on which 0 and 1 are impossible
    interval_scale: str = "identity"
    synergy: tuple[str, ...] = ("interaction_difference",)
    bounds: tuple[float, float] = (float("-inf"), float("inf"))
    #: only differences between arms are ever identified
    is_relative: bool = False
    #: names of `REFERENCE_MODELS` that predict the combination on this measure
    models: tuple[str, ...] = ("additivity", "best single treatment")


@dataclass(frozen=True)
class ContrastMeasure:
    """A comparison of levels: ``back(sum_i c_i * forward(level_i))``.

    `scale` names `forward` (``identity``, ``log``, ``logit``); ratios are exponentiated back.
    Levels of a relative measure stand on that scale already.
    """

    name: str
    of: str
    scale: str
    unit: str

    @property
    def is_ratio(self) -> bool:
        return self.scale != "identity"

    @property
    def null(self) -> float:
        return 1.0 if self.is_ratio else 0.0


_PROBABILITY = (0.0, 1.0)
_RISK_SYNERGY = (
    "interaction_difference",
    "interaction_ratio",
    "interaction_odds_ratio",
    "reri",
    "attributable_proportion",
    "synergy_index",
    "bliss_excess",
)


@dataclass(frozen=True)
class ReferenceModel:
    """What the two parts would do together by some rule.

    All but the best single treatment are additive on a scale f: they predict
    ``f^-1(f(medication) + f(therapy) - f(control))``.

    Parameters
    ----------
    name : str
        As it stands in the column `reference`.
    scale : str
        The scale f; empty for the best single treatment.
    excess : str
        Measure of the row that says what was seen minus what was predicted.
    """

    name: str
    scale: str
    excess: str


REFERENCE_MODELS = {
    m.name: m
    for m in (
        ReferenceModel("additivity", "identity", "interaction_difference"),
        ReferenceModel("independence", "log1m", "bliss_excess"),
        ReferenceModel("best single treatment", "", "best_single_excess"),
        ReferenceModel("multiplicativity", "log", "log_excess"),
        ReferenceModel("additive log odds", "logit", "log_odds_excess"),
    )
}
_RISK_MODELS = tuple(REFERENCE_MODELS)


def _share(name: str) -> LevelMeasure:
    """A share of people that is compared by difference and ratio, with all synergy of a risk."""
    contrasts = (f"{name}_difference", f"{name}_ratio")
    return LevelMeasure(
        name, "probability", contrasts, "logit", _RISK_SYNERGY, _PROBABILITY, models=_RISK_MODELS
    )


def _amount(name: str, unit: str) -> LevelMeasure:
    """An amount from zero on: compared by difference and ratio."""
    contrasts = (f"{name}_difference", f"{name}_ratio")
    scales = ("interaction_difference", "interaction_ratio")
    models = ("additivity", "multiplicativity", "best single treatment")
    return LevelMeasure(name, unit, contrasts, "log", scales, (0.0, float("inf")), models=models)


LEVEL_MEASURES = {
    m.name: m
    for m in (
        LevelMeasure(
            "risk",
            "probability",
            ("risk_difference", "risk_ratio", "odds_ratio", "nnt"),
            "logit",
            _RISK_SYNERGY,
            _PROBABILITY,
            models=_RISK_MODELS,
        ),
        LevelMeasure("mean", "points", ("mean_difference",)),
        LevelMeasure("standardised_mean", "standard deviations", ("std_mean_difference",)),
        LevelMeasure("mean_over_period", "points", ("mean_over_period_difference",)),
        LevelMeasure("area_under_curve", "point-weeks", ("area_under_curve_difference",)),
        LevelMeasure("rate", "points per week", ("rate_difference",)),
        LevelMeasure(
            "survival",
            "probability",
            ("survival_difference", "survival_ratio"),
            "logit",
            ("interaction_difference", "interaction_ratio"),
            _PROBABILITY,
            models=("additivity", "multiplicativity", "best single treatment"),
        ),
        _share("cumulative_incidence"),
        _amount("rmst", "weeks"),
        _share("state_occupation"),
        _amount("weeks_in_state", "weeks"),
        # of an event that comes again: no risk, it may exceed one
        _amount("mean_count", "events per person"),
        LevelMeasure(
            # events per time followed: each person's first event
            "event_rate",
            "per 100 person-years",
            ("event_rate_difference", "event_rate_ratio"),
            "log",
            ("interaction_difference", "interaction_ratio"),
            (0.0, float("inf")),
            models=("additivity", "multiplicativity", "best single treatment"),
        ),
        LevelMeasure(
            "log_hazard",
            "log hazard",
            ("hazard_ratio",),
            synergy=("interaction_ratio",),
            models=("multiplicativity",),
            is_relative=True,
        ),
        LevelMeasure(
            "log_subdistribution_hazard",
            "log hazard",
            ("subdistribution_hazard_ratio",),
            synergy=("interaction_ratio",),
            models=("multiplicativity",),
            is_relative=True,
        ),
        LevelMeasure(
            # effects of a network on one common, arbitrary origin; levels say which contrast
            # measure their differences are (`Levels.read_as`), these are those it has alone
            "network_effect",
            "effect",
            ("effect", "arcsine_difference"),
            synergy=("interaction_difference", "interaction_ratio"),
            models=("additivity", "multiplicativity"),
            is_relative=True,
        ),
    )
}

CONTRAST_MEASURES = {
    m.name: m
    for m in (
        ContrastMeasure("risk_difference", "risk", "identity", "probability"),
        ContrastMeasure("risk_ratio", "risk", "log", "ratio"),
        ContrastMeasure("odds_ratio", "risk", "logit", "ratio"),
        ContrastMeasure("nnt", "risk", "identity", "people"),
        ContrastMeasure("mean_difference", "mean", "identity", "points"),
        ContrastMeasure(
            "std_mean_difference", "standardised_mean", "identity", "standard deviations"
        ),
        ContrastMeasure("mean_over_period_difference", "mean_over_period", "identity", "points"),
        ContrastMeasure(
            "area_under_curve_difference", "area_under_curve", "identity", "point-weeks"
        ),
        ContrastMeasure("rate_difference", "rate", "identity", "points per week"),
        ContrastMeasure("survival_difference", "survival", "identity", "probability"),
        ContrastMeasure("survival_ratio", "survival", "log", "ratio"),
        ContrastMeasure(
            "cumulative_incidence_difference", "cumulative_incidence", "identity", "probability"
        ),
        ContrastMeasure("cumulative_incidence_ratio", "cumulative_incidence", "log", "ratio"),
        ContrastMeasure("rmst_difference", "rmst", "identity", "weeks"),
        ContrastMeasure("rmst_ratio", "rmst", "log", "ratio"),
        ContrastMeasure(
            "state_occupation_difference", "state_occupation", "identity", "probability"
        ),
        ContrastMeasure("state_occupation_ratio", "state_occupation", "log", "ratio"),
        ContrastMeasure("weeks_in_state_difference", "weeks_in_state", "identity", "weeks"),
        ContrastMeasure("weeks_in_state_ratio", "weeks_in_state", "log", "ratio"),
        ContrastMeasure("mean_count_difference", "mean_count", "identity", "events per person"),
        ContrastMeasure("mean_count_ratio", "mean_count", "log", "ratio"),
        ContrastMeasure("event_rate_difference", "event_rate", "identity", "per 100 person-years"),
        ContrastMeasure("event_rate_ratio", "event_rate", "log", "ratio"),
        ContrastMeasure("hazard_ratio", "log_hazard", "log", "ratio"),
        ContrastMeasure(
            "subdistribution_hazard_ratio", "log_subdistribution_hazard", "log", "ratio"
        ),
        ContrastMeasure("effect", "network_effect", "identity", ""),
        ContrastMeasure("arcsine_difference", "network_effect", "identity", "radians"),
    )
}

#: Endings of measures about another: how strong unmeasured confounding would have to be to explain
#: it away, and what it could be with confounding of a stated strength.
E_VALUE, BOUNDS = "_e_value", "_bounds"

#: Measures that only synergy rows carry; each has a smallest detectable one beside it.
SYNERGY_MEASURES = (*_RISK_SYNERGY, *(f"detectable_{name}" for name in _RISK_SYNERGY))


def contrast_measure(name: str) -> ContrastMeasure:
    """Look a contrast measure up by name.

    Raises
    ------
    KeyError
        When there is none of that name; the message lists those there are.

    Examples
    --------
    >>> contrast_measure("risk_ratio").of
    'risk'
    """
    if name not in CONTRAST_MEASURES:
        raise KeyError(
            f'There is no contrast measure "{name}"{did_you_mean(name, CONTRAST_MEASURES)}'
        )
    return CONTRAST_MEASURES[name]


@dataclass(frozen=True)
class Estimand:
    """The five attributes of ICH E9(R1) and the time, as one sentence.

    Examples
    --------
    >>> print(Estimand("adults with depression", "combined against medication", "response",
    ...     "risk difference", "week 9", "dropout: treatment policy, observed scores only"))
    In adults with depression: combined against medication on response at week 9, as risk \
difference (dropout: treatment policy, observed scores only).
    """

    population: str
    contrast: str
    outcome: str
    measure: str
    time: str
    intercurrent_events: str

    def __str__(self) -> str:
        return (
            f"In {self.population}: {self.contrast} on {self.outcome} at {self.time}, "
            f"as {self.measure} ({self.intercurrent_events})."
        )
