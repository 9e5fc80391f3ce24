"""The appendix for researchers: its first page, which leads to all that stands behind a report."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping

import pandas as pd

from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.disclosure_log import table_disclosure
from ctevidence.display.estimands import outcome_estimands, table_estimands
from ctevidence.display.table import Table
from ctevidence.language import ENGLISH, LANGUAGE_VARIABLE, say, words
from ctevidence.reports.behind_page import NAME as BEHIND
from ctevidence.reports.changes import Changes
from ctevidence.reports.changes_page import changes_section
from ctevidence.reports.checklist import facts_of
from ctevidence.reports.checklist_page import checklist_sections, summaries
from ctevidence.reports.checks.check import Check
from ctevidence.reports.components import components_words
from ctevidence.reports.estimates_page import estimates_section
from ctevidence.reports.material import Material
from ctevidence.reports.page import (
    Block,
    Page,
    Section,
    bullets,
    folded,
    grid,
    links,
    prose,
)
from ctevidence.reports.results import kept_tables

#: kept tables by parts of their names: whether models fit, and other ways to answer
DIAGNOSTICS = ("diagnostics", "influence", "residuals", "split", "selection", "event-tests")
SENSITIVITY = ("definitions", "dating", "sensitivity", "tipping", "imputation", "multiverse",
               "e-value", "overlap", "models", "margins", "for-whom")  # fmt: skip
#: what names sections of the appendix that other pages and checklists point to
SECTIONS = ("estimands", "estimates", "diagnostics", "sensitivity", "disclosure", "checklists",
            "checks", "changes", "rerun", "notebooks")  # fmt: skip


#: a name that is the same in every language
SHA = "SHA-256"


def researcher_pages(
    material: Material,
    found: Changes | None,
    notebooks: Iterable[tuple[str, str]],
    checks: Iterable[Check],
    there: Mapping[str, str],
) -> dict[str, Page]:
    """The pages of the appendix by their path in the pack.

    Parameters
    ----------
    material : Material
    found : Changes or None
        Against the last different report.
    notebooks : iterable of (str, str)
        Name and title of each executed notebook.
    checks : iterable of Check
    there : mapping of str to str
        Titles of the sections of the other pages, to which checklists point, by their place.
    """
    own = {f"appendix/index.html#{name}": say("appendix.title") for name in SECTIONS}
    there = {**there, **own}
    pages = {
        "index": (say("appendix.title"), _index(material, found, notebooks, checks, there)),
        "estimates": (say("appendix.open"), (estimates_section(material),)),
        "checklists": (say("appendix.checklists"), checklist_sections(material, there)),
        "changes": (say("appendix.changes"), (changes_section(found, material),)),
    }
    if not disclosure_of(material.source).is_open:
        pages["disclosure"] = (say("disclosure.title"), (_disclosure(material),))
    return {
        f"appendix/{name}.html": Page(
            kind="appendix",
            title=title,
            lead=say("appendix.lead") if name == "index" else "",
            banner=material.banner,
            sections=tuple(sections),
            footer=material.footer,
            version=material.version,
        )
        for name, (title, sections) in pages.items()
    }


def _index(
    material: Material,
    found: Changes | None,
    notebooks: Iterable[tuple[str, str]],
    checks: Iterable[Check],
    there: Mapping[str, str],
) -> list[Section]:
    outcomes = {(row.study, row.outcome) for row in material.estimates}
    count = say("appendix.estimates_intro", count=len(material.estimates), outcomes=len(outcomes))
    return [
        Section("folded", say("appendix.behind"), (links(
            [(f"{BEHIND}.html", say("appendix.behind"), say("appendix.behind_lead"))]),)),
        _estimands(material),
        _leading("estimates", say("appendix.estimates"), "estimates", say("appendix.open"), count),
        _kept(material, "diagnostics", say("appendix.diagnostics"),
              say("appendix.diagnostics_intro"), DIAGNOSTICS),
        _kept(material, "sensitivity", say("appendix.sensitivity"),
              say("appendix.sensitivity_intro"), SENSITIVITY),
        _log(material),
        _leading("checklists", say("appendix.checklists"), "checklists",
                 say("appendix.checklists"), say("appendix.checklists_lead"),
                 *summaries(material, there)),
        _checks(checks),
        _leading("changes", say("appendix.changes"), "changes", say("appendix.changes"),
                 *_changed(found)),
        _rerun(material),
        Section("notebooks", say("appendix.notebooks"), (links(
            (f"{name}.html", title, say("appendix.notebook")) for name, title in notebooks),)),
    ]  # fmt: skip


def _leading(key: str, title: str, page: str, name: str, *told: str) -> Section:
    """A section that says what stands on a page of its own, and leads there."""
    first, *rest = told
    return Section(key, title, (links([(f"{page}.html", name, first)]), bullets(rest)))


def _changed(found: Changes | None) -> list[str]:
    if found is None:
        return [say("appendix.first")]
    kinds = Counter(words("changes_causes")[cause.kind] for cause in found.causes)
    return [", ".join(kinds) or say("appendix.no_cause")]


def _estimands(material: Material) -> Section:
    study = material.study
    told = [say("appendix.estimands_intro")]
    if study:
        what = components_words(study.randomised) or say("appendix.nothing")
        told.append(say("appendix.assigned", what=what))
    if facts_of(study, None, None)["four_cells"]:
        told.append(say("appendix.four_cells"))
    found = outcome_estimands(material.estimates, study.name if study else "")
    table = table_estimands(found)
    return Section("estimands", say("appendix.estimands"), (prose(*told), folded(
        say("estimands.caption"), table)))  # fmt: skip


def _kept(material: Material, key: str, title: str, intro: str, parts: tuple[str, ...]) -> Section:
    """Tables that notebooks kept, by parts of their names."""
    names = sorted(path.stem for path in (material.results / "tables").glob("*.json"))
    tables = [material.table(name) for name in names if any(part in name for part in parts)]
    blocks: list[Block] = [folded(table.caption, table) for table in tables]
    return Section(key, title, (prose(intro), *(blocks or [prose(say("appendix.no_tables"))])))


def _log(material: Material) -> Section:
    """What the disclosure profile asks for; what it did stands on a page of its own."""
    disclosure = disclosure_of(material.source)
    intro = say("appendix.log_intro", profile=disclosure.name, rule=disclosure.describe)
    if disclosure.is_open:
        return Section("disclosure", say("appendix.log"), (prose(intro, say("appendix.log_open")),))
    title = say("disclosure.title")
    return _leading("disclosure", say("appendix.log"), "disclosure", title, intro)


def _disclosure(material: Material) -> Section:
    """What disclosure control did: how often each rule acted, and no value."""
    table = table_disclosure(material.exact, kept_tables(material.results), material.source)
    return Section(
        "disclosure", say("disclosure.rules"), (prose(say("disclosure.lead")), grid(table))
    )


def _checks(checks: Iterable[Check]) -> Section:
    titles = words("check_columns")
    frame = pd.DataFrame(
        [[check.id, check.rule, check.source] for check in checks],
        columns=[titles["id"], titles["rule"], titles["source"]],
    )
    table = Table("checks", say("appendix.checks_caption"), frame)
    return Section(
        "checks", say("appendix.checks"), (prose(say("appendix.checks_intro")), grid(table))
    )


def _rerun(material: Material) -> Section:
    run = material.run
    titles = words("rerun_columns")
    frame = pd.DataFrame(_made_with(run, material.name), columns=[titles["what"], titles["value"]])
    table = Table("rerun", say("appendix.rerun_caption"), frame)
    data = pd.DataFrame(sorted(run.get("inputs_sha256", {}).items()), columns=[titles["what"], SHA])
    files = Table("inputs", say("appendix.rerun_caption"), data)
    blocks = [prose(say("appendix.rerun_intro")), grid(table)]
    return Section("rerun", say("appendix.rerun"), (*blocks, folded(SHA, files)))


def _made_with(run: Mapping, name: str) -> Iterable[tuple[str, str]]:
    yield say("appendix.rerun_command"), command(run)
    yield say("appendix.rerun_check"), f"ctevidence verify reports/{run.get('report', name)}"
    seeds = ", ".join(f"{k} {v}" for k, v in run.get("seeds", {}).items())
    yield say("appendix.rerun_seeds"), seeds or say("appendix.rerun_no_seed")
    if (language := run.get("language", ENGLISH)) != ENGLISH:
        yield say("appendix.rerun_language"), f"{LANGUAGE_VARIABLE}={language}"
    for key in ("ctevidence", "python"):
        if run.get(key):
            yield key, str(run[key])
    for key, what in words("rerun_checksums").items():
        if run.get(key):
            yield what, str(run[key])
    for library, version in run.get("libraries", {}).items():
        yield library, str(version)


def command(run: Mapping) -> str:
    """The command line that makes a report, from what its manifest records.

    Examples
    --------
    >>> command({"report": "one", "parameters": {"name": "one", "trials": "two", "week": 9}})
    'ctevidence report one --trials two -p week=9'
    """
    asked = dict(run.get("parameters", {}))
    line = ["ctevidence", "report", str(asked.pop("name", ""))]
    for option in ("trials", "network"):
        if value := asked.pop(option, None):
            line += [f"--{option}", str(value)]
    for outcome in asked.pop("outcomes", ()):
        line += ["--outcome", str(outcome)]
    for kind in asked.pop("formats", ()):
        line += [f"--{kind}"]
    for name, value in asked.items():
        line += ["-p", f"{name}={value}"]
    if run.get("report") not in (None, line[2]):
        line += ["--name", str(run["report"])]
    return shlex.join(line)
