"""A factorial trial at the margins and inside the table: effects of each component."""

from __future__ import annotations

from dataclasses import replace

from ctevidence.contrasts.combination import combine
from ctevidence.contrasts.compare import (
    compare,
    contrast_row,
    joined,
    levels_of,
    small_group,
    total_or_none,
)
from ctevidence.contrasts.unidentified import absent, unidentified
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.levels import Cell, Levels, is_randomised
from ctevidence.names import in_words
from ctevidence.terms import CONTRAST_MEASURES


def factorial_effects(
    source,
    *,
    combined: str = "combined",
    medication: str = "medication",
    therapy: str = "therapy",
    control: str = "control",
    measure: str | None = None,
    week: float | None = None,
    conf_level: float = 0.95,
) -> Estimates:
    """The effect of each component at the margins, and inside the table.

    Parameters
    ----------
    source : Levels or a fit
    combined, medication, therapy, control : str
        The arms or treatments that fill the four cells.
    measure : str, optional
        Level measure; the fit's first when absent.
    week, conf_level
        As for `compare`.

    Returns
    -------
    Estimates
        For each contrast measure of the levels but the NNT, and each component: its effect
        averaged over the other component, half each whatever the numbers of people; its effect
        without the other; its effect added to the other.

    Notes
    -----
    Both are shown because the effect at the margins speaks for neither half of the table when the
    components interact (McAlister et al. 2003, JAMA 289:2545; Montgomery et al. 2003, BMC Med Res
    Methodol 3:26; CONSORT extension for factorial trials, Kahan et al. 2023, JAMA 330:2106). In a
    balanced trial the variance of the interaction is four times that of an effect at the margins.
    """
    levels = levels_of(source, measure, week)
    names = (combined, medication, therapy, control)
    rows: list[Estimate] = []
    for contrast in levels.contrasts:
        if contrast == "nnt":
            continue
        for component, single, other in (
            ("medication", medication, therapy),
            ("therapy", therapy, medication),
        ):
            rows.append(_marginal(levels, names, component, single, other, contrast, conf_level))
            for arm, against in ((single, control), (combined, other)):
                if not absent(levels, (arm, against)):
                    rows += compare(
                        levels, arm, against=against, measure=contrast, conf_level=conf_level
                    )
    return Estimates(rows)


def _marginal(levels: Levels, names, component, single, other, contrast, conf_level) -> Estimate:
    reference = f"no {component}"
    if absent(levels, names):
        return unidentified(
            levels, f"any {component}", reference, contrast, say("contrasts.margins.needs_four")
        )
    combined, _, _, control = names
    given = [levels.cell(combined), levels.cell(single)]
    withheld = [levels.cell(other), levels.cell(control)]
    measure = CONTRAST_MEASURES[contrast]
    scale = measure.scale if levels.anchored else "identity"
    result = combine(levels, [*given, *withheld], [0.5, 0.5, -0.5, -0.5], scale, conf_level)
    row = contrast_row(levels, [given[0], withheld[0]], reference, measure, result, conf_level)
    other = "therapy" if component == "medication" else "medication"
    return replace(
        row,
        id="",
        arm=f"any {component}",
        **_people(given, ""),
        **_people(withheld, "_reference"),
        randomised=all(
            is_randomised([a, b], levels.randomised) for a, b in zip(given, withheld, strict=True)
        ),
        caution=joined(
            row.caution,
            say("contrasts.margins.averaged", other=in_words(other)),
            small_group((c.events, c.n) for c in (*given, *withheld)) if row.is_estimable else "",
        ),
    )


def _people(cells: list[Cell], side: str) -> dict[str, int | None]:
    return {
        f"n{side}": total_or_none([cell.n for cell in cells]),
        f"events{side}": total_or_none([cell.events for cell in cells]),
    }
