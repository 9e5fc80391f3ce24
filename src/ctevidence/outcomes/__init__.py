"""Outcomes: what happened to each person, by the declared rules."""

from ctevidence.outcomes.clinical_change import derive_clinical_change
from ctevidence.outcomes.course import derive_course
from ctevidence.outcomes.flow import participant_flow
from ctevidence.outcomes.harms import derive_harms
from ctevidence.outcomes.illness import derive_illness
from ctevidence.outcomes.landmark import landmark
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.recurrence import derive_recurrence
from ctevidence.outcomes.relapse import derive_relapse
from ctevidence.outcomes.remission import derive_remission
from ctevidence.outcomes.repeated_relapse import derive_repeated_relapse
from ctevidence.outcomes.response import derive_response
from ctevidence.outcomes.retention import derive_retention
from ctevidence.outcomes.staying_well import derive_staying_well
from ctevidence.outcomes.time_to_response import derive_time_to_response

__all__ = [
    "Outcome",
    "derive_clinical_change",
    "derive_course",
    "derive_harms",
    "derive_illness",
    "derive_recurrence",
    "derive_relapse",
    "derive_remission",
    "derive_repeated_relapse",
    "derive_response",
    "derive_retention",
    "derive_staying_well",
    "derive_time_to_response",
    "landmark",
    "participant_flow",
]
