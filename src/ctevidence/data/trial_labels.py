"""What readers see of a published trial: its authors and year, told apart where two are alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import pandas as pd


def short_citation(citation: str) -> str:
    """The first author, trial name and year of a citation; its beginning where there is no year.

    Examples
    --------
    >>> short_citation("March (TADS) 2004 JAMA 292:807")
    'March (TADS) 2004'
    >>> short_citation("Miklowitz 2007 (STEP-BD), Arch Gen Psychiatry 64:419")
    'Miklowitz 2007 (STEP-BD)'
    """
    found = re.match(r"^(.*?\b(?:19|20)\d\d[a-z]?(?: \([^()]*\))?)", citation)
    return found.group(1) if found else citation[:34]


def trial_labels(arms: pd.DataFrame, declared: Mapping[str, str]) -> dict[str, str]:
    """A label for each trial of a table of arms, no two alike.

    Parameters
    ----------
    arms : DataFrame
        With `trial_id`, perhaps `citation`.
    declared : mapping of str to str
        Labels that ``trials.toml`` gives, by trial.

    Returns
    -------
    dict of str to str
        As declared; else from the citation, with the whole of it where two would read alike; else
        the name of the trial.

    Examples
    --------
    >>> arms = pd.DataFrame({"trial_id": ["a", "b", "c"],
    ...     "citation": ["Ann 1999 JAMA 1:2", "Ann 1999 Lancet 3:4", ""]})
    >>> trial_labels(arms, {})
    {'a': 'Ann 1999 (JAMA 1:2)', 'b': 'Ann 1999 (Lancet 3:4)', 'c': 'c'}
    >>> trial_labels(arms, {"b": "Ann 1999 (older adults)"})["a"]
    'Ann 1999'
    """
    first = arms.drop_duplicates("trial_id").set_index("trial_id")
    citations = first["citation"].fillna("") if "citation" in first else pd.Series("", first.index)
    short = {study: short_citation(cited) or study for study, cited in citations.items()}
    short |= {study: label for study, label in declared.items() if study in short}
    many = Counter(short.values())
    return {
        study: label
        if many[label] == 1 or study in declared
        else _told_apart(label, study, citations[study])
        for study, label in short.items()
    }


def _told_apart(label: str, study: str, citation: str) -> str:
    rest = citation.removeprefix(label).strip(" ,")
    return f"{label} ({rest or study})"
