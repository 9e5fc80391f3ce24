"""Icon arrays of what leads a claim: of 100 people, how many with one treatment and with both."""

from __future__ import annotations

import textwrap

import matplotlib as mpl
import pandas as pd

from ctevidence.display.contrast_words import difference_words, when
from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.figure import LOOK, STYLES, Figure, canvas, drawn_table, finished
from ctevidence.display.format import shown
from ctevidence.display.labels import treatment_label
from ctevidence.display.per_100 import draw_panel
from ctevidence.display.release import gated
from ctevidence.display.too_few import too_few
from ctevidence.display.verbs import verb_of
from ctevidence.evidence.claims import Verdict
from ctevidence.language import capital, say
from ctevidence.terms import Treatment


def plot_lead(verdict: Verdict, source="opensafely", name: str = "lead") -> Figure | None:
    """Two arrays of 100 people: with the reference, and with what the lead adds to it.

    Parameters
    ----------
    verdict : Verdict
        Its lead is per 100 people at its baseline, the risk with the reference.
    source : Study, Trials or name of a disclosure profile
    name : str

    Returns
    -------
    Figure or None
        None where no risks stand behind the lead, or too few people. The range is that of
        the difference.
    """
    disclosure = disclosure_of(source)
    lead = None if verdict.lead is None else gated(verdict.lead, disclosure)
    if lead is None or not lead.is_estimable or lead.unit != "probability":
        return None
    if not 0 < verdict.baseline < 1 or too_few(lead, disclosure):
        return None
    risks = {
        lead.reference: verdict.baseline,
        lead.arm: min(max(verdict.baseline + lead.estimate, 0.0), 1.0),
    }
    told = {arm: shown(risk, "probability") for arm, risk in risks.items()}
    best, limits = difference_words(lead)
    found = say("amounts.best_and_range", best=best, limits=limits)
    verb = " ".join(filter(None, (verb_of(lead.outcome), when(lead))))
    title = say("display.lead_per_100.title", reference=treatment_label(lead.reference), verb=verb)
    with mpl.rc_context(LOOK):
        figure, axes = canvas(5.2, 3.2, ncols=2)
        for panel, (arm, value) in zip(axes, told.items(), strict=True):
            below = found if arm == lead.arm else ""
            colour, *_ = STYLES[Treatment(arm)]
            big = say("display.per_100.share", value=value)
            filled = int(value) if value.isdigit() else None
            draw_panel(panel, _label(arm), filled, big, textwrap.fill(below, 28), colour)
        figure.suptitle(textwrap.fill(title, 47), x=0.01, ha="left", fontweight="bold", fontsize=12)
        columns = [say("brief.treatment"), "per 100"]
        frame = pd.DataFrame([(_label(a), v) for a, v in told.items()], columns=columns)
        parts = "; ".join(f"{_label(arm)} {value}" for arm, value in told.items())
        alt = say("display.lead_per_100.alt", title=title, parts=parts, found=found)
        return finished(figure, name, title, alt, drawn_table(name, title, frame, ("per 100",)))


def _label(arm: str) -> str:
    return capital(treatment_label(arm))
