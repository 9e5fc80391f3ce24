"""What could overturn the answer: in the key messages, and as a section of the report.

Missing scores, treatment that chance did not assign, and other ways of analysing, each in words
that the notebook made, with its figure.
"""

from __future__ import annotations

from ctevidence.reports.material import Material
from ctevidence.reports.page import Section, folded, grid, heading, picture, prose

LIMITS = "limits"
INTRO = (
    "The answers above hold under assumptions that these data cannot test. Here each is changed, "
    "and the answer with it."
)
COURSE = "The same comparison under each assumption about the scores that nobody saw."
TIPPING = (
    "Imputed scores after dropout are made worse or better by so many points; coloured cells are "
    "where a difference would be shown."
)
RESPONSE = "Scores are imputed and the rule of response applied to them."
BALANCE = "Weights make people alike in what was measured, and in nothing else."
MULTIVERSE = (
    "Each column is one way of analysing: above what it finds, below the choices it made. Ways "
    "were chosen, not drawn, so how many agree is no probability."
)


def limits_messages(material: Material) -> tuple[str, ...]:
    """What limits the answer, one message each; empty where the notebook did not run."""
    table = material.table(LIMITS)
    return () if table is None else tuple(table.frame.iloc[:, 1])


def sensitivity_section(material: Material) -> Section | None:
    """Each limit with its figure; the tables behind them are folded away."""
    table = material.table(LIMITS)
    if table is None:
        return None
    kinds = list(table.frame.iloc[:, 0])
    said = list(table.frame.iloc[:, 1])
    shown = (
        (
            picture(material.figure("missing-course"), COURSE),
            picture(material.figure("tipping-point"), TIPPING),
            picture(material.figure("missing-response"), RESPONSE),
            folded("Every assumption about missing scores", material.table("missing-scores")),
        ),
        (
            grid(material.table("confounding")),
            picture(material.figure("balance"), BALANCE),
        ),
        (
            picture(material.figure("multiverse"), MULTIVERSE),
            folded("Every question over the ways of analysing",
                   material.table("multiverse-questions")),
        ),
    )  # fmt: skip
    blocks = [prose(INTRO)]
    for kind, words, figures in zip(kinds, said, shown, strict=True):
        blocks += [heading(kind), prose(words), *figures]
    return Section("limits-of-the-answer", table.caption, tuple(blocks))
