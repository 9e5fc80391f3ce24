"""Which studies of several sources are one trial, so that none ever counts twice.

A source says under ``[same_trials.OTHER]`` which of its studies another source holds too. The
registry joins what all of them say: if A names a study of B, and B one of C, all three are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

SameTrials = Mapping[str, Mapping[str, str]]
#: A study in its source.
Entry = tuple[str, str]


class TrialRegistry:
    """The studies of several sources, joined where they are one trial.

    Parameters
    ----------
    declared : mapping of str to SameTrials
        By source, what its ``trials.toml`` says: by other source, the study there by the study
        here.

    Raises
    ------
    ValueError
        When the declarations make two studies of one source the same trial.

    Examples
    --------
    >>> registry = TrialRegistry({"network": {"trials": {"117": "naeem2010"}}})
    >>> registry.same("trials", "naeem2010", "network")
    '117'
    >>> registry.same("trials", "bowers1990", "network") is None
    True
    """

    def __init__(self, declared: Mapping[str, SameTrials]) -> None:
        self._groups: dict[Entry, frozenset[Entry]] = {}
        for source, others in declared.items():
            for other, pairs in others.items():
                for here, there in pairs.items():
                    self._join((source, here), (other, there))
        self._refuse_two_of_one_source()

    def _join(self, one: Entry, other: Entry) -> None:
        alone = ({one}, {other})
        group = frozenset().union(
            *(self._groups.get(e, a) for e, a in zip((one, other), alone, strict=True))
        )
        self._groups |= dict.fromkeys(group, group)

    def _refuse_two_of_one_source(self) -> None:
        for group in set(self._groups.values()):
            sources = sorted(source for source, _ in group)
            for source in {s for s in sources if sources.count(s) > 1}:
                studies = sorted(study for name, study in group if name == source)
                raise ValueError(
                    f'By [same_trials], {" and ".join(studies)} of "{source}" are one trial. '
                    "Correct the declaration, or keep one row of the trial."
                )

    def twins(self, source: str, study: str) -> tuple[Entry, ...]:
        """The same trial in other sources, in the order of their names."""
        group = self._groups.get((source, study), frozenset())
        return tuple(sorted(entry for entry in group if entry[0] != source))

    def same(self, source: str, study: str, other: str) -> str | None:
        """What another source calls the trial; None when it does not hold it."""
        return dict(self.twins(source, study)).get(other)

    def held(self, source: str, studies: Iterable[str], others: Iterable[str]) -> dict[str, Entry]:
        """Of some studies, those that one of the other sources holds, and the first that does."""
        wanted, found = set(others), {}
        for study in studies:
            there = [entry for entry in self.twins(source, study) if entry[0] in wanted]
            if there:
                found[study] = there[0]
        return found
