"""Published trials in the clinician's report: answers first, then figures, tables, the network."""

from __future__ import annotations

from ctevidence.display.table import Table
from ctevidence.reports.material import Material
from ctevidence.reports.page import (
    Block,
    Section,
    bullets,
    definitions,
    folded,
    grid,
    heading,
    picture,
    prose,
)

SINGLES = ("medication", "therapy")
#: how the answers of a question without trials begin
_NOTHING = ("No trial", "No answer")
SAMPLE = (
    "The trials are a convenience sample: those whose numbers could be had, not all that were "
    "made. Read what they say with the notes below."
)
FOUR_CELLS = (
    "Only a trial that has all four cells can tell synergy by itself. Each stands alone; nothing "
    "is pooled, and no synergy does not mean no benefit."
)
REACH = (
    "A network compares treatments directly and through each other; it assumes that its trials "
    "are alike in what changes effects. An odds ratio above 1 means that more people respond."
)


def trials_section(material: Material) -> Section | None:
    """What the published trials say, for the condition of the study where there is one."""
    if material.trials is None:
        return None
    blocks: list[Block] = [*_answers(material.table("trials-answers")), prose(SAMPLE)]
    blocks.append(bullets(material.trials.notes))
    for single in SINGLES:
        short = material.table(f"overview-{single}-short")
        full = material.table(f"overview-{single}")
        blocks += [
            heading(f"Combined treatment against {single}"),
            picture(material.figure(f"forest-{single}")),
            picture(material.figure(f"small-study-{single}")),
            _short(short, full),
            folded("Every condition, age, outcome and stratum", full),
        ]
    blocks += [
        heading("More than the sum of its parts? Trials of all four cells"),
        prose(FOUR_CELLS),
        picture(material.figure("trials-synergy")),
        grid(material.table("trials-synergy")),
    ]
    left_out = material.table("trials-left-out")
    blocks.append(folded("Trials left out of a comparison, and why", left_out))
    return Section("trials", "What the published trials say", tuple(blocks))


def _answers(table: Table | None) -> list[Block]:
    """Questions with their answers; those that no trial answers together in one line."""
    if table is None:
        return []
    rows = list(table.frame.itertuples(index=False, name=None))
    everyone = {who for _, who, _ in rows}
    alone = len(everyone) == 1
    pairs = [(asks if alone else f"{asks} ({who})", said) for asks, who, said in rows]
    told = [(asks, said) for asks, said in pairs if not said.startswith(_NOTHING)]
    silent = [asks for asks, said in pairs if said.startswith(_NOTHING)]
    none = f"No trial answers: {'; '.join(silent)}." if silent else ""
    who = f"Trials of {everyone.pop()}." if alone else ""
    return [prose(who), definitions(told), prose(none)]


def _short(short: Table | None, full: Table | None) -> Block:
    """The table of the condition that leads; nothing where it is the whole overview."""
    if short is None or full is None or len(short.frame) == len(full.frame):
        return prose()
    return grid(short)


def network_section(material: Material) -> Section | None:
    """The network of trials: what combining adds, the ranking with its caution, components."""
    answers = material.table("network-answers")
    if material.trials is None or answers is None:
        return None
    rows = list(answers.frame.itertuples(index=False, name=None))
    said: dict[str, list[str]] = {}
    for question, _, answer in rows:
        said.setdefault(question, []).append(answer)
    blocks: list[Block] = [prose(*said.pop(rows[0][0]), REACH)]
    if material.network is not None and material.network.name != material.trials.name:
        blocks.append(bullets(material.network.notes))
    blocks.append(picture(material.figure("network")))
    behind = {
        "Which ranks first": folded("Every treatment", material.table("network-treatments")),
        "More than its parts?": _cell_means(material),
        "Do components add up?": _components(material),
    }
    for question, told in said.items():
        blocks += [heading(question), bullets(told)]
        blocks += [behind[question]] if question in behind else []
    split = material.table("network-split")
    blocks.append(folded("Direct against indirect evidence", split))
    return Section("network", _title(material), tuple(blocks))


def _title(material: Material) -> str:
    if material.network is None or material.network.name == material.trials.name:
        return "The trials as a network"
    return f"A network of trials: {material.network.population or material.network.title}"


def _cell_means(material: Material) -> Block:
    has_means = material.trials.cell_means is not None
    return grid(material.table("cell-means")) if has_means else prose()


def _components(material: Material) -> Block:
    tables = (material.table("network-components"), material.table("network-selection"))
    shown = picture(material.figure("components"))
    return type(shown)(shown.html + folded("Components and interactions tried", *tables).html)
