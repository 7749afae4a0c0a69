"""One row of the table of names, and which of a drug's names comes first."""

from __future__ import annotations

from typing import NamedTuple

KINDS = ("generic", "synonym", "brand", "abbreviation", "salt", "combination", "class", "misspelling")
_NEARLY_ALL = 5
_IMPORTANCE = {kind: place for place, kind in enumerate(KINDS)}


class NameRow(NamedTuple):
    """One row of the table: a name in key form and one drug that it means."""

    name: str
    drug: str
    kind: str
    source: str
    products: int
    """FDA products of that name; 0 where unknown."""
    sources: int = 1
    """How many of the sources give the drug that name."""


def importance(row: NameRow) -> tuple[float, int, int, bool, int, str]:
    """Sort key: generic, names that nearly all sources give (other countries' generic names), brands, then the rest.

    Among brands those of most FDA products, then those that most sources give.
    """
    place: float = _IMPORTANCE[row.kind]
    if row.kind == "synonym" and row.sources < _NEARLY_ALL:
        place = _IMPORTANCE["brand"] + 0.5
    plain = row.name.replace(" ", "").isalpha()
    return (place, -row.products, -row.sources, not plain, len(row.name), row.name)
