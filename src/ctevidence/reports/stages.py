"""Which notebooks need what: a study, published trials, or the results of the others."""

from __future__ import annotations

from dataclasses import dataclass

NEEDS_STUDY = ("01_study", "02_response", "03_course", "04_relapse", "08_sensitivity")
NEEDS_TRIALS = ("05_trials",)
NEEDS_RESULTS = ("06_evidence", "07_brief")
#: relapse, dropout and harms are asked of every study, which answers or says why it cannot; without
#: visits there is no course and nobody to have responded
NEEDS_VISITS = ("02_response", "03_course", "08_sensitivity")
NEEDS_RESPONSE = ("02_response", "08_sensitivity")
#: parameters that name a folder of data which the notebook reads
DATA_PARAMETERS = ("study_name", "trials_name", "network_name")


@dataclass(frozen=True)
class Held:
    """What the data of a report hold, as far as it decides which notebooks they can fill.

    Parameters
    ----------
    study, trials : bool
        A study; published trials.
    visits : bool
        The study schedules visits after its start.
    response : bool
        The study declares what counts as response.
    """

    study: bool
    trials: bool
    visits: bool = False
    response: bool = False

    def lacks(self, notebook: str) -> str:
        """What a notebook needs and is not there, in words; empty when nothing is.

        Examples
        --------
        >>> Held(study=True, trials=False).lacks("03_course")
        'study.toml schedules no visits after the start'
        """
        needs = {
            "these are published trials, not a study": (NEEDS_STUDY, self.study),
            "no published trials stand beside it": (NEEDS_TRIALS, self.trials),
            "study.toml schedules no visits after the start": (NEEDS_VISITS, self.visits),
            "study.toml declares no [response]": (NEEDS_RESPONSE, self.response),
        }
        missing = (why for why, (of, there) in needs.items() if notebook in of and not there)
        return next(missing, "")


def network_alone(network: str) -> str:
    """Why a network is not shown beside a study that no published trials stand beside."""
    return (
        f'The network "{network}" stands beside published trials: name them too '
        f"(--trials {network} for the network alone)."
    )
