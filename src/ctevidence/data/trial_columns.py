"""Columns of published trials: which there are, what their cells hold, which words are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ctevidence.terms import Treatment

Vocabulary = Mapping[str, tuple[str, ...]]

#: Words that columns may hold; ``[vocabulary]`` in ``trials.toml`` adds to all but `FIXED_WORDS`.
WORDS: Vocabulary = {
    "treatment": tuple(t.value for t in Treatment),
    "phase": ("acute", "continuation", "maintenance"),
    "outcome": (
        *("response", "remission", "relapse", "recurrence", "dropout", "score"),
        *("adverse_event", "hospitalisation", "self_harm", "switch", "death"),
    ),
    "condition": (
        *("depression", "adolescent_depression", "late_life_depression", "persistent_depression"),
        *("panic", "social_anxiety", "generalised_anxiety", "paediatric_anxiety", "bipolar"),
        *("ptsd", "ocd", "alcohol_use"),
    ),
    "age_group": ("adults", "older adults", "adolescents", "children and adolescents"),
    "control_type": (
        *("pill_placebo", "clinical_management", "usual_care", "waiting_list", "attention"),
    ),
    "counts": ("reported", "from_percent", "reconstructed"),
    "flags": (
        *("taper_in_therapy_arm", "taper_both_arms", "therapy_arm_without_pill"),
        *("drugs_allowed_in_control", "prior_nonresponse", "completers", "group_therapy"),
        *("survival_estimate", "response_by_cutoff", "relapse_from_start", "arms_missing"),
        *("dropout_only", "bipolar_depression_recovery"),
    ),
    "measure": (
        *("odds_ratio", "risk_ratio", "hazard_ratio"),
        *("risk_difference", "mean_difference", "std_mean_difference"),
    ),
}

FIXED_WORDS = ("treatment", "measure")

#: Columns that begin with it hold judgements of the risk of bias, in one of the words.
ROB_PREFIX = "rob_"
ROB_WORDS = ("low", "some concerns", "unclear", "high")


@dataclass(frozen=True)
class TrialColumn:
    """What a column holds.

    Parameters
    ----------
    kind : {"text", "word", "flags", "number", "positive", "count", "people"}
        ``word``: one of `WORDS` of the column's name; ``flags``: several, separated by semicolons;
        ``people``: a whole number above 0.
    required : bool
        The table must have it.
    filled : bool
        Every cell must have a value.
    added : bool
        A table without the column gets it, empty.
    """

    kind: str = "text"
    required: bool = False
    filled: bool = False
    added: bool = True


def _filled(kind: str = "text") -> TrialColumn:
    return TrialColumn(kind, required=True, filled=True)


#: One row is one arm, outcome and time of a trial; columns ``rob_*`` and others may follow.
ARM_COLUMNS: Mapping[str, TrialColumn] = {
    "trial_id": _filled(),
    "year": TrialColumn("count"),
    "citation": TrialColumn(),
    "identifier": TrialColumn(),
    "condition": _filled("word"),
    "age_group": TrialColumn("word"),
    "population": TrialColumn(),
    "phase": _filled("word"),
    "arm": _filled(),
    "treatment": _filled("word"),
    "medication": TrialColumn(),
    "therapy": TrialColumn(),
    "control_type": TrialColumn("word"),
    "outcome": _filled("word"),
    "outcome_definition": TrialColumn(),
    "weeks": TrialColumn("positive", required=True),
    "events": TrialColumn("count"),
    "n": _filled("people"),
    "mean": TrialColumn("number"),
    "sd": TrialColumn("positive"),
    "mean_baseline": TrialColumn("number", added=False),
    "sd_baseline": TrialColumn("positive", added=False),
    "mean_change": TrialColumn("number", added=False),
    "sd_change": TrialColumn("positive", added=False),
    "n_effective": TrialColumn("positive", added=False),
    "counts": TrialColumn("word"),
    "flags": TrialColumn("flags"),
    "caution": TrialColumn(),
    "source": TrialColumn(),
}

#: One row is one contrast of a trial: `treat1` against `treat2`, on the scale declared, with a
#: standard error or with limits and their level.
CONTRAST_COLUMNS: Mapping[str, TrialColumn] = {
    "study": _filled(),
    "treat1": _filled(),
    "treat2": _filled(),
    "estimate": _filled("number"),
    "std_error": TrialColumn("positive"),
    "conf_low": TrialColumn("number"),
    "conf_high": TrialColumn("number"),
    "conf_level": TrialColumn("positive"),
    "measure": _filled("word"),
    "outcome": _filled("word"),
    "n1": TrialColumn("people"),
    "n2": TrialColumn("people"),
    "events1": TrialColumn("count"),
    "events2": TrialColumn("count"),
    "year": TrialColumn("count", added=False),
    "citation": TrialColumn(added=False),
    "condition": TrialColumn("word", added=False),
    "age_group": TrialColumn("word", added=False),
    "phase": TrialColumn("word", added=False),
    "weeks": TrialColumn("positive", added=False),
    "flags": TrialColumn("flags", added=False),
    "caution": TrialColumn(added=False),
}

#: One row is one outcome of a factorial trial: the mean of each of the four cells.
CELL_MEAN_COLUMNS: Mapping[str, TrialColumn] = {
    "trial_id": _filled(),
    "year": TrialColumn("count"),
    "citation": TrialColumn(),
    "identifier": TrialColumn(),
    "condition": _filled("word"),
    "population": TrialColumn(),
    "phase": _filled("word"),
    "outcome": _filled(),
    "unit": _filled(),
    "weeks": TrialColumn("positive", required=True),
    **{t.value: _filled("number") for t in Treatment},
    **{f"n_{t.value}": _filled("people") for t in Treatment},
    "std_error": TrialColumn("positive"),
    "caution": TrialColumn(),
    "source": TrialColumn(),
}

TABLE_COLUMNS = {
    "arms": ARM_COLUMNS,
    "contrasts": CONTRAST_COLUMNS,
    "cell_means": CELL_MEAN_COLUMNS,
}


def split_flags(cell: str) -> tuple[str, ...]:
    """The flags of a semicolon list.

    >>> split_flags("completers; group_therapy")
    ('completers', 'group_therapy')
    """
    return tuple(word.strip() for word in cell.split(";") if word.strip())
