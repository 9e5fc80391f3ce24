"""Names that rows keep in English: said in the language in use, a study's own as it stands."""

import re

import pytest

from ctevidence.contrasts.better_than_both import BEST_SINGLE
from ctevidence.contrasts.reference_models import REFERENCE_MODELS
from ctevidence.contrasts.singles import AVERAGE_SINGLE
from ctevidence.data.definitions import COUNTINGS
from ctevidence.data.scales import scales
from ctevidence.data.trial_columns import WORDS
from ctevidence.display.labels import outcome_label, population_label, treatment_label
from ctevidence.language import Language, language, speaking
from ctevidence.models.dropout_kinds import outcome_name
from ctevidence.models.fit import EVERYONE
from ctevidence.names import MADE, WHOLE, in_words, name_of
from ctevidence.outcomes.harms import HARMS, harm_name
from ctevidence.outcomes.illness import STATE_WORDS
from ctevidence.sensitivity.strategies import STRATEGIES, WITH_REFERENCE
from ctevidence.synthesis.conditions import CONDITIONS, UNCLASSIFIED
from ctevidence.synthesis.trial_overview import PARTS

ENGLISH = language()
CODED = ("phase", "outcome", "condition", "age_group")
#: what code writes into rows, wherever it stands
WRITTEN = (
    BEST_SINGLE,
    AVERAGE_SINGLE,
    EVERYONE,
    UNCLASSIFIED,
    *REFERENCE_MODELS,
    *(f"response {counting}" for counting in COUNTINGS.values()),
    *STRATEGIES,
    *(f"response (imputed, {name}, reference control)" for name in WITH_REFERENCE),
    *STATE_WORDS.values(),
    *(harm_name(event) for event in HARMS),
    *map(outcome_name, ("side effects", "no benefit", "well", "other", "unknown")),
    *(part.name for part in PARTS),
    *(condition.name for condition in CONDITIONS.values()),
    *(word.replace("_", " ") for column in CODED for word in WORDS[column]),
    *(scale.construct for scale in scales()),
    *(f"{scale.rater}-rated" for scale in scales() if scale.rater),
    "PHQ-9 score (lower is better), copy reference, reference control, repeated sampling",
    "early PHQ-9 score (lower is better), weeks 2 to 4",
    "PHQ-9 points per week",
    "response, remission, 4 or less (missing as non-response)",
    "overview: depression; adults; relapse; stratum main; 13.4615 in 100 with therapy",
    "being in response or being in remission (higher is better)",
)


@pytest.fixture
def capitals():
    """A language that shouts: what it does not know stays in small letters."""
    shout = lambda text: re.sub(r"(\{\w+\})|([^{]+)", lambda m: m[1] or m[2].upper(), text)  # noqa: E731
    return Language("xx", {key: shout(text) for key, text in ENGLISH.entries.items()})


@pytest.mark.parametrize("name", dict.fromkeys(WRITTEN))
def test_what_code_writes_into_rows_is_known(capitals, name):
    assert in_words(name) == name
    with speaking(capitals):
        assert in_words(name) == name.upper()


def test_a_name_of_the_study_stands_as_it_is_also_inside_another(capitals):
    with speaking(capitals):
        assert in_words("days well") == "days well"
        assert in_words("days well (observed)") == "days well (OBSERVED)"
        assert in_words("insomnia; adults") == "insomnia; ADULTS"
        assert in_words("CBT + medication") == "CBT + MEDICATION"


def test_a_language_chooses_its_own_order(capitals):
    own = {**capitals.entries, f"{MADE}.score": "Wert des {scale}", "between.or": " oder "}
    with speaking(Language("de", own)):
        assert in_words("early PHQ-9 score") == "EARLY Wert des PHQ-9"
        assert in_words("relapse or recurrence") == "RELAPSE oder RECURRENCE"


def test_a_name_is_made_in_english_whatever_is_spoken(capitals):
    with speaking(capitals):
        assert name_of("improvement", scale="PHQ-9") == "improvement on PHQ-9"


def test_labels_of_rows_pass_through_the_file_of_words(capitals):
    with speaking(capitals):
        assert outcome_label("self_harm") == "SELF HARM"
        assert treatment_label("combined") == "COMBINED TREATMENT"
        assert treatment_label(BEST_SINGLE) == "BEST SINGLE TREATMENT"
        assert population_label("alcohol_use; stratum taper") == "ALCOHOL USE; MEDICATION TAPERED"
    assert treatment_label("arm_2") == "arm_2"  # a study's own arm


def test_no_two_names_are_alike_and_none_is_a_list():
    whole = ENGLISH.table(WHOLE)
    assert len(set(whole.values())) == len(whole)
    assert [n for n in whole.values() if re.search(r"[;,] (?![^()]*\))", n)] == [
        "disability in work, social and family life (Sheehan)"
    ]
