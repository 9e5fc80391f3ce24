"""Declared rules in words that say which way a scale runs: "9 or less", not "at or beyond 9"."""

from __future__ import annotations

from ctevidence.data.rules import RelapseRule
from ctevidence.data.scales import Scale
from ctevidence.language import pattern, pick
from ctevidence.outcomes.landmark import LandmarkRule
from ctevidence.outcomes.recurrence import RecurrenceRule

_NUMBER = r"-?[\d.]*\d"


def rule_words(rule, scale: Scale) -> str:
    """What a rule declares, with its threshold as a reader of the scale would say it.

    Parameters
    ----------
    rule : a rule with ``describe()``
    scale : Scale
        The scale that its scores are of.

    Returns
    -------
    str
        Of rules without a threshold, what they say themselves.
    """
    told = rule.describe()
    is_ill = isinstance(_counted(rule), RelapseRule | RecurrenceRule)
    low_side = (scale.better == "lower") != is_ill
    low_is_worse = scale.better == "higher"
    # how rules say a threshold without knowing the scale
    beyond = pattern("names_with.beyond", value=_NUMBER)
    told = beyond.sub(lambda found: _threshold("score", low_side, found["value"]), told)
    worse = pattern("rules.baseline", value=_NUMBER)
    return worse.sub(lambda found: _threshold("baseline", low_is_worse, found["value"]), told)


def _counted(rule):
    """The rule itself: that of a landmark says only from when on it counts."""
    return _counted(rule.rule) if isinstance(rule, LandmarkRule) else rule


def _threshold(of: str, low_side: bool, value: str) -> str:
    return pick("thresholds", f"{of}-{'low' if low_side else 'high'}", value=value)
