"""What the answer means for a service, computed from what it declares."""

from __future__ import annotations

from ctevidence.display.service_words import (
    assumptions,
    fill_in,
    nothing_follows,
    service_effect,
    table_service,
)
from ctevidence.display.short_answer import ASKED
from ctevidence.reports.material import Material
from ctevidence.reports.page import Block, bullets, grid, prose


def service_blocks(material: Material) -> tuple[Block, ...]:
    """People gained or lost in a year, hours, room and waiting, with every assumption."""
    service, asked = material.service, [material.verdicts[claim] for claim in ASKED]
    if service is None:  # of 100 people a year the numbers stand above
        few = [nothing_follows(verdict, material.source) for verdict in asked]
        return bullets([words for words in few if words.text]), prose(fill_in())
    effects = [service_effect(verdict, service, material.source) for verdict in asked]
    effects = [words for words in effects if words.text]
    return bullets(effects), grid(table_service(service)), prose(assumptions(service))
