"""Which conditions are pooled together.

The question of the package is about four groups: depression, anxiety disorders, bipolar disorder
and post-traumatic stress disorder. Obsessive-compulsive disorder and post-traumatic stress disorder
left the anxiety disorders in DSM-5 (2013) and respond to other therapies (exposure with response
prevention, trauma-focused therapy), so neither counts as anxiety here. Alcohol use is read by other
outcomes altogether. Each stands as a group of its own and is never pooled with another.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Condition:
    """A condition as trials are coded, the group it is pooled in, and its name for readers."""

    code: str
    group: str
    name: str


CONDITIONS = {
    c.code: c
    for c in (
        Condition("depression", "depression", "depression"),
        Condition("adolescent_depression", "depression", "depression in adolescents"),
        Condition("late_life_depression", "depression", "depression in later life"),
        Condition("persistent_depression", "depression", "persistent depression"),
        Condition("panic", "anxiety", "panic disorder"),
        Condition("social_anxiety", "anxiety", "social anxiety disorder"),
        Condition("generalised_anxiety", "anxiety", "generalised anxiety disorder"),
        Condition("paediatric_anxiety", "anxiety", "anxiety disorders in children"),
        Condition("bipolar", "bipolar", "bipolar disorder"),
        Condition("ptsd", "ptsd", "post-traumatic stress disorder"),
        Condition("ocd", "ocd", "obsessive-compulsive disorder"),
        Condition("alcohol_use", "alcohol_use", "alcohol use disorder"),
    )
}

#: Groups of the question, then those beside it, in the order in which tables show them.
MAIN_GROUPS = ("depression", "anxiety", "bipolar", "ptsd")
OTHER_GROUPS = ("ocd", "alcohol_use")
CONDITION_GROUPS = MAIN_GROUPS + OTHER_GROUPS
UNCLASSIFIED = "not classified"


def condition_group(code: str) -> str:
    """The group of a condition; `UNCLASSIFIED` for a code that the table does not hold.

    Examples
    --------
    >>> condition_group("panic"), condition_group("ocd"), condition_group("insomnia")
    ('anxiety', 'ocd', 'not classified')
    """
    return CONDITIONS[code].group if code in CONDITIONS else UNCLASSIFIED


def group_named(condition: str | None) -> str | None:
    """The group that a study's condition names, as a code or as the group itself; else None.

    Examples
    --------
    >>> group_named("panic"), group_named("depression"), group_named("insomnia"), group_named(None)
    ('anxiety', 'depression', None, None)
    """
    if condition in CONDITIONS:
        return CONDITIONS[condition].group
    return condition if condition in CONDITION_GROUPS else None
