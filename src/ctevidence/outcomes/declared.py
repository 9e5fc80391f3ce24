"""Declared rules: a rule comes from ``study.toml``, or from the call in a sensitivity analysis."""

from __future__ import annotations

from ctevidence.data.study import Study

_EXAMPLES = {
    "response": 'kind = "percent_fall", percent = 50, missing = "observed"',
    "remission": "threshold = 9",
    "relapse": 'from = "visits", after = "remission", threshold = 17, confirm_visits = 1',
    "retention": 'from = "last_visit"',
    "clinical_change": 'method = "jacobson-truax", reliability = 0.89, norms = "sample", '
    "threshold = 10",
    "illness": 'dropout = "state", switch = "censoring"',
}


def declared_rule(study: Study, what: str, rule: object | None = None) -> object:
    """The rule of a call, otherwise the one that the study declares.

    Parameters
    ----------
    study : Study
    what : {"response", "remission", "relapse", "retention", "clinical_change", "illness"}
    rule : optional

    Raises
    ------
    ValueError
        When neither is there; the message says which table to add to ``study.toml``.
    """
    found = rule if rule is not None else getattr(study.rules, what)
    if found is None:
        raise ValueError(
            f"{study.name} declares no rule for {what}, and none is ever assumed. Add a table "
            f"[{what}] to study.toml, one key on each line, for instance: {_EXAMPLES[what]}."
        )
    return found
