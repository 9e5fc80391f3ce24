"""Response by every declared definition, side by side: how far the definition moves the answer."""

from __future__ import annotations

from collections.abc import Sequence

from ctevidence.contrasts import compare_treatments
from ctevidence.data.study import Study
from ctevidence.estimates import Estimates
from ctevidence.models.response import fit_response
from ctevidence.outcomes.response_definitions import declared_definitions, derive_definition


def response_definitions(
    study: Study,
    week: float | None = None,
    adjust: Sequence[str] | None = (),
    model: str | None = None,
) -> Estimates:
    """Risk of response in each arm, and differences between treatments, by every definition.

    Parameters
    ----------
    study : Study
        Declares the definitions (``[definitions.NAME]``); without any, its rules of response and
        remission are shown, each with missing scores counted in both ways.
    week : float, optional
        A scheduled week; the study's primary week when absent.
    adjust : sequence of str, optional
        As for `fit_response`; none unless asked for, so that all rows are of the same kind.
    model : str, optional
        As for `fit_response`.

    Returns
    -------
    Estimates
        Rows by definition and counting, in the order declared: ``risk`` of each arm, then
        ``risk_difference`` of each pair of treatments. The outcome names the definition.

    Raises
    ------
    ValueError
        When the study declares neither definitions nor rules.
    """
    definitions = declared_definitions(study)
    if not definitions:
        raise ValueError(
            f"{study.name} declares no definition of response. Add a table [response], or tables "
            "[definitions.NAME], to study.toml."
        )
    rows = Estimates()
    for definition in definitions:
        for missing in definition.missing:
            fit = fit_response(derive_definition(study, definition, missing, week), adjust, model)
            rows += fit.per_arm("risk") + compare_treatments(fit, ("risk_difference",))
    return rows
