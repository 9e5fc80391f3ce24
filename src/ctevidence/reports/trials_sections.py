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
#: misreadings that the trials invite
MISREAD = ("convenience-sample", "taper", "bipolar")
#: answers of a network that stand behind a line: the summary and the claims hold what leads
FOLDED = ("Better than both parts?", "More than its parts?", "Do components add up?")
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
    blocks: list[Block] = [prose(material.warning(*MISREAD)), bullets(material.trials.notes)]
    answers = _answers(material.table("trials-answers"))
    blocks.append(folded("Every question put to the trials, with its answer", *answers))
    for single in SINGLES:
        short = material.table(f"overview-{single}-short")
        full = material.table(f"overview-{single}")
        blocks += [
            heading(f"Combined treatment against {single}"),
            picture(material.figure(f"forest-{single}")),
            folded("Outcome by outcome", *_tables(short, full)),
            folded("Are small trials different?", *_small_studies(material, single)),
        ]
    blocks += [
        heading("More than the sum of its parts? Trials of all four cells"),
        prose(FOUR_CELLS),
        picture(material.figure("trials-synergy")),
        folded("Trial by trial", material.table("trials-synergy")),
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


def _tables(short: Table | None, full: Table | None) -> list[Table | None]:
    """The table of the condition that leads, then the whole; once where they are the same."""
    if short is None or full is None or len(short.frame) == len(full.frame):
        return [full]
    return [short, full]


def _small_studies(material: Material, single: str) -> list[Block]:
    figure = material.figure(f"small-study-{single}")
    return [prose(material.warning("small-study-span")), picture(figure)] if figure else []


def network_section(material: Material) -> Section | None:
    """The network of trials: what combining adds, the ranking with its caution, components."""
    answers = material.table("network-answers")
    if material.trials is None or answers is None:
        return None
    rows = list(answers.frame.itertuples(index=False, name=None))
    said: dict[str, list[str]] = {}
    for question, _, answer in rows:
        said.setdefault(question, []).append(answer)
    warning = material.warning("first-is-not-best")
    blocks: list[Block] = [prose(*said.pop(rows[0][0]), REACH, warning)]
    if material.network is not None and material.network.name != material.trials.name:
        blocks.append(bullets(material.network.notes))
    blocks.append(picture(material.figure("network")))
    behind = {
        "Which ranks first": folded("Every treatment", material.table("network-treatments")),
        "More than its parts?": _cell_means(material),
        "Do components add up?": _components(material),
    }
    for question, told in said.items():
        inside = behind.get(question)
        if question in FOLDED:
            blocks.append(folded(question, bullets(told), inside))
        else:
            blocks += [heading(question), bullets(told), *([inside] if inside else [])]
    split = material.table("network-split")
    blocks.append(folded("Direct against indirect evidence", split))
    return Section("network", _title(material), tuple(blocks))


def _title(material: Material) -> str:
    if material.network is None or material.network.name == material.trials.name:
        return "The trials as a network"
    return f"A network of trials: {material.network.population or material.network.title}"


def _cell_means(material: Material) -> Block:
    table = material.table("cell-means")
    return prose() if table is None or len(table.frame.columns) == 1 else grid(table)


def _components(material: Material) -> Block:
    tables = (material.table("network-components"), material.table("network-selection"))
    shown = picture(material.figure("components"))
    return type(shown)(shown.html + folded("Components and interactions tried", *tables).html)
