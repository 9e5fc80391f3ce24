"""The questions that every table of trials is asked, pooled by condition where there are trials.

Adults are never averaged with adolescents and children. A question that no trial answers stays,
with the reason, so that a table of two trials gives the same pages as one of two hundred.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from ctevidence.data.trials import Trials
from ctevidence.estimates import Estimates
from ctevidence.language import listed, pick, say
from ctevidence.names import in_words
from ctevidence.synthesis.conditions import group_named
from ctevidence.synthesis.drivers import what_drives
from ctevidence.synthesis.effect_sizes import EffectSizes, effect_sizes
from ctevidence.synthesis.flags import MAIN_STRATUM
from ctevidence.synthesis.pool import pool_by
from ctevidence.synthesis.pooled import Pooled
from ctevidence.synthesis.small_study import SmallStudyRange, small_study_range
from ctevidence.synthesis.subgroups import Subgroups
from ctevidence.synthesis.trial_overview import AFTER_RESPONSE, YOUNG
from ctevidence.synthesis.typical_risk import absolute_effects

#: below this nothing can be said of small studies
LEAST_TRIALS = 3
#: stratum of trials that stopped medication in an arm
TAPER = "taper"


@dataclass(frozen=True)
class TrialQuestion:
    """A question to a table of trials.

    Attributes
    ----------
    key : str
        Short name, by which the file of words knows the question.
    outcomes : tuple of str
        In order of preference: each trial gives the first that it reports.
    contrast : tuple of two str
    phases : tuple of str
    young : bool
        Adolescents and children only, or adults only.
    stratum : str
        Trials of a stratum of their own (``taper``), or of the main one.
    """

    key: str
    outcomes: tuple[str, ...]
    contrast: tuple[str, str]
    phases: tuple[str, ...]
    young: bool = False
    stratum: str = MAIN_STRATUM

    @property
    def words(self) -> str:
        """The question in words."""
        return pick("trial_questions", self.key)


def _both_ways(
    key: str, outcomes: tuple[str, ...], phases: tuple[str, ...], young: bool
) -> Iterator[TrialQuestion]:
    for single in ("medication", "therapy"):
        end = "-young" if young else ""
        yield TrialQuestion(f"{key}-{single}{end}", outcomes, ("combined", single), phases, young)


def _tapered() -> Iterator[TrialQuestion]:
    """Relapse where medication was stopped: withdrawal is part of it, so these stand apart."""
    for reference in ("medication", "control"):
        contrast = ("therapy", reference)
        outcomes = ("relapse", "recurrence")
        yield TrialQuestion(f"taper-{reference}", outcomes, contrast, AFTER_RESPONSE, stratum=TAPER)


BETTER = ("response", "remission")
QUESTIONS = (
    *_both_ways("better", BETTER, ("acute",), False),
    *_both_ways("better", BETTER, ("acute",), True),
    *_both_ways("relapse", ("relapse", "recurrence"), AFTER_RESPONSE, False),
    *_both_ways("relapse", ("relapse", "recurrence"), AFTER_RESPONSE, True),
    *_both_ways("dropout", ("dropout",), ("acute",), False),
    *_both_ways("dropout", ("dropout",), ("acute",), True),
    *_both_ways("harm", ("self_harm",), ("acute",), False),
    *_both_ways("harm", ("self_harm",), ("acute",), True),
    TrialQuestion("better-singles", BETTER, ("therapy", "medication"), ("acute",)),
    *_tapered(),
)


@dataclass(frozen=True, eq=False)
class AskedQuestion:
    """A question with what the trials answer.

    Attributes
    ----------
    question : TrialQuestion
    effects : EffectSizes
        Perhaps of no trial.
    pooled : Subgroups or None
        By group of conditions; None where no trial answers.
    reason : str
        Why there is no answer.
    """

    question: TrialQuestion
    effects: EffectSizes
    pooled: Subgroups | None
    reason: str = ""

    @property
    def groups(self) -> dict[str, Pooled | None]:
        return {} if self.pooled is None else dict(self.pooled.groups)

    @cached_property
    def small_studies(self) -> dict[str, SmallStudyRange]:
        """What methods for small-study effects make of each group of three trials or more."""
        return {
            group: small_study_range(pooled)
            for group, pooled in self.groups.items()
            if pooled is not None and pooled.result.k >= LEAST_TRIALS
        }

    def group(self, condition: str | None = None) -> str | None:
        """The group that a condition belongs to; the one with the most trials when not known."""
        sizes = {g: p.result.k for g, p in self.groups.items() if p is not None}
        return group_named(condition) or max(sizes, key=sizes.get, default=None)

    @property
    def estimates(self) -> Estimates:
        """By group: ratio, prediction, risks, numbers needed, small-study range, what drives it.

        Last the test that the groups share one effect.
        """
        if self.pooled is None:
            return Estimates()
        ranges = Estimates(found.range for found in self.small_studies.values())
        pools = (pooled for pooled in self.groups.values() if pooled is not None)
        driven = sum((what_drives(pooled) for pooled in pools), Estimates())
        made = self.pooled.estimates + absolute_effects(self.pooled) + ranges + driven
        return made + self._compared()

    def _compared(self) -> Estimates:
        """Whether groups differ, where there are two; trials of several ages name none."""
        if sum(pooled is not None for pooled in self.groups.values()) < 2:
            return Estimates()
        age = "adolescents and children" if self.question.young else "adults"
        test = self.pooled.difference
        who = test.population if age in test.population else f"{test.population}; {age}"
        return Estimates([replace(test, id="", population=who)])

    def __repr__(self) -> str:
        return f"{self.question.words}: {self.reason or repr(self.pooled)}"


@dataclass(frozen=True, eq=False)
class AskedQuestions:
    """All questions, by key; made by `ask_trials`."""

    asked: tuple[AskedQuestion, ...]

    def __getitem__(self, key: str) -> AskedQuestion:
        for each in self.asked:
            if each.question.key == key:
                return each
        known = ", ".join(each.question.key for each in self.asked)
        raise KeyError(f'No question "{key}"; there are: {known}.')

    def __iter__(self) -> Iterator[AskedQuestion]:
        return iter(self.asked)

    @property
    def estimates(self) -> Estimates:
        return sum((each.estimates for each in self.asked), Estimates())

    @property
    def comparisons(self) -> dict[str, EffectSizes]:
        """Effects by question in words, also of those without a trial."""
        return {each.question.words: each.effects for each in self.asked}

    def __repr__(self) -> str:
        return "\n".join(map(repr, self.asked))


def ask_trials(trials: Trials, questions: Sequence[TrialQuestion] = QUESTIONS) -> AskedQuestions:
    """Pool every question by condition; a question without trials keeps its place.

    Parameters
    ----------
    trials : Trials
        Arm-level, with counts; contrasts of named treatments answer none of the questions.
    questions : sequence of TrialQuestion

    Examples
    --------
    >>> arms = pd.DataFrame({
    ...     "trial_id": ["a", "a"], "arm": ["CBT + SSRI", "SSRI"], "outcome": "response",
    ...     "treatment": ["combined", "medication"], "events": [30, 20], "n": [50, 50],
    ...     "condition": "panic", "age_group": "adults", "phase": "acute", "flags": ""})
    >>> asked = ask_trials(Trials("demo", "One", arms=arms))
    >>> asked["better-medication"].groups["anxiety"].result.k
    1
    >>> asked["better-therapy"].reason
    'no trial compares the two and reports it'
    """
    return AskedQuestions(tuple(_asked(trials, question) for question in questions))


def of_age(trials: Trials, *, young: bool) -> Trials:
    """The trials of adolescents and children, or the others; who does not say counts as adult."""
    arms = trials.arms[trials.arms["age_group"].isin(YOUNG) == young]
    use_arms = {k: arm for k, arm in trials.use_arms.items() if k in set(arms["trial_id"])}
    return replace(trials, arms=arms, use_arms=use_arms)


def _asked(trials: Trials, question: TrialQuestion) -> AskedQuestion:
    nobody = EffectSizes(pd.DataFrame(columns=["study", "estimate", "std_error"]), "risk_ratio")
    if trials.arms is None:
        return AskedQuestion(
            question, nobody, None, say("synthesis.trial_questions.named_contrasts")
        )
    own = of_age(trials, young=question.young)
    words = _words_there(own.arms, question)
    if words is None:
        told = listed((in_words(o.replace("_", " ")) for o in question.outcomes), "or")
        reason = say("synthesis.trial_questions.not_reported", outcomes=told)
        return AskedQuestion(question, nobody, None, reason)
    if not set(question.contrast) <= set(own.arms["treatment"]):
        return AskedQuestion(question, nobody, None, say("synthesis.trial_questions.no_comparison"))
    effects = effect_sizes(own, contrast=question.contrast, stratum=question.stratum, **words)
    if effects.frame.empty:
        return AskedQuestion(
            question, effects, None, say("synthesis.trial_questions.no_comparison")
        )
    expected = () if question.young else None
    return AskedQuestion(question, effects, pool_by(effects, expected=expected))


def _words_there(arms: pd.DataFrame, question: TrialQuestion) -> dict | None:
    """Of the words of a question those that rows of the table have together; None without any."""
    rows = arms[arms["outcome"].isin(question.outcomes) & arms["phase"].isin(question.phases)]
    if rows.empty:
        return None
    return {
        "outcome": tuple(o for o in question.outcomes if o in set(rows["outcome"])),
        "phase": tuple(p for p in question.phases if p in set(rows["phase"])),
    }
