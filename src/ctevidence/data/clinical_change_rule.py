"""Reliable and clinically significant change: the rule that a study declares.

Change is reliable when it is larger than measurement error, and clinically significant when it
also leads from the range of patients into that of people who function well (Jacobson and Truax
1991, J Consult Clin Psychol 59:12). The published variants differ in what they take for a person's
true score at the start, and in the error of the change.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from ctevidence.language import say
from ctevidence.terms import did_you_mean

#: name -> (what it is called, critical value of the index)
CHANGE_METHODS = {
    "jacobson-truax": ("Jacobson and Truax 1991", 1.96),
    "gulliksen-lord-novick": ("Gulliksen, Lord and Novick, in Hsu 1989", 1.96),
    "hsu-linn-lord": ("Hsu, Linn and Lord, in Hsu 1989", 1.96),
    "edwards-nunnally": ("Edwards and Nunnally, in Speer 1992", 1.96),
    "nunnally-kotsch": ("Nunnally and Kotsch 1983", 1.96),
    "hageman-arrindell": ("Hageman and Arrindell 1999", 1.65),
}
CUT_OFFS = ("a", "b", "c")
NORMS = ("declared", "sample")
#: Methods that need the scores after treatment of everyone who was seen.
USES_AFTER = ("hsu-linn-lord", "hageman-arrindell")


@dataclass(frozen=True)
class ClinicalChangeRule:
    """What counts as recovered, improved, unchanged, deteriorated and harmed.

    Parameters
    ----------
    method : str
        One of `CHANGE_METHODS`.
    reliability : float
        Of the scale, between 0 and 1.
    norms : {"declared", "sample"}
        Where mean and standard deviation of patients before treatment come from: declared in
        `mean` and `standard_deviation`, or the baseline of everyone who enters.
    mean, standard_deviation : float
        Of patients before treatment, in points; only with ``norms = "declared"``.
    cut_off : {"a", "b", "c"}, optional
        ``a``: two standard deviations from the mean of patients; ``b``: within two of the mean of
        people who function well; ``c``: between both means, weighted by the standard deviations.
        Empty with `threshold`.
    threshold : float
        A cut-off in points, instead of `cut_off`.
    functional_mean, functional_standard_deviation : float
        Of people who function well, for ``b`` and ``c``.
    reliability_after : float
        Of the scale after treatment, for ``nunnally-kotsch``.
    """

    method: str
    reliability: float
    norms: Literal["declared", "sample"]
    mean: float = math.nan
    standard_deviation: float = math.nan
    cut_off: str = ""
    threshold: float = math.nan
    functional_mean: float = math.nan
    functional_standard_deviation: float = math.nan
    reliability_after: float = math.nan

    def __post_init__(self) -> None:
        for what, value, allowed in (
            ("The method of clinical change", self.method, CHANGE_METHODS),
            ("Where norms come from (norms)", self.norms, NORMS),
            ("The cut-off", self.cut_off or "a", CUT_OFFS),
        ):
            if value not in allowed:
                raise ValueError(f'{what} is "{value}"{did_you_mean(value, allowed)}')
        if problem := next(self._problems(), ""):
            raise ValueError(problem)

    def _problems(self):
        known = lambda *names: all(math.isfinite(getattr(self, name)) for name in names)  # noqa: E731
        if not 0 < self.reliability < 1:
            yield f"reliability is {self.reliability}; it lies between 0 and 1."
        if self.norms == "declared" and not (known("mean") and self.standard_deviation > 0):
            yield 'Declared norms need mean and standard_deviation; or say norms = "sample".'
        if self.norms == "sample" and (known("mean") or known("standard_deviation")):
            yield 'mean and standard_deviation are not used with norms = "sample". Remove them.'
        if bool(self.cut_off) == known("threshold"):
            yield "Give either cut_off (a, b or c) or threshold, the score that separates."
        if self.cut_off in ("b", "c") and not (
            known("functional_mean") and self.functional_standard_deviation > 0
        ):
            yield (
                f"The cut-off {self.cut_off} needs functional_mean and "
                "functional_standard_deviation, of people who function well."
            )
        if self.method == "nunnally-kotsch" and not 0 < self.reliability_after < 1:
            yield "nunnally-kotsch needs reliability_after, between 0 and 1."
        if self.method == "hageman-arrindell" and not self.cut_off:
            yield "hageman-arrindell has a cut-off of its own for true scores: a, b or c."

    def describe(self) -> str:
        norms = (
            say("rules.own_norms")
            if self.norms == "sample"
            else say("rules.norms", mean=f"{self.mean:g}", spread=f"{self.standard_deviation:g}")
        )
        return say(
            "rules.clinical_change",
            method=CHANGE_METHODS[self.method][0],
            reliability=f"{self.reliability:g}",
            norms=norms,
            where=say("rules.cut_off", value=self.cut_off or f"{self.threshold:g}"),
        )
