"""Publishing: kept results become the released report pack."""

from __future__ import annotations

import shutil
from pathlib import Path

import ctevidence
from ctevidence.data.study import Study
from ctevidence.data.trials import Trials
from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.disclosure_log import table_disclosure
from ctevidence.display.language import say
from ctevidence.display.release import released
from ctevidence.reports.appendix import appendix_page
from ctevidence.reports.brief import brief_page
from ctevidence.reports.clinician import clinician_page
from ctevidence.reports.manifest import report_date
from ctevidence.reports.material import Material
from ctevidence.reports.page import Page, Section, bullets, grid, links, prose, verbatim
from ctevidence.reports.results import kept_tables, read_estimates


def publish(
    name: str,
    study: Study | None,
    trials: Trials | None,
    results: Path,
    target: Path,
    network: Trials | None = None,
) -> Path:
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

    Returns
    -------
    Path
        `target`.
    """
    version = ctevidence.__version__
    date = report_date().isoformat()
    material = Material(name, study, trials, results, date, version, network)
    shutil.rmtree(target, ignore_errors=True)
    for part in ("appendix", "estimates", "figures"):
        (target / part).mkdir(parents=True)
    pages = {"report.html": clinician_page(material), "brief.html": brief_page(material)}
    appendix = [appendix_page(p) for p in sorted((results / "notebooks").glob("*.ipynb"))]
    for part in appendix:
        section = Section("notebook", "Results", (verbatim(part.body),))
        page = Page("appendix", part.title, material.banner, (section,), material.footer, version)
        pages[f"appendix/{part.name}.html"] = page
    named = [(p.name, p.title, "executed notebook, without code") for p in appendix]
    if not disclosure_of(material.source).is_open:
        pages["appendix/disclosure.html"] = _disclosure_page(material)
        named.append(("disclosure", say("disclosure.title"), "rule by rule, without any value"))
    pages["index.html"] = _index(material, named)
    for file, page in pages.items():
        (target / file).write_text(page.html, encoding="utf-8")
    for path in sorted((results / "estimates").glob("*.csv")):
        rows = read_estimates(results, path.stem)
        released(rows, material.source).write_csv(target / "estimates" / path.name)
    for path in sorted((results / "figures").glob("*.png")):
        shutil.copyfile(path, target / "figures" / path.name)
    return target


def _disclosure_page(material: Material) -> Page:
    """What disclosure control did: how often each rule acted, and no value."""
    tables = kept_tables(material.results)
    table = table_disclosure(read_estimates(material.results), tables, material.source)
    blocks = (prose(say("disclosure.lead")), grid(table))
    section = Section("disclosure", "Rules", blocks)
    title = say("disclosure.title")
    return Page("appendix", title, material.banner, (section,), material.footer, material.version)


def _index(material: Material, appendix: list[tuple[str, str, str]]) -> Page:
    contents = links(
        [
            ("report.html", "Evidence report", "for clinicians; the answer, and what is behind it"),
            ("brief.html", "Brief", "for practice leadership; at most two printed pages"),
        ]
    )
    notebooks = links([(f"appendix/{name}.html", *told) for name, *told in appendix])
    files = bullets(
        [
            "estimates/: every estimate as a table (CSV), one row each",
            "figures/: every figure as a picture (PNG)",
            "manifest.json: inputs, parameters, versions and outputs with their checksums",
        ]
    )
    page = clinician_page(material)
    return Page(
        kind="index",
        title=page.title,
        lead=page.lead,
        banner=material.banner,
        sections=(
            page.sections[0],
            Section("pages", "Read", (contents,)),
            Section("appendix", "For researchers", (notebooks, files)),
        ),
        footer=material.footer,
        version=material.version,
    )
