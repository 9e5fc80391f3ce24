"""Which interactions do the data ask for? Forward selection that shows every step it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ctevidence.language import say
from ctevidence.synthesis.component_matrix import TIMES, component_matrix, possible_interactions
from ctevidence.synthesis.components import Components
from ctevidence.synthesis.network import fits_of
from ctevidence.synthesis.network_fit import QTest


@dataclass(frozen=True, eq=False)
class SelectionPath:
    """Every test of a forward selection and the model it ends in.

    Attributes
    ----------
    steps : DataFrame
        One row for each interaction tried at each step: `step, interaction, q_drop, df, p_value,
        tried, p_adjusted, added`. `tried` counts the interactions tried at that step, by which the
        p-value is multiplied.
    model : Components
        The model after the last addition.
    cautions : tuple of str
    """

    steps: pd.DataFrame
    model: Components
    cautions: tuple[str, ...]

    @property
    def tried(self) -> int:
        """Tests made on the whole path."""
        return len(self.steps)


def select_interactions(
    components: Components,
    candidates: Sequence[Sequence[str]] | None = None,
    alpha: float = 0.05,
) -> SelectionPath:
    """Add interactions one by one while the best lowers Q by more than chance.

    Parameters
    ----------
    components : Components
        The model to start from.
    candidates : sequence of pairs of str, optional
        Interactions that may enter; every pair that some treatment contains when absent. Name them
        before looking at the data if you can.
    alpha : float
        An interaction enters when its p-value times the number tried at that step is below it
        (Bonferroni): looking at many costs something.

    Returns
    -------
    SelectionPath

    Notes
    -----
    Q difference at common-effect weights on 1 degree of freedom each, as in Ruecker, Petropoulou
    and Schwarzer (2020), Biometrical J 62:808, who take no account of the number tried.
    """
    if candidates is None:
        candidates = possible_interactions(components.matrix)
    kept = [tuple(name.split(TIMES)) for name in components.matrix.interactions]
    left = [tuple(sorted(c)) for c in candidates if tuple(sorted(c)) not in kept]
    rows, model, step = [], components, 0
    while left:
        step += 1
        tried = [(pair, _with(components, [*kept, pair])) for pair in left]
        tests = [
            QTest(max(0.0, model.common.q - wider.common.q), model.common.df - wider.common.df)
            for _, wider in tried
        ]
        adjusted = [min(1.0, test.p_value * len(left)) for test in tests]
        best = min(range(len(left)), key=lambda i: (not tests[i].df, adjusted[i], -tests[i].q))
        enters = tests[best].df > 0 and adjusted[best] < alpha
        for i, (pair, _) in enumerate(tried):
            name, test = " x ".join(pair), tests[i]
            added = enters and i == best
            rows.append([step, name, test.q, test.df, test.p_value, len(left), adjusted[i], added])
        if not enters:
            break
        kept.append(left.pop(best))
        model = tried[best][1]
    steps = pd.DataFrame(
        rows,
        columns=["step", "interaction", "q_drop", "df", "p_value", "tried", "p_adjusted", "added"],
    )
    tried = len(steps)
    if tried and steps["added"].any():
        cautions = [say("synthesis.component_selection.selected", tried=tried)]
    else:
        cautions = [say("synthesis.component_selection.none_selected", tried=tried)]
    if len(components.data.trials.parts) > 1:
        cautions.append(say("synthesis.component_selection.falls_apart"))
    return SelectionPath(steps, model, tuple(cautions))


def _with(components: Components, interactions: Sequence[Sequence[str]]) -> Components:
    """The same component model with other interactions."""
    old = components.matrix
    matrix = component_matrix(old.treatments, old.inactive, interactions, old.sep)
    fits = fits_of(components.data, matrix.matrix)
    return Components(components.data, matrix, *fits, components.combinations)
