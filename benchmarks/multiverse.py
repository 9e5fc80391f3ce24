"""A multiverse of more than 500 ways of analysing, in one process and in two.

400 people in four arms. Ten definitions of response, all countings and imputations, four sets of
covariates and all models; ways that do not go together are left out. Making the data is not timed.

Run: ``python benchmarks/multiverse.py``
"""

from __future__ import annotations

import time
from dataclasses import replace

from rich.console import Console
from rich.table import Table

from ctevidence.data.definitions import COUNTINGS, ResponseDefinition
from ctevidence.data.multiverse_rule import IMPUTED, WAYS_TO_FIT, MultiverseRule
from ctevidence.data.rules import ResponseRule
from ctevidence.sensitivity.multiverse import multiverse
from ctevidence.sensitivity.specifications import specifications
from ctevidence.simulate.study import simulate_study

FALLS = (20, 25, 30, 35, 40, 45, 50, 55, 60, 65)
RULE = MultiverseRule(
    missing=(*COUNTINGS, *IMPUTED[:4]),
    adjust=("none", "baseline", "baseline + age", "baseline + age + sex"),
    models=WAYS_TO_FIT,
)


def study_with_definitions(people: int):
    """A simulated registry that declares ten definitions."""
    study = simulate_study(n=people, seed=1, design="registry")
    declared = tuple(
        ResponseDefinition(
            f"fall{fall}",
            f"{fall} % fall",
            ResponseRule("percent_fall", "observed", percent=fall),
            tuple(COUNTINGS),
        )
        for fall in FALLS
    )
    return replace(study, rules=replace(study.rules, definitions=declared))


def main() -> None:
    study = study_with_definitions(400)
    ways = len(specifications(study, RULE))
    title = "Multiverse, 400 people"
    table = Table("processes", "ways", "seconds", "of this process, CPU", "ms a way", title=title)
    for jobs in (1, 2):
        started, worked = time.perf_counter(), time.process_time()
        found = multiverse(study, rule=RULE, imputations=50, seed=1, jobs=jobs)
        seconds, cpu = time.perf_counter() - started, time.process_time() - worked
        failed = sum(not row.is_estimable for row in found.of("combined", "medication"))
        each = f"{1000 * seconds / ways:.0f}"
        table.add_row(str(jobs), f"{ways} ({failed} failed)", f"{seconds:.1f}", f"{cpu:.1f}", each)
    Console(width=80).print(table)


if __name__ == "__main__":
    main()
