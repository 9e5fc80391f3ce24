"""Clinical change: who recovered, improved, stayed, deteriorated or was harmed, at a week.

Decisions: everyone who enters counts, at one or several scheduled weeks. The moments that some
methods take from the sample are those of all arms together, so that no arm is its own norm. Without
a score there is no category; improvement and recovery may count a missing score as none, but a
missing score is never counted as "not deteriorated": whoever is lost may well be worse.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.data.clinical_change_rule import CHANGE_METHODS, USES_AFTER, ClinicalChangeRule
from ctevidence.data.study import Study
from ctevidence.outcomes.declared import declared_rule
from ctevidence.outcomes.intercurrent import strategy_cautions
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.reliable_change import (
    CATEGORIES,
    Moments,
    categories,
    change_index,
    cut_off,
)
from ctevidence.outcomes.response import counting_name, value_frame
from ctevidence.outcomes.visit_scores import Weeks, scores_at
from ctevidence.terms import did_you_mean

#: outcome -> categories that count, and whether more of it is good
OUTCOMES = {
    "reliable recovery": (("recovered",), "higher"),
    "reliable improvement": (("recovered", "improved"), "higher"),
    "deterioration": (("deteriorated", "harmed"), "lower"),
}


@dataclass(frozen=True, eq=False)
class ClinicalChange:
    """The category of everyone who entered, at each week asked for.

    Parameters
    ----------
    study : Study
    rule : ClinicalChangeRule
    frame : DataFrame
        ``participant_id, arm, week, baseline, score, index, category``; `index` positive where
        the score improved, `category` empty where there is no score.
    cut_offs : dict of float to float
        The score that separates, at each week.
    """

    study: Study
    rule: ClinicalChangeRule
    frame: pd.DataFrame
    cut_offs: dict[float, float]

    def counts(self) -> pd.DataFrame:
        """People of each category by arm and week, in exact counts: display gates them.

        Returns
        -------
        DataFrame
            ``arm, week``, one column for each of the categories, and ``unknown``.
        """
        named = self.frame.assign(category=self.frame["category"].replace("", "unknown"))
        table = named.groupby(["arm", "week", "category"], observed=True).size().unstack("category")
        order = [(a.name, w) for a in self.study.arms for w in sorted(self.cut_offs)]
        table = table.reindex(index=order, columns=[*CATEGORIES, "unknown"]).fillna(0).astype(int)
        return table.rename_axis(columns=None).rename_axis(["arm", "week"]).reset_index()

    def outcome(self, what: str = "reliable recovery", missing: str = "observed") -> Outcome:
        """One of the outcomes made from the categories, to be fitted like a response.

        Parameters
        ----------
        what : {"reliable recovery", "reliable improvement", "deterioration"}
            Improvement counts those who recovered, deterioration those who were harmed.
        missing : {"observed", "non-response"}

        Raises
        ------
        KeyError
            For another outcome.
        ValueError
            When a missing score would count as not having deteriorated.
        """
        if what not in OUTCOMES:
            raise KeyError(f'No clinical change "{what}"{did_you_mean(what, OUTCOMES)}')
        counted, better = OUTCOMES[what]
        if better == "lower" and missing != "observed":
            raise ValueError(
                "A missing score never counts as not having deteriorated: whoever is lost may be "
                'worse. Use missing="observed".'
            )
        known = self.frame["category"] != ""
        value = np.where(known, self.frame["category"].isin(counted).astype(float), np.nan)
        return Outcome(
            kind="response",
            name=f"{what} {counting_name(missing, 'none')}",
            study=self.study,
            frame=value_frame(self.frame, value, missing),
            rule=self.rule,
            better=better,
            cautions=strategy_cautions(self.study),
        )


def derive_clinical_change(
    study: Study, week: Weeks = None, rule: ClinicalChangeRule | None = None
) -> ClinicalChange:
    """Reliable and clinically significant change since baseline, by the declared rule.

    Parameters
    ----------
    study : Study
    week : float or sequence of float, optional
        Scheduled weeks; the study's primary week when absent.
    rule : ClinicalChangeRule, optional
        Another rule than the declared one.

    Raises
    ------
    KeyError
        No visit is scheduled at a week.
    ValueError
        No rule is declared.
    """
    rule = declared_rule(study, "clinical_change", rule)
    rows = scores_at(study, week)
    found, cut_offs = [], {}
    for at, scores in rows.groupby("week", sort=True):
        index, category, cut_offs[float(at)] = _changed(study, rule, scores)
        found.append(scores.assign(index=index, category=category))
    frame = pd.concat(found).sort_index()
    columns = ["participant_id", "arm", "week", "baseline", "score", "index", "category"]
    return ClinicalChange(study, rule, frame[columns], cut_offs)


def _changed(study: Study, rule: ClinicalChangeRule, scores: pd.DataFrame):
    """Improvement index and category of each row of one week, and the cut-off."""
    before, after = scores["baseline"].to_numpy(float), scores["score"].to_numpy(float)
    bad, r = study.scale.bad_direction, rule.reliability
    of = _moments(rule, before, after)
    index = change_index(rule.method, before, after, of, r, rule.reliability_after)
    functional = (rule.functional_mean, rule.functional_standard_deviation)
    critical = CHANGE_METHODS[rule.method][1]
    if rule.method == "hageman-arrindell":
        return _true_scores(rule, before, after, of, index, bad)
    at = cut_off(rule.cut_off, of[:2], functional, bad) if rule.cut_off else rule.threshold
    clinical, well = bad * (before - at) > 0, bad * (after - at) < 0
    return -bad * index, categories(index, clinical, well, critical, bad), at


def _true_scores(rule, before, after, of: Moments, index, bad: int):
    """Hageman and Arrindell: true scores are compared with the cut-off, with their error."""
    error = of.sd * math.sqrt(1 - rule.reliability)

    def true_sd(sd: float) -> float:
        return math.sqrt(max(sd**2 - error**2, 0.0))

    functional = (rule.functional_mean, true_sd(rule.functional_standard_deviation))
    at = cut_off(rule.cut_off, (of.mean, true_sd(of.sd)), functional, bad)
    reliable = 1 - (error / of.sd_after) ** 2
    true_after = of.mean_after + (after - of.mean_after) * reliable
    beyond = -bad * (true_after - at) / (math.sqrt(reliable) * error)
    critical = CHANGE_METHODS[rule.method][1]
    clinical = bad * (before - at) > 0
    well = clinical & (beyond > critical)
    found = categories(index, clinical, well, critical, bad)
    # on true scores nobody is called harmed: where they stand afterwards is not tested
    found = np.where(found == "harmed", "deteriorated", found)
    return -bad * index, found, at


def _moments(rule: ClinicalChangeRule, before: np.ndarray, after: np.ndarray) -> Moments:
    mean, sd = rule.mean, rule.standard_deviation
    if rule.norms == "sample":
        mean, sd = float(np.mean(before)), float(np.std(before, ddof=1))
    if rule.method not in USES_AFTER:
        return Moments(mean, sd)
    seen = ~np.isnan(after)
    if seen.sum() < 3:
        return Moments(mean, sd)
    return Moments(
        mean,
        sd,
        float(np.mean(after[seen])),
        float(np.std(after[seen], ddof=1)),
        float(np.corrcoef(before[seen], after[seen])[0, 1]),
    )
