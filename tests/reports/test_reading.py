"""A reading test: questions that the pages must answer, each in the place where a reader looks.

What is expected is worked out here from the released estimates and the data as received, with the
rounding written anew: nothing of the package formats it.
"""

import math
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from ctevidence.estimates import Estimates

RAW = Path(__file__).parents[2] / "data" / "raw"
TRIALS, OWN = "published-trials/depression-acute-phase/response-or-remission/", "beat-the-blues/"
COUNTED = "response-missing-as-non-response"
WELL = "staying-well-missing-as-not-well"


class Known:
    """What the release and the raw data say."""

    def __init__(self, pack):
        files = sorted((pack / "estimates").glob("*.csv"))
        self.rows = {row.id: row for path in files for row in Estimates.read_csv(path)}
        declared = (RAW / "beat-the-blues" / "study.toml").read_text("utf-8")
        self.study = tomllib.loads(declared)["study"]

    def row(self, start, *parts):
        """The one two-sided row whose id begins so and holds the parts."""
        found = [
            row
            for name, row in self.rows.items()
            if name.startswith(start)
            and "/risk-with-" not in name
            and all(part in name for part in parts)
            and row.alternative == "two-sided"
        ]
        assert len(found) == 1, [row.id for row in found]
        return found[0]

    def risk(self, outcome, arm):
        return self.row(f"{OWN}{outcome}/risk/{arm}/")

    def more(self, reference):
        return self.row(f"{TRIALS}risk_difference/combined-vs-{reference}")


def whole(share):
    """Per 100, half away from zero, with a true minus sign."""
    size = math.floor(abs(100 * share) + 0.5)
    return f"\u2212{size}" if share < 0 and size else str(size)


def limits(row):
    return f"{whole(row.conf_low)} to {whole(row.conf_high)}"


def cell(row):
    return f"{whole(row.estimate)} ({limits(row)})"


def amount(share):
    size = math.floor(abs(100 * share) + 0.5)
    return "no more" if size == 0 else f"{size} {'more' if share > 0 else 'fewer'}"


def baseline_means():
    """Mean BDI before treatment of those who entered, by arm, from the file as received."""
    raw = pd.read_csv(RAW / "beat-the-blues" / "BtheB.csv")
    raw = raw[raw["bdi.pre"] >= 10]
    return raw.groupby(["drug", "treatment"])["bdi.pre"].mean()


def of_persistent_depression():
    """People of trials of persistent depression that compare combined treatment and medication."""
    arms = pd.read_csv(RAW / "published-trials" / "arms.csv")
    own = arms[(arms["condition"] == "persistent_depression") & (arms["phase"] == "acute")]
    own = own[own["treatment"].isin(["combined", "medication"]) & (own["outcome"] == "response")]
    both = own.groupby("trial_id")["treatment"].nunique() == 2
    return int(own[own["trial_id"].isin(both[both].index)]["n"].sum())


@dataclass(frozen=True)
class Asked:
    """A question, where its answer stands, and what it must be or hold."""

    question: str
    page: str
    where: str
    expected: Callable[[Known], str]
    within: bool = False


def lead(outcome, against, column):
    row = f'tr[data-outcome="{outcome}"][data-comparison="combined-{against}"]'
    return f"#table-leading-combined-{against} {row} td:nth-of-type({column})"


def arm(name, column):
    return f'#numbers tr[data-arm="{name}"] td:nth-of-type({column})'


def message(claim):
    return f'#answer li[data-claim="{claim}"]'


def risk_with(reference):
    """The risk with the single treatment that the difference starts from."""
    row = f"{TRIALS}risk_difference/combined-vs-{reference}/risk-with-{reference}"
    return lambda known: whole(known.rows[row].estimate)


