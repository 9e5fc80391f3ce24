"""What pages are made from: the declarations, the kept results and the verdicts of one report."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ctevidence.data.project import Project
from ctevidence.data.service import FILE as SERVICE
from ctevidence.data.service import Service, read_service
from ctevidence.data.study import Study
from ctevidence.data.trials import Trials
from ctevidence.display.blunting import CLAIM as BLUNTS
from ctevidence.display.figure import Figure
from ctevidence.display.misreadings import misreadings
from ctevidence.display.release import counts_released, may_be_shown
from ctevidence.display.table import Table
from ctevidence.estimates import Estimates
from ctevidence.evidence.certainty import FILE as CERTAINTY
from ctevidence.evidence.certainty import Judgements, read_certainty
from ctevidence.evidence.claim import Claim
from ctevidence.evidence.claims import Verdict, assess_claims
from ctevidence.evidence.claims_toml import FILE as CLAIMS
from ctevidence.evidence.claims_toml import read_claims
from ctevidence.language import capital, pick, say, words
from ctevidence.reports.manifest import RUN
from ctevidence.reports.results import read_estimates, read_figure, read_table


@dataclass(frozen=True, eq=False)
class Material:
    """Everything that a page of one report may show.

    Parameters
    ----------
    name : str
    study : Study or None
    trials : Trials or None
    results : Path
        The folder where the notebooks kept their results.
    date : str
        Day of the run.
    version : str
    network : Trials or None
        Shown as a network beside the trials; the trials themselves when None.
    project : Project or None
        Whose own claims, judgements and service are read; none when None.
    """

    name: str
    study: Study | None
    trials: Trials | None
    results: Path
    date: str
    version: str
    network: Trials | None = None
    project: Project | None = None

    @cached_property
    def exact(self) -> Estimates:
        """What the notebooks kept; for release through the gate alone, never for a page."""
        return read_estimates(self.results)

    @cached_property
    def estimates(self) -> Estimates:
        """What the notebooks kept, as far as it may be shown."""
        return may_be_shown(self.exact, self.source)

    @cached_property
    def run(self) -> Mapping:
        """What a run records of itself before its pages are made; empty outside of a run."""
        path = self.results / RUN
        return json.loads(path.read_text("utf-8")) if path.is_file() else {}

    @property
    def own_estimates(self) -> Estimates:
        """Those of the study alone."""
        return self.estimates.where(study=self.study.name)

    @cached_property
    def verdicts(self) -> Mapping[str, Verdict]:
        """By id of the claim, in the order of the list of claims."""
        found = assess_claims(
            self.claims,
            counts_released(self.estimates, self.source),  # hints tell of people in words
            certainty=self.judgements,
            condition=self.condition,
            sources=[source for source in (self.trials, self.network) if source],
            # the title up to what it explains: short enough for a cell
            names={self.study.name: self.study.short_title} if self.study else None,
        )
        return {verdict.claim.id: verdict for verdict in found}

    @cached_property
    def misreadings(self) -> Mapping[str, str]:
        """The sentences that this report needs, by the misreading that each prevents."""
        return misreadings(self.estimates, self.verdicts.values())

    def warning(self, *names: str) -> str:
        """Those of the misreadings named that this report invites, one after the other."""
        return " ".join(self.misreadings[name] for name in names if name in self.misreadings)

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """Those of the package, with the project's own; a study's own margin leads its claim."""
        claims = read_claims(*self._own(CLAIMS))
        margin = self.study.not_worse_margin if self.study else math.nan
        if math.isnan(margin):
            return claims
        return tuple(replace(c, margin=margin) if c.id == BLUNTS else c for c in claims)

    @cached_property
    def judgements(self) -> Judgements:
        """Certainty as people judged it; none where the project has no such file."""
        return read_certainty(self._own(CERTAINTY), self.claims)

    @cached_property
    def service(self) -> Service | None:
        """The service that the brief is for; None where the project declares none."""
        return read_service(self._own(SERVICE))

    def _own(self, file: str) -> tuple[Path, ...]:
        return self.project.own(self.name, file) if self.project else ()

    @property
    def condition(self) -> str | None:
        return self.study.condition if self.study else None

    @property
    def condition_words(self) -> str:
        """The condition in the middle of a sentence; empty where the data name none."""
        return words("in_sentence").get(self.condition, self.condition or "")

    def figure(self, name: str) -> Figure | None:
        return read_figure(self.results, name)

    def table(self, name: str) -> Table | None:
        return read_table(self.results, name)

    @property
    def source(self):
        """What decides how counts are shown: the study, else published numbers."""
        return self.study or "open"

    @property
    def banner(self) -> str:
        """What kind of data this is; stands on every page."""
        own = pick("data_kinds", self.study.data_kind.replace(" ", "-")) if self.study else ""
        trials = say("pages.published_trials") if self.trials else ""
        kinds = say("pages.banner", kinds=capital(" + ".join(filter(None, (own, trials)))))
        # a report of some outcomes must not read as if the others had been looked for in vain
        asked = self.run.get("parameters", {}).get("outcomes", ())
        return f"{kinds} {say('pages.only', outcomes=', '.join(asked))}" if asked else kinds

    @property
    def running(self) -> str:
        """What a printed page is of; stands at its foot."""
        return (self.study or self.trials).title

    @property
    def footer(self) -> tuple[str, ...]:
        sources = [x.citation for x in (self.study, self.trials, self.network) if x and x.citation]
        return (
            say("pages.made", date=self.date, version=self.version),
            *(say("pages.data", source=source) for source in sources),
            say("pages.not_advice"),
        )
