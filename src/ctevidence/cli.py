"""The command line: ``ctevidence report | prepare | check | new | list | simulate | verify``.

Heavy modules are imported by the command that needs them, so that help answers at once.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ctevidence.terms import UsageError

app = typer.Typer(
    help="Medication, therapy, or both? From data to an evidence report.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

#: under reports/.work: a line for each step of every run, without any value of a person
LOG = ".log"
#: exit status of what cannot be done as it is asked: nothing has run
ASKED_WRONG = 2
#: exit status after Ctrl-C, as shells and typer have it, and what is said then
BY_HAND = 130
STOPPED = "Stopped. What was there before is as it was; run the same command again to go on."
#: people from which simulated tables are written as Parquet unless said otherwise
PARQUET_FROM = 50_000


@app.command()
def report(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME...",
            help="Folders under data/raw or data/processed; or a matrix file (.toml).",
        ),
    ],
    trials: Annotated[
        str | None, typer.Option(help="Published trials to weigh together with the study.")
    ] = None,
    network: Annotated[
        str | None,
        typer.Option(help="Published trials to show as a network of treatments beside them."),
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option("--param", "-p", help="A parameter: name=value.")
    ] = None,
    outcome: Annotated[
        list[str] | None, typer.Option(help="Only this outcome: response, course, relapse.")
    ] = None,
    name: Annotated[
        str, typer.Option("--name", help="Folder under reports/, when it is not the study's name.")
    ] = "",
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Notebooks run side by side; 2, or 1 of very large studies."),
    ] = None,
    cluster: Annotated[
        str, typer.Option(help="Run notebooks on a Dask cluster: the address of its scheduler.")
    ] = "",
    fresh: Annotated[bool, typer.Option(help="Run all anew, whatever is kept.")] = False,
    wait: Annotated[bool, typer.Option(help="Wait for another run on the same report.")] = False,
    allow_difference: Annotated[
        str, typer.Option(help="Why it may differ by a few people from an earlier release.")
    ] = "",
    pdf: Annotated[bool, typer.Option("--pdf", help="Report and brief as PDF too.")] = False,
    docx: Annotated[bool, typer.Option("--docx", help="Report and brief for Word too.")] = False,
    quiet: Annotated[bool, typer.Option(help="No progress bar.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say the result as JSON.")] = False,
) -> None:
    """Make the report pack of studies (or of published trials) in reports/NAME."""
    import json

    from ctevidence.data.project import find_project
    from ctevidence.reports.making import make_reports
    from ctevidence.reports.orders import ordered
    from ctevidence.reports.progress import Display, failures_table, plain

    project, given = find_project(), _parameters(param or [])
    formats = tuple(kind for kind, wanted in (("pdf", pdf), ("docx", docx)) if wanted)
    chosen = (given, tuple(outcome or ()), name, allow_difference, formats)
    orders = ordered(names, trials, network, *chosen)
    log = project.work(LOG)
    with Display([order.report for order in orders], log, quiet) as display:
        how = {"workers": workers, "fresh": fresh, "wait": wait, "cluster": cluster}
        made = make_reports(orders, project, watch=display, **how)
    if as_json:
        typer.echo(json.dumps(plain(made), ensure_ascii=False, indent=1))
    else:
        for one in made:
            if not one.failures:
                typer.echo(f"{one.path / 'index.html'}  ({_took(one)})")
            for remark in one.remarks:
                typer.echo(remark, err=True)
    if any(one.failures for one in made):
        display.console.print(failures_table(made))
        display.console.print(f"What was there before is unchanged. The log: {log}")
        raise typer.Exit(1)


def _took(made) -> str:
    if made.unchanged:
        return "nothing has changed: it is as it was"
    return ", ".join(f"{part} {seconds:.0f} s" for part, seconds in made.seconds.items())


def _parameters(pairs: list[str]) -> dict[str, object]:
    """``name=value`` pairs; values are Python literals, or text when they are not."""
    import ast

    values: dict[str, object] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise UsageError(f'"{pair}" is not name=value; write for instance -p week=9.')
        try:
            values[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            values[name] = text
    return values


@app.command()
def prepare(
    name: Annotated[str | None, typer.Argument(help="A folder under data/raw.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Prepare everything in data/raw.")] = False,
    quiet: Annotated[bool, typer.Option(help="Say nothing when all is well.")] = False,
) -> None:
    """Make data/processed/NAME from data/raw/NAME."""
    from ctevidence.data.prepare import prepare as make
    from ctevidence.data.project import find_project
    from ctevidence.data.sources import MissingSource
    from ctevidence.data.sources import list_sources as found

    project = find_project()
    if not name and not every:
        raise UsageError("Say what to prepare: a name, or --all.")
    names = [name] if name else [source.name for source in found(project.root) if source.raw]
    for one in names:
        if not project.raw(one).is_dir():
            if project.processed(one).is_dir():
                raise UsageError(
                    f'"{one}" stands in data/processed alone: data/raw holds nothing to make it '
                    f"from. Reports use it as it is; to make it anew, put the files as received "
                    f"and what declares them in data/raw/{one}."
                )
            raise MissingSource(one, project.root)
        made = make(one, raw=project.raw(one).parent, processed=project.processed(one).parent)
        if not quiet:
            typer.echo(f"{made}")


@app.command()
def check(
    path: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="A study or trials folder, or its name in data/raw."),
    ],
    problems: Annotated[
        Path | None, typer.Option(help="Write every problem with its row to this new CSV file.")
    ] = None,
) -> None:
    """Report every problem of the data, or a one-screen profile of the study."""
    from ctevidence.data.problems import DataProblems, every_problem

    path = _folder(path)
    if problems is None:
        typer.echo(_checked(path))
        return
    try:
        with every_problem():
            typer.echo(_checked(path))
    except DataProblems as found:
        found.write_csv(problems)
        typer.echo(f"All problems, one a row: {problems}", err=True)
        raise


def _folder(path: Path) -> Path:
    """The folder itself, or the one that a name stands for in the project."""
    from ctevidence.data.project import find_project
    from ctevidence.data.sources import MissingSource

    if path.is_dir() or len(path.parts) != 1:
        return path
    try:
        project = find_project()
    except FileNotFoundError:
        return path
    for folder in (project.raw(path.name), project.processed(path.name)):
        if folder.is_dir():
            return folder
    if path.exists():
        return path
    raise MissingSource(path.name, project.root)


def _checked(path: Path) -> str:
    """The profile of a folder of data as received, of a study, or of trials."""
    from tempfile import TemporaryDirectory

    from ctevidence.data.prepare import prepare as make
    from ctevidence.data.profile import profile
    from ctevidence.data.readers import read_study
    from ctevidence.data.trials import read_trials

    if (path / "prepare.toml").exists():  # data as received: prepared aside, and left alone
        with TemporaryDirectory() as aside:
            made = make(path.resolve().name, raw=path.resolve().parent, processed=aside)
            is_study = (made / "study.toml").exists()
            return str(profile(read_study(made)) if is_study else read_trials(made))
    if (path / "study.toml").exists() or not (path / "trials.toml").exists():
        return str(profile(read_study(path)))
    return str(read_trials(path))


@app.command()
def new(
    name: Annotated[
        str | None, typer.Argument(help="Name of the study: a new folder under data/raw.")
    ] = None,
    source: Annotated[
        list[Path] | None, typer.Option("--from", help="A file as received, or a folder of files.")
    ] = None,
) -> None:
    """Write a commented template folder, or with --from a proposal for files as received."""
    import re

    from ctevidence.data.project import Project, find_project
    from ctevidence.data.proposal import propose
    from ctevidence.data.template import write_template

    try:
        project = find_project()
    except FileNotFoundError:
        project = Project(Path.cwd())  # the first study of a new project
    if not name and source:
        name = "-".join(re.findall("[a-z0-9]+", source[0].stem.lower()))
    if not name:
        raise UsageError("Say the name of the study, or --from with a file as received.")
    if source:
        typer.echo(str(propose(source, project.raw(name), name)))
        typer.echo(
            f"\nDecide, then: ctevidence check {project.raw(name)}; ctevidence report {name}"
        )
        return
    folder = write_template(project.raw(name), name)
    typer.echo(
        f"{folder}\nFill in the tables, then: ctevidence check {folder}; ctevidence report {name}"
    )


@app.command("list")
def list_sources() -> None:
    """List the studies and published trials of this project."""
    from ctevidence.data.project import find_project
    from ctevidence.data.sources import list_sources as found

    for source in found(find_project().root):
        typer.echo(f"{source.name:<24} {source.kind:<8} {source.title}")


@app.command()
def simulate(
    name: Annotated[str, typer.Argument(help="Name of the new folder under data/raw.")],
    patients: Annotated[int, typer.Option(help="Number of people.")] = 400,
    seed: Annotated[int, typer.Option(help="Seed of the random numbers.")] = 1,
    design: Annotated[str, typer.Option(help="trial, registry or maintenance.")] = "trial",
    anxiety: Annotated[bool, typer.Option(help="Also GAD-7 scores at every visit.")] = False,
    tables: Annotated[
        str | None, typer.Option(help="csv or parquet; parquet from 50,000 people on when absent.")
    ] = None,
) -> None:
    """Draw a synthetic four-arm study with known truth; maintenance: of people who are well."""
    from dataclasses import replace

    from ctevidence.data.project import find_project
    from ctevidence.data.writers import write_parts, write_study
    from ctevidence.simulate import Anxiety, simulate_maintenance, simulate_study
    from ctevidence.simulate.blocks import BLOCK, simulate_in_blocks

    kind = tables or ("parquet" if patients >= PARQUET_FROM else "csv")
    if kind == "parquet" and patients > BLOCK and design != "maintenance":
        how = {"design": design, "anxiety": Anxiety() if anxiety else None}
        parts = simulate_in_blocks(patients, seed, **how)
        named = (replace(part, name=name) for part in parts)
        typer.echo(str(write_parts(named, find_project().raw(name))))
        return
    if design == "maintenance":
        if anxiety:
            raise UsageError("Maintenance trials are simulated without anxiety scores.")
        drawn = simulate_maintenance(n=patients, seed=seed)
    else:
        scale = Anxiety() if anxiety else None
        drawn = simulate_study(n=patients, seed=seed, design=design, anxiety=scale)
    study = replace(drawn, name=name)
    typer.echo(str(write_study(study, find_project().raw(name), suffix=f".{kind}")))


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(help="A report folder.")],
    files: Annotated[
        bool, typer.Option("--files", help="Only compare checksums; make nothing again.")
    ] = False,
) -> None:
    """Check a report against its manifest, make it again aside, and say what differs."""
    from ctevidence.data.project import find_project
    from ctevidence.reports.verify import differences, recompute

    project = find_project(path)
    found = differences(path, project.root)
    if not files:
        found += recompute(path, project)
    for line in found:
        typer.echo(line)
    if found:
        raise typer.Exit(1)
    again = "" if files else ", and made again all come out the same"
    typer.echo(f"Every page, estimate and input is as the manifest says{again}.")


def main() -> None:
    """Run the command line; expected errors are one readable message, without a traceback."""
    try:
        status = app(standalone_mode=False)
    except typer.Exit as stop:
        status = stop.exit_code
    except typer.Abort:
        sys.exit("Stopped.")
    except UsageError as error:
        print(f"ctevidence: {error}", file=sys.stderr)
        sys.exit(ASKED_WRONG)
    except (ValueError, KeyError, OSError, RuntimeError) as error:
        text = error.args[0] if isinstance(error, KeyError) and error.args else str(error)
        sys.exit(f"ctevidence: {text}")
    except Exception as error:
        # click's own usage errors know how to show themselves
        if hasattr(error, "show"):
            error.show()
            sys.exit(ASKED_WRONG)
        raise
    if status == BY_HAND:
        print(STOPPED, file=sys.stderr)
    if isinstance(status, int) and status:
        sys.exit(status)


if __name__ == "__main__":
    main()
