"""The one tidy shape: every result of every analysis is rows of `COLUMNS`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

import pandas as pd

from ctevidence.language import in_both, say

#: The closed list of columns, in order, with what each means.
COLUMNS = {
    "id": "stable name of the estimate",
    "study": "the study or pool of studies",
    "population": "who",
    "outcome": "what happened to them",
    "arm": "arm or treatment",
    "reference": "what it is compared with; empty for a single-arm quantity",
    "measure": "the measure",
    "unit": "unit of the estimate",
    "week": "weeks since the start; empty for a hazard ratio",
    "estimate": "on the scale the reader reads",
    "conf_low": "lower confidence limit; empty where there is none",
    "conf_high": "upper confidence limit; empty where there is none",
    "conf_level": "confidence level",
    "alternative": "two-sided, greater or less",
    "std_error": "standard error on the scale named next",
    "error_scale": "identity, log or logit",
    "df": "degrees of freedom; inf for a large-sample method",
    "p_value": "p-value of the alternative",
    "n": "people behind the arm",
    "events": "events behind the arm",
    "n_reference": "people behind the reference",
    "events_reference": "events behind the reference",
    "studies": "number of studies",
    "randomised": "whether this contrast is protected by randomisation",
    "method": "method with its options",
    "caution": "caveat in words, or empty",
}
COUNT_COLUMNS = ("n", "events", "n_reference", "events_reference", "studies")
ALTERNATIVES = ("two-sided", "greater", "less")
#: Caution of a row whose counts are sums over several groups: a small one cannot be seen in them.
#: More than any disclosure profile suppresses, so that such a row can be held back by its caution.
SMALL = 10


def small_group_caution() -> str:
    """The caution of a row whose counts are sums in which a small group cannot be seen."""
    return say("caution.small_group", few=SMALL)


def has_small_group(caution: str) -> bool:
    """Whether a row's caution holds that of a small group; also when it was made in English.

    Whether a row may be shown hangs on it, whatever language its page is written in.
    """
    told = in_both("caution.small_group", few=SMALL)
    return not set(told).isdisjoint(caution.split("; "))


@dataclass(frozen=True)
class Estimate:
    """One row of the tidy shape, checked at birth.

    Fields are the columns of `COLUMNS`. An empty `id` is made from the other fields. A missing
    number is ``nan``; counts are None where there are none.

    Raises
    ------
    ValueError
        When the interval does not hold the estimate, or a level or alternative is impossible.

    Examples
    --------
    >>> e = Estimate(study="demo", outcome="response", arm="combined", reference="medication",
    ...              measure="risk_difference", estimate=0.1, conf_low=-0.05, conf_high=0.25)
    >>> e.id
    'demo/response/risk_difference/combined-vs-medication'
    """

    study: str
    outcome: str
    arm: str
    measure: str
    estimate: float
    id: str = ""
    population: str = "everyone who started"
    reference: str = ""
    unit: str = ""
    week: float = math.nan
    conf_low: float = math.nan
    conf_high: float = math.nan
    conf_level: float = 0.95
    alternative: str = "two-sided"
    std_error: float = math.nan
    error_scale: str = "identity"
    df: float = math.nan
    p_value: float = math.nan
    n: int | None = None
    events: int | None = None
    n_reference: int | None = None
    events_reference: int | None = None
    studies: int | None = 1
    randomised: bool | None = None
    method: str = ""
    caution: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", self.id or self._made_id())
        for name in ("week", "estimate", "conf_low", "conf_high", "std_error", "df", "p_value"):
            value = getattr(self, name)
            object.__setattr__(self, name, math.nan if value is None else float(value))
        for problem in self._problems():
            raise ValueError(f'Estimate "{self.id}": {problem}')

    def _made_id(self) -> str:
        contrast = f"{self.arm}-vs-{self.reference}" if self.reference else self.arm
        parts = [self.study, self.outcome, self.measure, contrast]
        if self.population != "everyone who started":
            parts.insert(1, self.population)
        if self.week is not None and not math.isnan(self.week):
            parts.append(f"week-{self.week:g}")
        if self.alternative != "two-sided":
            parts.append("one-sided")
        return "/".join(map(_part_of_id, parts))

    def _problems(self):
        if not 0 < self.conf_level < 1:
            yield f"conf_level is {self.conf_level}; it is a probability between 0 and 1"
        if self.alternative not in ALTERNATIVES:
            yield f'alternative "{self.alternative}" is none of {ALTERNATIVES}'
        if self.std_error < 0 or self.p_value < 0 or self.p_value > 1:
            yield f"std_error {self.std_error} or p_value {self.p_value} is impossible"
        # an NNT whose interval runs through infinity has its limits the other way round
        inverted = self.measure == "nnt" and self.conf_low <= 0 <= self.conf_high
        slack = 1e-9 * max(1.0, abs(self.estimate))
        below, above = self.conf_low - slack, self.conf_high + slack
        if not inverted and (self.estimate < below or self.estimate > above):
            yield f"{self.estimate} lies outside its interval {self.conf_low} to {self.conf_high}"

    def same_as(self, other: Estimate) -> bool:
        """Whether all fields agree, missing numbers being alike."""
        pairs = ((getattr(self, f), getattr(other, f)) for f in COLUMNS)
        return all(a == b or (_is_nan(a) and _is_nan(b)) for a, b in pairs)

    @property
    def is_estimable(self) -> bool:
        return not math.isnan(self.estimate)


@dataclass(frozen=True)
class Estimates:
    """A frozen container of `Estimate` rows.

    ``+`` joins, ``.where(...)`` selects, ``.one()`` gives the single row, ``.frame`` a copy of the
    rows as a table with the closed list of columns. A row that stands twice is kept once.

    Raises
    ------
    ValueError
        When two rows share an id but not their numbers.

    Examples
    --------
    >>> rows = Estimates([Estimate("demo", "response", "combined", "risk", 0.6)])
    >>> rows.one().estimate
    0.6
    >>> list(rows.frame) == list(COLUMNS)
    True
    """

    rows: tuple[Estimate, ...] = ()

    def __init__(self, rows: Iterable[Estimate] = ()) -> None:
        kept: dict[str, Estimate] = {}
        for row in rows:
            if not isinstance(row, Estimate):
                raise TypeError(f"Estimates hold Estimate rows, not {type(row).__name__}.")
            first = kept.setdefault(row.id, row)
            if first is not row and not row.same_as(first):
                raise ValueError(
                    f'Two different estimates share the id "{row.id}". Give one of them another '
                    "outcome, population or arm name."
                )
        object.__setattr__(self, "rows", tuple(kept.values()))

    def __add__(self, other: Estimates) -> Estimates:
        return Estimates((*self.rows, *other.rows))

    def __iter__(self):
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        shown = [
            "outcome",
            "measure",
            "arm",
            "reference",
            "week",
            "estimate",
            "conf_low",
            "conf_high",
        ]
        return self.frame[shown].to_string() if self.rows else "Estimates: no rows"

    def where(self, **wanted) -> Estimates:
        """Rows whose columns equal the wanted values; a tuple or list means any of them."""
        unknown = set(wanted) - set(COLUMNS)
        if unknown:
            raise KeyError(f"No column {sorted(unknown)}; the columns are {', '.join(COLUMNS)}.")

        def fits(row: Estimate) -> bool:
            return all(
                getattr(row, k) in v if isinstance(v, tuple | list | set) else getattr(row, k) == v
                for k, v in wanted.items()
            )

        return Estimates(row for row in self.rows if fits(row))

    def one(self) -> Estimate:
        """The single row.

        Raises
        ------
        ValueError
            When there is not exactly one; the message names the rows there are.
        """
        if len(self.rows) != 1:
            found = ", ".join(row.id for row in self.rows[:5]) or "none"
            raise ValueError(f"Expected one estimate, found {len(self.rows)}: {found}.")
        return self.rows[0]

    @property
    def frame(self) -> pd.DataFrame:
        """A new table of the rows, columns `COLUMNS`, counts as nullable integers."""
        data = {c: [getattr(row, c) for row in self.rows] for c in COLUMNS}
        table = pd.DataFrame(data, columns=list(COLUMNS))
        counts = dict.fromkeys(COUNT_COLUMNS, "Int64")
        return table.astype(counts | {"randomised": "boolean"})

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Estimates:
        """The rows of a table that has the closed list of columns."""
        missing, unknown = set(COLUMNS) - set(frame), set(frame) - set(COLUMNS)
        if missing or unknown:
            raise ValueError(
                f"Not a table of estimates: missing {sorted(missing)}, unknown {sorted(unknown)}."
            )
        return cls(Estimate(**_plain(row)) for row in frame.to_dict("records"))

    def write_csv(self, path: str | Path) -> Path:
        """Write all rows at full precision; the same rows give the same bytes.

        Words that a spreadsheet would take for a formula get an apostrophe in front, which
        `read_csv` removes again; numbers are never touched.
        """
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        # repr is the shortest text that reads back as the same number; pandas' own is not
        exact = lambda value: repr(float(value))  # noqa: E731
        table = self.frame
        table[_TEXT] = table[_TEXT].map(no_formula)
        table.to_csv(path, index=False, lineterminator="\n", float_format=exact)
        return path

    @classmethod
    def read_csv(cls, path: str | Path) -> Estimates:
        """Read rows that `write_csv` wrote."""
        counts = dict.fromkeys(COUNT_COLUMNS, "Int64")
        frame = pd.read_csv(
            path,
            dtype=dict.fromkeys(_TEXT, str) | counts | {"randomised": "boolean"},
            float_precision="round_trip",
            keep_default_na=False,
            na_values={c: [""] for c in COLUMNS if c not in _TEXT},
        )
        frame[_TEXT] = frame[_TEXT].map(_as_written)
        return cls.from_frame(frame)


_FIELD_TYPES = {f.name: str(f.type) for f in fields(Estimate)}
_TEXT = [c for c, kind in _FIELD_TYPES.items() if kind == "str"]
_OPTIONAL = {*COUNT_COLUMNS, "randomised"}


#: Signs that make a cell a formula. Source: OWASP, CSV Injection.
_SIGNS = r"[=+\-@\t\r\n＝＋－＠]"
_FORMULA = re.compile(rf"[\s']*{_SIGNS}")
_MARKED = re.compile(rf"'[\s']*{_SIGNS}")


def no_formula(words: str) -> str:
    """Words that no spreadsheet calculates: =1+1 becomes '=1+1, the sign of text there."""
    return f"'{words}" if _FORMULA.match(words) else words


def _as_written(cell: str) -> str:
    """What `no_formula` was given."""
    return cell[1:] if _MARKED.match(cell) else cell


@lru_cache(maxsize=4096)
def _part_of_id(text: str) -> str:
    """Names come back in thousands of rows."""
    return re.sub(r"[^\w.+%-]+", "-", text.lower()).strip("-")


def _is_nan(value) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _plain(row: dict) -> dict:
    """A record of a table in plain Python values, missing counts as None."""
    kinds = dict.fromkeys(COUNT_COLUMNS, int) | {"randomised": bool}
    missing = {k for k in _OPTIONAL if row[k] is None or pd.isna(row[k])}
    return {k: None if k in missing else kinds.get(k, lambda v: v)(v) for k, v in row.items()}
