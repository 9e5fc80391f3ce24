"""Simulated worlds and people that the tests of this room share."""

import pytest

from ctevidence.simulate import Clusters, Dropout

#: Nobody leaves and no visit is missed.
COMPLETE = Dropout(risk=0, missed_visit=0)
#: People are independent of each other: simple standard errors are right.
UNCLUSTERED = Clusters(site_share=0, therapist_share=0)


@pytest.fixture(scope="session")
def complete() -> Dropout:
    return COMPLETE


@pytest.fixture(scope="session")
def unclustered() -> Clusters:
    return UNCLUSTERED
