"""Tells gold that says something new from gold that the tables were built from.

Scoring a table against its own source measures nothing: such pairs are counted apart from the headline.
"""

from __future__ import annotations

from collections.abc import Set
from enum import StrEnum

from druqa.measure.gold import GoldPair
from druqa.setup import Setup

_ONE_DOCUMENT_A_DRUG = {"label", "smpc"}
_KNOWN_AS = {"onc": "phansalkar_2012"}
"""Keys under which merged gold sets name what the tables name otherwise."""


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
    if key not in _ONE_DOCUMENT_A_DRUG:
        return frozenset({key})
    drugs = place.partition(",")[0].partition("(")[0]
    return frozenset(f"{key}: {drug.strip()}" for drug in drugs.split("/"))


def built_from(setup: Setup) -> frozenset[str]:
    """The documents that the tables of a setup cite; none for a cascade that looks nothing up."""
    if not setup.tables:
        return frozenset()
    cited = (documents(part) for source in setup.evidence.sources for part in source.split(";"))
    return frozenset().union(*cited)


def standing(pair: GoldPair, known: Set[str]) -> Standing:
    """What a pair can say about a cascade whose tables were built from these documents."""
    if not known or not pair.interacts:
        # Tables never say no, so none of them holds a negative.
        return Standing.INDEPENDENT
    if not pair.sources:
        return Standing.UNSTATED
    circular = any(known & documents(source) for source in pair.sources)
    return Standing.CIRCULAR if circular else Standing.INDEPENDENT
