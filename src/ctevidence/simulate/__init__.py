"""Simulated studies with known truth, for demonstrations, tests and validation."""

from ctevidence.simulate.anxiety import Anxiety
from ctevidence.simulate.effects import Effects, Harms, Relapse
from ctevidence.simulate.maintenance import (
    Maintenance,
    MaintenanceTruth,
    simulate_maintenance,
)
from ctevidence.simulate.scenario import Clusters, Dropout, Scenario, Severity
from ctevidence.simulate.study import SimulatedStudy, simulate_study
from ctevidence.simulate.truth import Truth

__all__ = [
    "Anxiety",
    "Clusters",
    "Dropout",
    "Effects",
    "Harms",
    "Maintenance",
    "MaintenanceTruth",
    "Relapse",
    "Scenario",
    "Severity",
    "SimulatedStudy",
    "Truth",
    "simulate_maintenance",
    "simulate_study",
]
