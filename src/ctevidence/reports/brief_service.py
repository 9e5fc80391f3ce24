"""What the answer means for a service: computed from what it declares, else for 100 people."""

from __future__ import annotations

from ctevidence.display.service_words import (
    assumptions,
    fill_in,
    service_effect,
    table_service,
)
from ctevidence.display.short_answer import ASKED
from ctevidence.reports.material import Material
from ctevidence.reports.page import Block, bullets, grid, prose


def service_blocks(material: Material) -> tuple[Block, ...]:
    """People gained or lost in a year, hours, room and waiting, with every assumption."""
    service, verdicts = material.service, material.verdicts
    effects = [service_effect(verdicts[claim], service, material.source) for claim in ASKED]
    effects = [words for words in effects if words.text]
    if service is None:
        return bullets(effects), prose(fill_in())
    return bullets(effects), grid(table_service(service)), prose(assumptions(service))
