"""Making reports: any number of them, side by side, each whole or not at all.

A report is a plan, its notebooks in two stages (those about data; those about the results of the
others), and its pages. All this work goes through one set of workers, whatever report it is for;
what several reports have in common is done once.
"""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from ctevidence.cluster import on_cluster
from ctevidence.data.claim import claim
from ctevidence.data.project import PROJECT_VARIABLE, WORK_VARIABLE, Project
from ctevidence.data.whole_folder import restore, write_whole
from ctevidence.display.disclosure import disclosure_of
from ctevidence.reports.cell_store import EXECUTED, RESULTS, Cell, CellStore, key_of
from ctevidence.reports.checks.released import approve, shares
from ctevidence.reports.distant_notebooks import refuse_other_workers, run_distant_notebook
from ctevidence.reports.events import DATA, PAGES, Event, Made
from ctevidence.reports.failures import Failure, NotebookError, explain, scrub
from ctevidence.reports.kernels import Kernels
from ctevidence.reports.manifest import checksum, checksums
from ctevidence.reports.misfits import refuse_misfits
from ctevidence.reports.notebooks import Notebook, read_notebooks
from ctevidence.reports.orders import Order
from ctevidence.reports.packing import holds, pack, pack_key
from ctevidence.reports.rests_on import basis, inputs_of, own_of
from ctevidence.reports.side_by_side import side_by_side
from ctevidence.reports.stages import DATA_PARAMETERS, NEEDS_RESULTS


def make_reports(
    orders: Sequence[Order],
    project: Project,
    *,
    workers: int | None = None,
    fresh: bool = False,
    wait: bool = False,
    watch: Callable[[Event], None] = lambda event: None,
    kernels: Kernels | None = None,
    cluster: str = "",
) -> tuple[Made, ...]:
    """Make reports; one that fails does not stop the others.

    Parameters
    ----------
    orders : sequence of Order
        All of them are checked before anything runs.
    project : Project
    workers : int, optional
        Notebooks run side by side; when absent two, or one of very large studies (`side_by_side`).
    fresh : bool
        Do everything anew, whatever is kept.
    wait : bool
        Wait for another run on the same report; else that report fails.
    watch : callable
        Told every `Event`, from several threads.
    kernels : Kernels, optional
        Ended by whoever made them; own ones when absent.
    cluster : str
        Address of a Dask scheduler whose workers run the notebooks; see `distant_notebooks`.

    Returns
    -------
    tuple of Made
        In the order of `orders`.

    Raises
    ------
    ParameterError, MatrixError, Misfit, MissingSource
        For an order that asks for what no notebook knows, or its data do not hold; before anything
        runs.
    ClusterError
        When the cluster cannot be used.
    """
    notebooks = read_notebooks()
    for order in orders:
        order.check(notebooks)
    refuse_misfits(orders, project, notebooks)
    workers = workers or side_by_side(project.raw(order.name) for order in orders)
    if cluster:
        with on_cluster(cluster) as client:
            refuse_other_workers(client, project.root)
            workers = max(workers, sum(client.nthreads().values()))
            return _make(orders, project, notebooks, workers, fresh, wait, watch, kernels, client)
    return _make(orders, project, notebooks, workers, fresh, wait, watch, kernels)


def _make(
    orders: Sequence[Order],
    project: Project,
    notebooks: Sequence[Notebook],
    workers: int,
    fresh: bool,
    wait: bool,
    watch: Callable[[Event], None],
    kernels: Kernels | None,
    client: object | None = None,
) -> tuple[Made, ...]:
    own = kernels or Kernels()
    try:
        if fresh or not all(project.report(order.report).is_dir() for order in orders):
            own.start()  # there will be work: imports begin while it is planned
        with ThreadPoolExecutor(workers) as slots:
            making = _Making(project, notebooks, own, slots, fresh, wait, watch, client)
            # a report that waits for its turn takes no worker
            with ThreadPoolExecutor(min(len(orders), workers + 1)) as reports:
                try:
                    made = tuple(reports.map(making.report, orders))
                except BaseException:
                    # stopped by hand: nothing that waits is begun, what is under way ends at once
                    making.stopped = True
                    for pool in (reports, slots):
                        pool.shutdown(wait=False, cancel_futures=True)
                    own.close()
                    raise
            making.store.tidy()
    finally:
        if kernels is None:
            own.close()
    return made


class Stopped(Exception):  # noqa: N818 (it says what happened)
    """One or several steps of a report failed."""

    def __init__(self, *failures: Failure) -> None:
        self.failures = failures
        super().__init__(*failures)


