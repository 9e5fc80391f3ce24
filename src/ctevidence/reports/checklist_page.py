"""The page of reporting checklists, each item with its answer and a link to where it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from markupsafe import Markup

from ctevidence.language import pick, say, words
from ctevidence.reports.checklist import Answer, Checklist, Item, checklists, facts_of
from ctevidence.reports.material import Material
from ctevidence.reports.page import Block, Section, prose


def checklist_sections(material: Material, there: Mapping[str, str]) -> tuple[Section, ...]:
    """One section for each checklist that applies; the others are named.

    Parameters
    ----------
    material : Material
    there : mapping of str to str
        Titles of the sections of the pack, by their place: ``report.html#findings``.
    """
    facts = facts_of(material.study, material.trials, material.network)
    fitting = [c for c in checklists() if facts[c.applies]]
    others = [c for c in checklists() if not facts[c.applies]]
    intro = [say("appendix.checklists_intro")]
    intro += [say("appendix.not_for", name=c.name, of=c.of) for c in others]
    sections = [Section("checklists", say("appendix.checklists"), (prose(*intro),))]
    return (*sections, *(_section(c, facts, there) for c in fitting))


def summaries(material: Material, there: Mapping[str, str]) -> Iterator[str]:
    """How many items of each fitting checklist have which answer, in one line each."""
    facts = facts_of(material.study, material.trials, material.network)
    for checklist in checklists():
        if facts[checklist.applies]:
            counts = Counter(item.answer(facts, there) for item in checklist.items)
            yield say(
                "appendix.checklists_summary",
                name=checklist.name,
                yes=counts[Answer.YES],
                no=counts[Answer.NO],
                person=counts[Answer.PERSON],
                na=counts[Answer.NOT_APPLICABLE],
            )


def _section(checklist: Checklist, facts: dict[str, bool], there: Mapping[str, str]) -> Section:
    columns = [words("checklist_columns")[k] for k in ("item", "asks", "answer", "where")]
    rows = Markup("").join(_row(item, facts, there, columns) for item in checklist.items)
    heads = Markup("").join(Markup('<th scope="col">{}</th>').format(c) for c in columns)
    table = Markup(
        '<div class="table" id="table-{key}" tabindex="0" role="region" aria-label="{name}">'
        "<table><caption>{name}</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>"
        "</table></div>"
    ).format(
        key=checklist.key,
        name=say("appendix.checklist_caption", name=checklist.name),
        heads=heads,
        rows=rows,
    )
    source = prose(say("appendix.source", source=checklist.source))
    return Section(checklist.key, checklist.name, (Block(table), source))


def _row(
    item: Item, facts: dict[str, bool], there: Mapping[str, str], columns: list[str]
) -> Markup:
    answer = item.answer(facts, there)
    found = [place for place in item.where if place in there]
    links = Markup(", ").join(
        Markup('<a href="../{}">{}</a>').format(place, there[place]) for place in found
    )
    why = item.no if answer is Answer.NO else item.person
    said = Markup("{}{}{}").format(links, ": " if links and why else "", why)
    if answer is Answer.NOT_APPLICABLE:
        said = Markup("")
    cells = (item.asks, pick("checklist_answers", answer.value), said)
    body = Markup("").join(
        Markup('<td data-label="{}"><span>{}</span></td>').format(column, cell)
        for column, cell in zip(columns[1:], cells, strict=True)
    )
    # where a guideline does not number its items, a name of ours is nothing to show
    number = item.id if any(map(str.isdigit, item.id)) else ""
    named = f"{number} {item.topic}".strip()
    return Markup('<tr><th scope="row">{}</th>{}</tr>').format(named, body)
