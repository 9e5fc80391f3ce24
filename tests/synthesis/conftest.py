"""Numbers of R's metafor that the tests of this room share."""

import json
from pathlib import Path

import pytest

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="session")
def metafor() -> dict:
    """`metafor_pairwise.json`, made by `metafor_pairwise.R` (metafor 3.8-1)."""
    return json.loads((REFERENCE / "metafor_pairwise.json").read_text(encoding="utf-8"))