@dataclass
class _Making:
    """What the reports of one run share."""

    project: Project
    notebooks: Sequence[Notebook]
    kernels: Kernels
    slots: ThreadPoolExecutor
    fresh: bool
    wait: bool
    watch: Callable[[Event], None]
    client: object | None = None

    def __post_init__(self) -> None:
        self.store = CellStore(self.project.work(".cells"))
        self.stopped = False
        self._under_way: dict[str, Future] = {}
        self._lock = threading.Lock()
        self.basis = basis()

    def report(self, order: Order) -> Made:
        """Make one report, and say what became of it."""
        target = self.project.report(order.report)
        seconds: dict[str, float] = {}
        try:
            with claim(self.project.work(".locks") / order.report, str(target), self.wait):
                restore(target)
                restore(self.project.work(order.report))
                return self._report(order, target, seconds)
        except Stopped as stopped:
            return Made(order, target, stopped.failures, seconds)
        except Exception as error:
            failure = self._failure(order, DATA, error)
            return Made(order, target, (failure,), seconds)

    def _report(self, order: Order, target: Path, seconds: dict[str, float]) -> Made:
        start = time.perf_counter()
        self.watch(Event(order.report, DATA, "begun"))
        plan = self._step(order, DATA, lambda: self._plan(order))
        chosen = [(self._notebook(n), self._values(order, n, v)) for n, v in plan["notebooks"]]
        chosen = [(n, v) for n, v in chosen if order.wants(n.name)]
        for step in [*(n.name for n, _ in chosen), PAGES]:
            self.watch(Event(order.report, step, "planned", self.store.expected(step)))
        seconds["prepare"] = time.perf_counter() - start
        self.watch(Event(order.report, DATA, "done", seconds["prepare"]))

        start = time.perf_counter()
        data = [(n, v) for n, v in chosen if n.name not in NEEDS_RESULTS]
        late = [(n, v) for n, v in chosen if n.name in NEEDS_RESULTS]
        cells, took = self._stage(order, plan, data, {})
        more, took_more = self._stage(order, plan, late, cells)
        cells, took = cells | more, took | took_more
        seconds["notebooks"] = time.perf_counter() - start

        start = time.perf_counter()
        inputs = inputs_of(order, self.project) | plan["processed"]
        key = pack_key(order, inputs, cells, self.basis)
        unchanged, remarks = not self.fresh and holds(self.project, order, key), ()
        if not unchanged:
            self.watch(Event(order.report, PAGES, "begun"))
            made = (chosen, cells, inputs, key)
            steps = (self._publisher(order), self._check, self._refuser(order))
            given = (order, self.project, self.store, *made, *steps)
            remarks = self._step(order, PAGES, lambda: pack(*given))
        seconds["publish"] = time.perf_counter() - start
        state = "kept" if unchanged else "done"
        self.watch(Event(order.report, PAGES, state, seconds["publish"]))
        return Made(order, target, (), seconds, took, unchanged, remarks)

    # -- the plan ---------------------------------------------------------------------------------

    def _plan(self, order: Order) -> dict:
        key = key_of(
            plan=order.sources,
            data=inputs_of(order, self.project),
            notebooks=[checksum(n.path) for n in self.notebooks],
            basis=self.basis,
        )
        return self._once(key, lambda: self._planned(key, order)).result()

    def _planned(self, key: str, order: Order) -> dict:
        path = self.store.folder / f"{key}.json"
        if not self.fresh and path.is_file():
            plan = json.loads(path.read_text(encoding="utf-8"))
            folders = [self.project.root / folder for folder in plan["folders"]]
            if checksums(folders, self.project.root) == plan["processed"]:
                return plan
        self._get_ready()
        function = "ctevidence.reports.run:plan_report"
        plan = self.kernels.call(function, root=self.project.root, **order.sources)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(plan))
        return plan

    def _get_ready(self) -> None:
        """Import what runs notebooks, while the kernels' server imports what they need."""
        self.kernels.start()
        import_module("ctevidence.reports.runner")

    def _notebook(self, name: str) -> Notebook:
        return next(n for n in self.notebooks if n.name == name)

    def _values(self, order: Order, name: str, decided: Mapping[str, object]) -> dict[str, object]:
        known = self._notebook(name).parameters
        return {**decided, **{k: v for k, v in order.parameters.items() if k in known}}

    # -- the notebooks ----------------------------------------------------------------------------

    def _stage(
        self, order: Order, plan: dict, chosen: list, before: Mapping[str, Cell]
    ) -> tuple[dict[str, Cell], dict[str, float]]:
        """Run notebooks side by side; all of them, also when one fails."""
        under_way = {
            notebook.name: self._begin(order, plan, notebook, values, before)
            # the longest first, so that none of them is alone at the end
            for notebook, values in sorted(chosen, key=lambda n: -self.store.expected(n[0].name))
        }
        cells, took, failures = {}, {}, []
        for notebook, _ in chosen:
            try:
                cells[notebook.name], took[notebook.name] = under_way[notebook.name].result()
            except Exception as error:
                failures.append(self._failure(order, notebook.name, error, plan))
        if failures:
            raise Stopped(*failures)
        return cells, took

    def _begin(
        self, order: Order, plan: dict, notebook: Notebook, values: dict, before: Mapping[str, Cell]
    ) -> Future:
        folders = [f"data/processed/{values[p]}/" for p in DATA_PARAMETERS if p in values]
        key = key_of(
            notebook=checksum(notebook.path),
            values=values,
            data={f: s for f, s in plan["processed"].items() if f.startswith(tuple(folders))},
            own=own_of(order, self.project) if notebook.name in NEEDS_RESULTS else {},
            before={name: cell.checksum for name, cell in before.items()},
            basis=self.basis,
        )

        def run() -> tuple[Cell, float]:
            kept = None if self.fresh else self.store.find(key)
            if kept is None:
                self.watch(Event(order.report, notebook.name, "begun"))
                kept = self._run(order, notebook, values, before, key)
                self.watch(Event(order.report, notebook.name, "done", kept.seconds))
                return kept, kept.seconds
            self.watch(Event(order.report, notebook.name, "kept"))
            return kept, 0.0

        future, is_ours = self._once_ours(key, run)
        if not is_ours:
            future.add_done_callback(
                lambda done: (
                    done.exception() or self.watch(Event(order.report, notebook.name, "kept"))
                )
            )
        return future

    def _run(
        self, order: Order, notebook: Notebook, values: dict, before: Mapping, key: str
    ) -> Cell:
        self._get_ready()
        from ctevidence.reports.runner import run_notebook  # noqa: PLC0415 (slow to import)

        start = time.perf_counter()
        with self.store.making() as aside:
            results = aside / RESULTS
            for cell in before.values():
                shutil.copytree(cell.results, results, dirs_exist_ok=True)
            given = checksums([results], results)
            variables = {PROJECT_VARIABLE: str(self.project.root), WORK_VARIABLE: str(results)}
            given_to = (self.project.root, variables)
            try:
                if self.client is None:
                    run_notebook(notebook, values, aside / EXECUTED, self.kernels, *given_to)
                else:
                    run_distant_notebook(self.client, notebook, values, aside / EXECUTED, *given_to)
            except NotebookError as error:
                self._keep_failed(order, notebook, error, aside / EXECUTED)
                raise
            for name, made in checksums([results], results).items():
                if given.get(name) == made:
                    (results / name).unlink()
            return self.store.keep(aside, key, notebook.name, time.perf_counter() - start)

    def _keep_failed(self, order: Order, notebook: Notebook, error: Exception, copy: Path) -> None:
        """Keep how far a notebook came, without the values that its error may quote."""
        if copy.is_file():
            failure = explain(
                order, notebook.name, error, self.project, self._notebook_text(notebook.name)
            )
            failed = self.project.work(".failed") / order.report
            failed.mkdir(parents=True, exist_ok=True)
            write_whole(failed / f"{notebook.name}.ipynb", scrub(copy, failure.message))

    def _publisher(self, order: Order) -> Callable[[Path, Path], Sequence[str]]:
        def publish(results: Path, target: Path) -> Sequence[str]:
            given = {"root": self.project.root, "results": results, "target": target}
            given |= {"formats": order.formats, **order.sources}
            return self._elsewhere("ctevidence.reports.run:publish_report", **given).result()

        return publish

    def _check(self, folder: Path) -> None:
        function = "ctevidence.reports.checks.released:look_at"
        looks = [self._elsewhere(function, folder=folder, share=share) for share in shares(folder)]
        approve(folder, [look.result() for look in looks])

    def _refuser(self, order: Order) -> Callable[[Path, str], None]:
        def refuse(results: Path, profile: str) -> None:
            given = {"order": order, "project": self.project, "results": results}
            if not disclosure_of(profile).is_open:
                function = "ctevidence.reports.differencing:refuse_few_apart"
                self._elsewhere(function, **given, profile=profile).result()

        return refuse

    def _elsewhere(self, function: str, **given: object) -> Future:
        """Call a function in a process of its own, when a worker is free."""
        return self.slots.submit(self.kernels.call, function, **given)

    # -- all ---------------------------------------------------------------------------------------

    def _once(self, key: str, work: Callable[[], object]) -> Future:
        return self._once_ours(key, work)[0]

    def _once_ours(self, key: str, work: Callable[[], object]) -> tuple[Future, bool]:
        """Give work to a worker, unless another report has asked for the same."""
        with self._lock:
            is_ours = key not in self._under_way
            if is_ours:
                self._under_way[key] = self.slots.submit(work)
            return self._under_way[key], is_ours

    def _step(self, order: Order, step: str, work: Callable[[], object]):
        try:
            return work()
        except Exception as error:
            raise Stopped(self._failure(order, step, error)) from error

    def _failure(
        self, order: Order, step: str, error: Exception, plan: dict | None = None
    ) -> Failure:
        failure = explain(order, step, error, self.project, self._notebook_text(step))
        if self.stopped:  # what ends because its kernel was ended has not failed
            self.watch(Event(order.report, step, "stopped"))
        else:
            self.watch(Event(order.report, step, "failed", failure=failure))
        return failure

    def _notebook_text(self, step: str) -> str:
        found = [n.path.read_text(encoding="utf-8") for n in self.notebooks if n.name == step]
        return "".join(found)
