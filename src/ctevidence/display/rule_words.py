"""Declared rules in words that say which way a scale runs: "9 or less", not "at or beyond 9"."""

from __future__ import annotations

import re

from ctevidence.data.scales import Scale
from ctevidence.language import pick

#: how rules say a threshold without knowing the scale
_BEYOND = re.compile(r"a score at or beyond (-?[\d.]*\d)")
_WORSE = re.compile(r"a baseline score of (-?[\d.]*\d) or worse")


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
    is_ill = told.startswith(("Relapse", "Recurrence"))
    low_side = (scale.better == "lower") != is_ill
    told = _BEYOND.sub(lambda found: _threshold("score", low_side, found[1]), told)
    low_is_worse = scale.better == "higher"
    return _WORSE.sub(lambda found: _threshold("baseline", low_is_worse, found[1]), told)


def _threshold(of: str, low_side: bool, value: str) -> str:
    return pick("thresholds", f"{of}-{'low' if low_side else 'high'}", value=value)
