"""Published trials in the clinician's report: answers first, then figures, tables, the network."""

from __future__ import annotations

from ctevidence.display.labels import condition_label
from ctevidence.display.table import Table
from ctevidence.language import is_said, pick, say
from ctevidence.reports.material import Material
from ctevidence.reports.page import (
    Block,
    Section,
    bullets,
    definitions,
    folded,
    folded_picture,
    grid,
    heading,
    joined,
    picture,
    prose,
)
from ctevidence.synthesis.conditions import group_named
from ctevidence.synthesis.trial_questions import QUESTIONS

SINGLES = ("medication", "therapy")

#: misreadings that the trials invite
MISREAD = ("convenience-sample", "taper", "bipolar")


def trials_section(material: Material) -> Section | None:
    """What the published trials say, for the condition of the study where there is one."""
    if material.trials is None:
        return None
    about = folded(say("trials.about"), bullets(material.trials.notes), is_open=True)
    blocks: list[Block] = [prose(material.warning(*MISREAD)), about]
    answers = _answers(material.table("trials-answers"))
    blocks.append(folded(say("trials.answers"), *answers))
    for single in SINGLES:
        short = material.table(f"overview-{single}-short")
        full = material.table(f"overview-{single}")
        blocks += [
            heading(pick("trials", f"against_{single}")),
            prose(_given(material, single)),
            picture(material.figure(f"forest-{single}")),
            folded(say("trials.by_outcome"), *_tables(short, full)),
            folded(say("trials.small"), *_small_studies(material, single)),
        ]
    blocks += [
        _four_cells(material),
        folded(say("trials.by_trial"), material.table("trials-synergy")),
    ]
    blocks.append(folded(say("trials.left_out"), material.table("trials-left-out")))
    return Section("trials", say("trials.title"), tuple(blocks))


def _four_cells(material: Material) -> Block:
    figure = picture(material.figure("trials-synergy"))
    intro = prose(say("trials.four_cells_intro"))
    return folded(say("trials.four_cells"), *([intro, figure] if figure.html else []), is_open=True)


def _answers(table: Table | None) -> list[Block]:
    """Questions with their answers; those that no trial answers together in one line."""
    if table is None:
        return []
    rows = list(table.frame.itertuples(index=False, name=None))
    everyone = {who for _, who, _ in rows}
    alone = len(everyone) == 1
    pairs = [(asks if alone else f"{asks} ({who})", said) for asks, who, said in rows]
    told = [(asks, said) for asks, said in pairs if not _is_silent(said)]
    silent = [asks for asks, said in pairs if _is_silent(said)]
    none = say("trials.silent", questions="; ".join(silent)) if silent else ""
    who = say("trials.of", who=everyone.pop()) if alone else ""
    return [prose(who), definitions(told), prose(none)]


def _is_silent(answer: str) -> bool:
    """Whether no trial answers a question."""
    return is_said("answers.no_trial", answer) or is_said("answers.none", answer)


def _given(material: Material, single: str) -> str:
    """Which drugs and therapies stand behind the pooled numbers of the condition that leads."""
    table = material.table("trials-given")
    if table is None:
        return ""
    question = next(q.words for q in QUESTIONS if q.key == f"better-{single}")
    group = group_named(material.condition)
    found = [
        row
        for row in table.frame.itertuples(index=False, name=None)
        if row[0] == question and (group is None or row[1] == condition_label(group).lower())
    ]
    told = [say("given.named", medication=row[2], therapy=row[3]) for row in found if all(row[2:])]
    # of several conditions each would need a sentence: the table has them
    return told[0] if len(found) == 1 and told else ""


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
    intro = say("trials.network_intro")
    blocks: list[Block] = [prose(*said.pop(rows[0][0]), intro, warning)]
    if material.network is not None and material.network.name != material.trials.name:
        blocks.append(bullets(material.network.notes))
    blocks.append(folded_picture(material.figure("network"), is_open=True))
    treatments = folded(say("trials.every_treatment"), material.table("network-treatments"))
    both, more = say("network_answers.both"), say("network_answers.more")
    add_up = say("network_answers.components")
    ranks = say("network_answers.ranks_first")
    behind = {ranks: treatments, more: _cell_means(material), add_up: _components(material)}
    for question, told in said.items():
        inside = behind.get(question)
        # what leads stands in the summary and the claims
        if question in (both, more, add_up):
            blocks.append(folded(question, bullets(told), inside))
        else:
            blocks += [heading(question), bullets(told), *([inside] if inside else [])]
    blocks.append(folded(say("trials.split"), material.table("network-split")))
    return Section("network", _title(material), tuple(blocks))


def _title(material: Material) -> str:
    if material.network is None or material.network.name == material.trials.name:
        return say("trials.network")
    named = material.network.population or material.network.title
    return say("trials.network_of", named=named)


def _cell_means(material: Material) -> Block:
    table = material.table("cell-means")
    return prose() if table is None or len(table.frame.columns) == 1 else grid(table)


def _components(material: Material) -> Block:
    tables = (material.table("network-components"), material.table("network-selection"))
    shown = picture(material.figure("components"))
    return joined(shown, folded(say("trials.components"), *tables))
