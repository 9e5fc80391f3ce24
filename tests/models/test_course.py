"""The course of scores: marginal means against R's mmrm and nlme."""

import numpy as np
import pandas as pd
import pytest

from ctevidence.contrasts import better_than_both, synergy
from ctevidence.models.course import fit_course

MONTH = {"2": 9, "3": 13, "5": 22, "8": 35}

# R mmrm on Beat the Blues, all 100 people: score ~ baseline*week + arm*week + length, us, REML;
# month, arm, reference, estimate, standard error, df. mmrm stopped at its default tolerance, so
# differences are judged in standard errors: 1e-4 of one for estimates and errors, 1e-3 for df.
MMRM = {
    "kenward-roger": KR,
    "satterthwaite": SATTERTHWAITE,
}


@pytest.fixture(scope="module")
def fitted(beat_the_blues):
    return {method: fit_course(beat_the_blues, method=method) for method in MMRM}
