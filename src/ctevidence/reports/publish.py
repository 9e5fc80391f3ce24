"""Publishing: kept results become the released report pack."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import ctevidence
from ctevidence.data.project import Project
from ctevidence.data.study import Study
from ctevidence.data.trials import Trials
from ctevidence.display.release import released
from ctevidence.language import say, words
from ctevidence.reports.appendix import appendix_page
from ctevidence.reports.behind_page import NAME as BEHIND
from ctevidence.reports.behind_page import behind_page
from ctevidence.reports.brief import brief_page
from ctevidence.reports.changes_page import changes_of, write_changes
from ctevidence.reports.checks.rules import CHECKS
from ctevidence.reports.clinician import clinician_page
from ctevidence.reports.formats import write_formats
from ctevidence.reports.manifest import report_date
from ctevidence.reports.material import Material
from ctevidence.reports.page import Page, Section, bullets, links, verbatim
from ctevidence.reports.researchers import researcher_pages
from ctevidence.reports.results import read_estimates
from ctevidence.reports.results_file import results_of, write_results


def publish(
    name: str,
    study: Study | None,
    trials: Trials | None,
    results: Path,
    target: Path,
    network: Trials | None = None,
    formats: tuple[str, ...] = (),
    project: Project | None = None,
) -> tuple[str, ...]:
    """Make the released pack from the results that the notebooks kept.

    Parameters
    ----------
    name : str
    study, trials : Study, Trials or None
    results : Path
        Exact, internal results.
    network : Trials, optional
        Shown as a network beside the trials.
    target : Path
        New folder for ``index.html report.html brief.html appendix/ estimates/ figures/``.
    formats : tuple of str
        Further formats of report and brief.
    project : Project, optional
        Whose own claims, judgements and service the pages read.

    Returns
    -------
    tuple of str
        A line for each format that could not be made.
    """
    version = ctevidence.__version__
    date = report_date().isoformat()
    material = Material(name, study, trials, results, date, version, network, project)
    shutil.rmtree(target, ignore_errors=True)
    for part in ("appendix", "estimates", "figures"):
        (target / part).mkdir(parents=True)
    report = clinician_page(material)
    pages = {"report.html": report, "brief.html": brief_page(material)}
    pages[f"appendix/{BEHIND}.html"] = behind_page(report)
    appendix = [appendix_page(p) for p in sorted((results / "notebooks").glob("*.ipynb"))]
    for part in appendix:
        section = Section("notebook", say("appendix.notebook_results"), (verbatim(part.body),))
        page = Page("appendix", part.title, material.banner, (section,), material.footer, version)
        pages[f"appendix/{part.name}.html"] = page
    notebooks = [(p.name, p.title) for p in appendix]
    there = {
        f"{file}#{part.id}": part.title for file, page in pages.items() for part in page.sections
    }
    found = changes_of(material)
    pages |= researcher_pages(material, found, notebooks, CHECKS, there)
    for file, page in pages.items():
        (target / file).write_text(page.html, encoding="utf-8")
    made, remarks = write_formats(target, formats)
    (target / "index.html").write_text(
        _index(material, report, notebooks, made).html, encoding="utf-8"
    )
    write_changes(found, target / "changes.json")
    write_results(results_of(material, CHECKS), target)
    for path in sorted((results / "estimates").glob("*.csv")):
        rows = read_estimates(results, path.stem)
        released(rows, material.source).write_csv(target / "estimates" / path.name)
    for path in sorted((results / "figures").glob("*.png")):
        shutil.copyfile(path, target / "figures" / path.name)
    return remarks


def _index(
    material: Material, report: Page, appendix: list[tuple[str, str]], made: list[str]
) -> Page:
    contents = links(
        [
            ("report.html", say("index.report"), say("index.report_is")),
            ("brief.html", say("index.brief"), say("index.brief_is")),
            *((file, file, say("index.printed")) for file in made),
        ]
    )
    notebooks = links(
        [
            ("appendix/index.html", say("appendix.title"), say("appendix.lead")),
            *((f"appendix/{n}.html", title, say("appendix.notebook")) for n, title in appendix),
        ]
    )
    files = bullets(words("index_files").values())
    return Page(
        kind="index",
        title=report.title,
        lead=report.lead,
        banner=material.banner,
        sections=(
            # what could overturn the answer stands in the report: here the links follow at once
            replace(report.sections[0], blocks=report.sections[0].blocks[:1]),
            Section("pages", say("index.read"), (contents,)),
            Section("appendix", say("index.researchers"), (notebooks, files)),
        ),
        footer=material.footer,
        version=material.version,
    )
