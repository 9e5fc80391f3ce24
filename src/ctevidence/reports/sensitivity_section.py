"""What could overturn the answer: in the key messages, and as a section of the report.

Missing scores, treatment that chance did not assign, and other ways of analysing, each in words
that the notebook made, with its figure.
"""

from __future__ import annotations

from ctevidence.display.figure import Figure
from ctevidence.display.table import Table
from ctevidence.language import say
from ctevidence.reports.material import Material
from ctevidence.reports.page import Section, folded, folded_picture, grid, prose

LIMITS = "limits"


def limits_messages(material: Material) -> tuple[str, ...]:
    """What limits the answer, one message each; empty where the notebook did not run."""
    table = material.table(LIMITS)
    return () if table is None else tuple(table.frame.iloc[:, 1])


def sensitivity_section(material: Material) -> Section | None:
    """Each limit with its figure, open on a screen; the tables behind them are folded away."""
    table = material.table(LIMITS)
    if table is None:
        return None
    kinds = list(table.frame.iloc[:, 0])
    said = list(table.frame.iloc[:, 1])

    def figure(name: str) -> Figure | None:
        """The figure, unless all it has to say is a reason that stands in print above it."""
        found = material.figure(name)
        said_above = found and found.why_empty and found.why_empty.rstrip(".") in "".join(said)
        return None if said_above else found

    def rows(name: str) -> Table | None:
        """The table, unless its only cell stands in print above it."""
        found = material.table(name)
        said_above = found and found.frame.size == 1 and found.frame.iloc[0, 0] in said
        return None if said_above else found

    shown = (
        (
            folded_picture(figure("missing-course"), say("limits.course_caption"), True),
            folded_picture(figure("tipping-point"), say("limits.tipping_caption")),
            folded_picture(figure("missing-response"), say("limits.response_caption")),
            folded(say("limits.every_assumption"), rows("missing-scores")),
        ),
        (
            grid(rows("confounding")),
            folded_picture(figure("balance"), say("limits.balance_caption")),
        ),
        (
            folded_picture(figure("multiverse"), say("limits.multiverse_caption"), True),
            folded(say("limits.every_question"), rows("multiverse-questions")),
        ),
    )  # fmt: skip
    # the key messages say it too: print, which is short, says it once
    blocks = [
        folded(kind, prose(told), *figures, is_open=True)
        for kind, told, figures in zip(kinds, said, shown, strict=True)
    ]
    intro = prose(say("limits.intro"))
    return Section("limits-of-the-answer", table.caption, (intro, *blocks))
