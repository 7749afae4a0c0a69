"""Tells gold that says something new from gold that the tables were built from.

Scoring a table against its own source measures nothing: such pairs are counted apart from the headline.
"""

from __future__ import annotations

import re
from collections.abc import Set
from enum import StrEnum

from druqa.measure.gold import GoldPair
from druqa.setup import Setup

_KNOWN_AS = {"onc": "phansalkar_2012", "phansalkar": "phansalkar_2012", "beers": "beers_2023", "stopp": "stopp_2015"}
_LABELS = {"label", "labels", "labeling", "labelling", "smpc", "spc", "monograph"}
"""Words for the document that comes with a drug. A European one says of it what the American one does."""


class Standing(StrEnum):
    """What a gold pair can say about the cascade that is scored."""

    INDEPENDENT = "independent"
    CIRCULAR = "circular"
    """A source of the pair is a source of the tables that were looked up."""
    UNSTATED = "unstated"
    """The gold does not say where the pair is from, and tables were looked up: it may be circular."""


def documents(source: str) -> frozenset[str]:
    """The documents that a source is or lies in: a whole list or thesaurus, or the label of each drug of a product.

    A label whose drug cannot be told is any label.
    """
    key, colon, place = source.casefold().partition(":")
    words = set(re.findall(r"[a-z]+[a-z0-9_]*", key))
    if words & _LABELS:
        drugs = re.split("/| and ", place.partition(",")[0].partition("(")[0]) if colon and len(words) == 1 else []
        return frozenset(f"label: {drug.strip()}" for drug in drugs) or frozenset({"label"})
    known = {_KNOWN_AS[word] for word in words & _KNOWN_AS.keys()} | words & {"ansm"}
    return frozenset(known or {key.strip()})


def built_from(setup: Setup) -> frozenset[str]:
    """The documents that the tables of a setup cite; none for a cascade that looks nothing up."""
    if not setup.tables:
        return frozenset()
    cited = (documents(part) for source in setup.evidence.sources for part in source.split(";"))
    found = frozenset().union(*cited)
    return found | {"label"} if any(document.startswith("label: ") for document in found) else found


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
