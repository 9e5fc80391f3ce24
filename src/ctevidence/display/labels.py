"""Words for readers: measures, treatments, units. A second language is a second such file."""

from __future__ import annotations

from ctevidence.outcomes.illness import STATE_WORDS
from ctevidence.terms import SYNERGY_MEASURES

#: outcome of a state of the illness -> what people did, as verb phrase after "people who"
STATE_VERBS = {f"being {words}": f"are {words}" for words in STATE_WORDS.values()}

MEASURES = {
    "risk": "per 100 people",
    "mean": "mean",
    "standardised_mean": "standardised mean",
    "mean_over_period": "mean over the period",
    "area_under_curve": "area under the curve",
    "rate": "change per week",
    "survival": "still free of it, per 100",
    "rmst": "weeks free of it, on average",
    "cumulative_incidence": "cumulative, per 100",
    "state_occupation": "in this state, per 100",
    "weeks_in_state": "weeks in this state, on average",
    "mean_count": "events per person, on average",
    "event_rate": "events in time followed",
    "risk_difference": "difference per 100 people",
    "risk_ratio": "risk ratio",
    "odds_ratio": "odds ratio",
    "nnt": "number needed to treat",
    "mean_difference": "difference in means",
    "mean_over_period_difference": "difference in means over the period",
    "area_under_curve_difference": "difference in area under the curve",
    "rate_difference": "difference in change per week",
    "survival_difference": "difference per 100 people",
    "survival_ratio": "ratio",
    "cumulative_incidence_difference": "difference per 100 people",
    "cumulative_incidence_ratio": "ratio",
    "event_rate_difference": "difference in events in time followed",
    "event_rate_ratio": "rate ratio",
    "rmst_difference": "difference in weeks",
    "rmst_ratio": "ratio of weeks",
    "state_occupation_difference": "difference per 100 people",
    "state_occupation_ratio": "ratio",
    "weeks_in_state_difference": "difference in weeks",
    "weeks_in_state_ratio": "ratio of weeks",
    "mean_count_difference": "difference in events per person",
    "mean_count_ratio": "ratio of events per person",
    "hazard_ratio": "hazard ratio",
    "std_mean_difference": "standardised mean difference",
    "interaction_difference": "synergy on the difference scale",
    "interaction_ratio": "synergy on the ratio scale",
    "interaction_odds_ratio": "synergy on the odds scale",
    "p_score": "P-score",
    "rank": "place by estimate",
    "first_place": "share of draws in first place",
    "inconsistency_ratio": "direct over indirect evidence",
    "inconsistency_difference": "direct minus indirect evidence",
    "reri": "relative excess risk (RERI)",
    "attributable_proportion": "share of the outcome due to synergy",
    "synergy_index": "synergy index",
    "bliss_excess": "beyond Bliss independence",
    "best_single_excess": "beyond the better single treatment",
    "log_excess": "beyond multiplied ratios",
    "log_odds_excess": "beyond added log odds",
    "power_better_than_both": "power to be shown better than both, per cent",
    "people_needed": "people needed",
    "shrunken_risk_difference": "difference per 100 people, groups drawn together",
    "shrunken_risk_ratio": "risk ratio, groups drawn together",
    "shrunken_mean_difference": "difference in means, groups drawn together",
    "effect_modification_difference": "difference between groups, difference scale",
    "effect_modification_ratio": "difference between groups, ratio scale",
    "heterogeneity_difference": "test that groups are alike, difference scale",
    "heterogeneity_ratio": "test that groups are alike, ratio scale",
}
MEASURES |= {
    f"detectable_{name}": f"smallest detectable: {MEASURES[name]}"
    for name in SYNERGY_MEASURES
    if name in MEASURES
} | {"detectable_interaction_difference": "smallest detectable synergy"}
MEASURES |= {
    f"power_{name}": f"power, per cent: {MEASURES[name]}"
    for name in SYNERGY_MEASURES
    if name in MEASURES
}

TREATMENTS = {
    "control": "control",
    "medication": "medication",
    "therapy": "therapy",
    "combined": "combined treatment",
}

CONDITIONS = {
    "depression": "Depression",
    "anxiety": "Anxiety disorders",
    "bipolar": "Bipolar disorder",
    "ptsd": "Post-traumatic stress disorder",
    "ocd": "Obsessive-compulsive disorder",
    "other": "Other conditions",
}


#: what rows about a measure are called
_ABOUT = {
    "_prediction": "expected in a new trial",
    "_small_study_range": "by method for small-study effects",
}


def measure_label(name: str) -> str:
    """A measure in words.

    Examples
    --------
    >>> measure_label("risk_ratio"), measure_label("risk_ratio_prediction")
    ('risk ratio', 'risk ratio expected in a new trial')
    """
    for end, words in _ABOUT.items():
        if name.endswith(end):
            return f"{measure_label(name.removesuffix(end))} {words}"
    return MEASURES.get(name, name.replace("_", " "))


def with_article(words: str) -> str:
    """With the indefinite article: ``a risk ratio``, ``an odds ratio``."""
    return f"{'an' if words[:1].lower() in 'aeiou' else 'a'} {words}"


def treatment_label(name: str) -> str:
    return TREATMENTS.get(name, name)


def contrast_label(arm: str, reference: str) -> str:
    """``combined treatment against medication``; the arm alone when there is no reference."""
    if not reference:
        return treatment_label(arm)
    return f"{treatment_label(arm)} against {treatment_label(reference)}"
