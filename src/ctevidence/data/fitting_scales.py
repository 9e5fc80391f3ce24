"""Which scales a column of scores can be of: by its values, and by the name of its file."""

from __future__ import annotations

from collections.abc import Iterable

from ctevidence.data.cells import read_number
from ctevidence.data.scales import Scale, scales
from ctevidence.data.understood import named_scale, plain_name

#: how far from a step a score may be that is written with decimals
_NEARLY = 1e-9


def fitting_scales(values: Iterable[str]) -> list[Scale]:
    """Scales whose range and steps hold all of these scores, the narrowest first.

    Parameters
    ----------
    values : iterable of str
        Cells; empty ones count for nothing.

    Examples
    --------
    >>> [scale.label for scale in fitting_scales(["2", "26"])][:2]
    ['PHQ-9', 'QIDS-SR16']
    """
    read = [read_number(value) for value in set(values) if value]
    if not read or any(fault for _, fault in read):
        return []
    fitting = [s for s in scales() if all(_is_score(number, s) for number, _ in read)]
    return sorted(fitting, key=lambda scale: scale.high - scale.low)


def _is_score(number: float, scale: Scale) -> bool:
    if not scale.low <= number <= scale.high:
        return False
    steps = (number - scale.low) / scale.step if scale.step else 0
    return abs(steps - round(steps)) < _NEARLY


def scale_in(name: str) -> Scale | None:
    """The scale that the name of a file or sheet begins or ends with, if any.

    Examples
    --------
    >>> scale_in("PHQ-9 scores").label, scale_in("export_gad7").label, scale_in("scores")
    ('PHQ-9', 'GAD-7', None)
    """
    parts = plain_name(name).split("_")
    for n in range(len(parts), 0, -1):
        if scale := named_scale("".join(parts[:n])) or named_scale("".join(parts[-n:])):
            return scale
    return None
