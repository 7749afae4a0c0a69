"""Tells gold that says something new from gold that the tables were built from.

Scoring a table against its own source measures nothing: such pairs are counted apart from the headline.
"""

from __future__ import annotations

import re
from collections.abc import Set
from enum import StrEnum

from druqa.measure.gold import GoldPair
from druqa.setup import Setup

_KNOWN_AS = {"onc": "phansalkar_2012", "smpc": "label"}
"""Keys of what the tables have under another. A European label says of a drug what the American one does."""


class Standing(StrEnum):
    """What a gold pair can say about the cascade that is scored."""

    INDEPENDENT = "independent"
    CIRCULAR = "circular"
    """A source of the pair is a source of the tables that were looked up."""
    UNSTATED = "unstated"
    """The gold does not say where the pair is from, and tables were looked up: it may be circular."""


def documents(source: str) -> frozenset[str]:
    """The documents that a source is or lies in: a whole list or thesaurus, or the label of each drug of a product."""
    key, _, place = source.casefold().partition(":")
    key = _KNOWN_AS.get(key.strip(), key.strip())
    if key != "label":
        return frozenset({key})
    drugs = re.split("/| and ", place.partition(",")[0].partition("(")[0])
    return frozenset(f"{key}: {drug.strip()}" for drug in drugs)


def built_from(setup: Setup) -> frozenset[str]:
    """The documents that the tables of a setup cite; none for a cascade that looks nothing up."""
    if not setup.tables:
        return frozenset()
    cited = (documents(part) for source in setup.evidence.sources for part in source.split(";"))
    return frozenset().union(*cited)


def standing(pair: GoldPair, known: Set[str], *, own: bool = False) -> Standing:
    """What a pair can say about a cascade whose tables were built from these documents.

    With tables of the user's own (`own`) nothing is independent: where these are from is not known here.
    """
    if not known or not pair.interacts:
        # Tables never say no, so none of them holds a negative.
        return Standing.INDEPENDENT
    if any(known & documents(source) for source in pair.sources):
        return Standing.CIRCULAR
    return Standing.INDEPENDENT if pair.sources and not own else Standing.UNSTATED
