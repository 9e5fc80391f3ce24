"""ctevidence: medication, therapy, or both? Response and relapse, weighed with honest uncertainty.

The public names are loaded when first used, so that ``import ctevidence`` and the command line
start at once.
"""

from importlib import import_module

__version__ = "0.1.0"

#: public name -> module that defines it
_PUBLIC = {
    "find_project": "data.project",
    "read_study": "data.readers",
    "read_trials": "data.trials",
    "write_study": "data.writers",
    "Study": "data.study",
    "Trials": "data.trials",
    "get_scale": "data.scales",
    "derive_response": "outcomes.response",
    "derive_remission": "outcomes.remission",
    "derive_course": "outcomes.course",
    "derive_courses": "outcomes.course",
    "derive_relapse": "outcomes.relapse",
    "derive_staying_well": "outcomes.staying_well",
    "derive_retention": "outcomes.retention",
    "derive_harms": "outcomes.harms",
    "participant_flow": "outcomes.flow",
    "fit_response": "models.response",
    "fit_course": "models.course",
    "fit_courses": "models.courses",
    "fit_growth": "models.growth",
    "TreatmentOverTime": "models.treatment_over_time",
    "fit_relapse": "models.relapse",
    "fit_retention": "models.retention",
    "fit_harms": "models.harms",
    "compare": "contrasts",
    "compare_family": "contrasts",
    "compare_treatments": "contrasts",
    "per_arm": "contrasts",
    "synergy": "contrasts",
    "better_than_both": "contrasts",
    "antagonism": "contrasts",
    "assumed_levels": "contrasts",
    "closed_tests": "contrasts",
    "compare_with_singles": "contrasts",
    "counted_levels": "contrasts",
    "factorial_effects": "contrasts",
    "not_worse_than": "contrasts",
    "power_better_than_both": "contrasts",
    "power_interaction": "contrasts",
    "reference_models": "contrasts",
    "relative_excess": "contrasts",
    "sample_size_better_than_both": "contrasts",
    "sample_size_interaction": "contrasts",
    "bootstrap_levels": "models.resampled",
    "bootstrap_risks": "models.resampled_risks",
    "bootstrap_synergy": "models.resampled",
    "draw_counts": "replicates",
    "run_replicates": "replicates",
    "Levels": "levels",
    "Estimate": "estimates",
    "Estimates": "estimates",
    "combine_sources": "synthesis.combined_sources",
    "effect_sizes": "synthesis.effect_sizes",
    "group_therapy_sensitivity": "synthesis.group_therapy",
    "ResponseFromMeans": "synthesis.response_from_means",
    "trial_overview": "synthesis.trial_overview",
    "pool": "synthesis.pool",
    "pool_by": "synthesis.pool",
    "pool_network": "synthesis.network",
    "pool_components": "synthesis.components",
    "select_interactions": "synthesis.component_selection",
    "pool_counts": "synthesis.pool_counts",
    "pool_dependent": "synthesis.pool_dependent",
    "pool_regression": "synthesis.pool_regression",
    "small_study_range": "synthesis.small_study",
    "absolute_effects": "synthesis.typical_risk",
    "assess_claims": "evidence.claims",
    "read_claims": "evidence.claims",
    "sentence": "display.sentences",
    "table_estimates": "display.tables",
    "table_arms": "display.tables",
    "table_baseline": "display.baseline",
    "table_diagnostics": "display.diagnostics",
    "table_influence": "display.diagnostics",
    "table_residuals": "display.diagnostics",
    "table_cumulative": "display.cumulative_table",
    "table_excluded": "display.trial_tables",
    "table_trial_influence": "display.trial_influence",
    "table_leads": "display.verdict_tables",
    "table_components": "display.network_tables",
    "table_network": "display.network_tables",
    "table_selection": "display.network_tables",
    "table_split": "display.network_tables",
    "table_notes": "display.trial_tables",
    "table_overview": "display.overview_table",
    "table_pooled": "display.pooled_table",
    "table_regression": "display.regression_table",
    "table_small_study": "display.small_study_table",
    "table_rules": "display.tables",
    "table_verdicts": "display.verdict_tables",
    "key_messages": "display.key_messages",
    "plot_flow": "display.flow",
    "plot_course": "display.course",
    "plot_individual_curves": "display.individual_curves",
    "plot_spaghetti": "display.spaghetti",
    "plot_residuals": "display.residuals",
    "plot_per_100": "display.per_100",
    "plot_survival": "display.survival",
    "plot_forest": "display.forest",
    "plot_network": "display.network_graph",
    "plot_league": "display.league",
    "plot_components": "display.component_forest",
    "plot_contributions": "display.contribution_map",
    "plot_funnel": "display.funnel",
    "plot_small_study": "display.small_study_table",
    "read_estimates": "reports.results",
    "write_estimates": "reports.results",
    "write_figure": "reports.results",
    "write_table": "reports.results",
    "run_report": "reports.run",
    "simulate_study": "simulate.study",
}

__all__ = [*sorted(_PUBLIC), "__version__"]  # noqa: PLE0604


def __getattr__(name: str):
    if name not in _PUBLIC:
        raise AttributeError(f"ctevidence has no name {name!r}; see ctevidence.__all__.")
    value = getattr(import_module(f"ctevidence.{_PUBLIC[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