ASKED = (
    Asked("How many get better with medication?", "report", lead("better", "medication", 1),
          risk_with("medication")),
    Asked("How many get better with therapy?", "report", lead("better", "therapy", 1),
          risk_with("therapy")),
    Asked("How many more with both than with medication?", "report",
          lead("better", "medication", 3), lambda k: cell(k.more("medication"))),
    Asked("How many more with both than with therapy?", "report", lead("better", "therapy", 3),
          lambda k: cell(k.more("therapy"))),
    Asked("How many trials and people is that from?", "report", lead("better", "therapy", 4),
          lambda k: f"{k.more('therapy').studies} trials, "
                    f"{k.more('therapy').n + k.more('therapy').n_reference} people", within=True),
    Asked("How sure is it?", "report", lead("better", "medication", 6),
          lambda k: "not assessed; hints against: ", within=True),
    Asked("Is it harmful?", "report", lead("harm", "medication", 5), lambda k: "no data"),
    Asked("Does it prevent relapse?", "report", lead("relapse", "medication", 3),
          lambda k: cell(k.row("published-trials/depression/recurrence-or-relapse/"
                               "risk_difference/combined-vs-medication"))),
    Asked("What is the first message?", "report", message("better-than-medication"),
          lambda k: f"{amount(k.more('medication').estimate)} of every 100 people, and the data "
                    f"allow anything from {amount(k.more('medication').conf_low)} to "
                    f"{amount(k.more('medication').conf_high)}", within=True),
    Asked("Whom is the first message about?", "report", message("better-than-medication"),
          lambda k: f"{of_persistent_depression()} of "
                    f"{k.more('medication').n + k.more('medication').n_reference} people have "
                    "persistent depression", within=True),
    Asked("Who was studied?", "report", "#question dd:nth-of-type(1)",
          lambda k: k.study["population"]),
    Asked("What was assigned by chance?", "report", "#question dd:last-of-type",
          lambda k: f"{k.study['randomised'][0]}; other contrasts are associations"),
    Asked("Were the arms alike at the start?", "report", "#question li:last-of-type",
          lambda k: f"{baseline_means().min():.1f} with therapy and {baseline_means().max():.1f} "
                    "with combined", within=True),
    Asked("What was the therapy?", "report", "#question ul",
          lambda k: next(n for n in k.study["notes"] if "computerised" in n), within=True),
    Asked("How many in this trial got better with usual care?", "brief", arm("control", 1),
          lambda k: cell(k.risk(COUNTED, "control"))),
    Asked("And with both?", "brief", arm("combined", 1),
          lambda k: cell(k.risk(COUNTED, "combined"))),
    Asked("How many stayed well with therapy?", "brief", arm("therapy", 2),
          lambda k: cell(k.risk(WELL, "therapy"))),
    Asked("How many still came to visits?", "brief", arm("medication", 3),
          lambda k: cell(k.risk("staying-in-treatment", "medication"))),
    Asked("What is the answer in one sentence?", "brief", '#answer p[data-card="answer"]',
          lambda k: "It is not known whether more people get well with both than with medication "
                    "alone, or with therapy alone. How sure: not yet judged by people."),
    Asked("What does it mean for 100 people?", "brief",
          '#answer li[data-claim="better-than-therapy"]',
          lambda k: f"{amount(k.more('therapy').estimate)} of every 100 people who respond or "
                    f"reach remission (range {amount(k.more('therapy').conf_low)} to "
                    f"{amount(k.more('therapy').conf_high)};", within=True),
    Asked("And the young?", "brief", '#ages li[data-claim="better-than-therapy-young"]',
          lambda k: amount(k.row("published-trials/depression-adolescents-acute-phase/response/"
                                 "risk_difference/combined-vs-therapy").estimate), within=True),
    Asked("Which way does the evidence lean?", "brief", "#rests",
          lambda k: "leans towards the combination", within=True),
    Asked("What is not known about harms?", "brief", "#burden li:nth-of-type(1)",
          lambda k: "not the same as no harm", within=True),
    Asked("Is it final?", "brief", "#unknown li:nth-of-type(1)",
          lambda k: "This report is not final", within=True),
)  # fmt: skip


@pytest.fixture(scope="module")
def read(pack):
    folder = pack[1].path
    pages = {
        name: BeautifulSoup((folder / f"{name}.html").read_text("utf-8"), "html.parser")
        for name in ("report", "brief")
    }
    return Known(folder), pages


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked.question)
def test_a_reader_finds_the_answer(read, asked):
    known, pages = read
    found = pages[asked.page].select(asked.where)
    assert len(found) == 1, (asked.where, len(found))
    words = " ".join(found[0].get_text(" ").split())
    expected = asked.expected(known)
    assert expected in words if asked.within else expected == words


def test_whatever_a_page_names_as_its_origin_is_in_the_release(read):
    known, pages = read
    for name, page in pages.items():
        named = {
            i for tag in page.select("[data-estimates]") for i in tag["data-estimates"].split()
        }
        assert named, name
        assert not named - set(known.rows), (name, sorted(named - set(known.rows))[:5])
