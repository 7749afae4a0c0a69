"""From lists of numbered texts to pairs of numbered drug variants, a block of lists at a time, in arrays.

`druqa.stages.pairs` says what a list comes to; this says the same of fifty thousand lists at once, and the tests hold
the two equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from druqa.batch.catalog import Catalog, Ints

if TYPE_CHECKING:
    import duckdb

_PAIRS_AT_ONCE = 2_000_000
KEY = 1 << 32
"""A pair's key is the number of its first variant times this, plus the number of its second."""


@dataclass(frozen=True)
class Holdings:
    """Each drug of each list once, as parallel arrays in the order of lists and drugs."""

    list_no: Ints
    drug: Ints
    variant: Ints
    place: Ints
    """The first medication of the list that holds it, from 0."""
    text: Ints
    second_place: Ints
    """The second medication that holds it; -1 where only one does."""
    second_text: Ints
    shared: tuple[tuple[int, tuple[int, ...]], ...]
    """Where in the arrays a drug stands that several medications of its list hold, and their texts in order."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of drugs that may be taken together, as parallel arrays."""

    list_no: Ints
    key: Ints
    text_a: Ints
    """The text that the first drug is taken from."""
    text_b: Ints


@dataclass(frozen=True)
class Block:
    """Some lists: their drugs, their pairs, and which of their drugs are two readings of one line."""

    holdings: Holdings
    pairs: Pairs
    apart: tuple[Ints, Ints, Ints]
    """List, and the two drugs."""


def blocks(db: duckdb.DuckDBPyConnection, catalog: Catalog) -> Iterator[Block]:
    """All lists with a medication, in their order, so many at a time that their pairs fit in memory."""
    for first, last in _ranges(db):
        found = db.execute(
            "SELECT list_no, text_id FROM entries WHERE list_no BETWEEN ? AND ? ORDER BY list_no, line", [first, last]
        ).fetchnumpy()
        list_no, text = (np.asarray(found[column], dtype=np.int64) for column in ("list_no", "text_id"))
        yield pair(hold(list_no, text, catalog), catalog)


def _ranges(db: duckdb.DuckDBPyConnection) -> list[tuple[int, int]]:
    rows = db.execute(
        """
        WITH sizes AS (SELECT list_no, count(*) AS size FROM entries GROUP BY list_no),
             filled AS (SELECT list_no, sum(size * size) OVER (ORDER BY list_no) // ? AS part FROM sizes)
        SELECT min(list_no), max(list_no) FROM filled GROUP BY part ORDER BY part
        """,
        [2 * _PAIRS_AT_ONCE],
    ).fetchall()
    return [(int(first), int(last)) for first, last in rows]


def hold(list_no: Ints, text: Ints, catalog: Catalog) -> Holdings:
    """The drugs of lists, given the list and the text of every medication in order."""
    entry = np.arange(len(text))
    place = entry - _starts_of(list_no)
    counts = catalog.starts[text + 1] - catalog.starts[text]
    medication = np.repeat(entry, counts)
    item = np.arange(len(medication)) - np.repeat(np.cumsum(counts) - counts - catalog.starts[text], counts)
    drug = catalog.drug[item]
    order = np.lexsort((place[medication], drug, list_no[medication]))
    medication, item, drug = medication[order], item[order], drug[order]
    lists = list_no[medication]
    new = np.ones(len(drug), dtype=bool)
    new[1:] = (lists[1:] != lists[:-1]) | (drug[1:] != drug[:-1])
    first = np.flatnonzero(new)
    sizes = np.diff(np.append(first, len(drug)))
    variant = catalog.variant[item[first]]
    several = np.flatnonzero(sizes > 1).tolist()
    shared = tuple((at, tuple(text[medication[first[at] : first[at] + sizes[at]]].tolist())) for at in several)
    own = catalog.variant[item]
    for at, texts in shared:
        if (own[first[at] : first[at] + sizes[at]] != own[first[at]]).any():
            variant[at] = catalog.together(int(drug[first[at]]), texts)
    second = np.where(sizes > 1, first + 1, first)
    only = sizes == 1
    return Holdings(
        list_no=lists[first],
        drug=drug[first],
        variant=variant,
        place=place[medication[first]],
        text=text[medication[first]],
        second_place=np.where(only, -1, place[medication[second]]),
        second_text=np.where(only, -1, text[medication[second]]),
        shared=shared,
    )


def _starts_of(values: Ints) -> Ints:
    """For each place in a sorted array, where its run of equal values begins."""
    new = np.ones(len(values), dtype=bool)
    new[1:] = values[1:] != values[:-1]
    starts: Ints = np.flatnonzero(new)
    return np.repeat(starts, np.diff(np.append(starts, len(values))))


def pair(held: Holdings, catalog: Catalog) -> Block:
    """Every pair of drugs of each list, but for two readings of one line."""
    one, other = _combinations(held.list_no)
    same = held.place[one] == held.place[other]
    single = (held.second_place[one] < 0) & (held.second_place[other] < 0)
    readings = catalog.alternatives(held.text[one], held.drug[one], held.drug[other])
    apart = same & single & np.isin(readings, catalog.apart)
    out = np.flatnonzero(apart)
    divided = held.list_no[one[out]], held.drug[one[out]], held.drug[other[out]]
    one, other, same = one[~apart], other[~apart], same[~apart]
    # A medication for each drug, two different ones if there are: see `stages.pairs`.
    by_other = same & (held.second_place[other] >= 0)
    by_one = same & ~by_other & (held.second_place[one] >= 0)
    pairs = Pairs(
        list_no=held.list_no[one],
        key=held.variant[one] * KEY + held.variant[other],
        text_a=np.where(by_one, held.second_text[one], held.text[one]),
        text_b=np.where(by_other, held.second_text[other], held.text[other]),
    )
    return Block(held, pairs, divided)


def _combinations(list_no: Ints) -> tuple[Ints, Ints]:
    """The places of every two entries of the same list, the first before the second."""
    starts = _starts_of(list_no)
    sizes = np.bincount(starts, minlength=len(starts))[starts]
    at = np.arange(len(list_no))
    after = starts + sizes - at - 1
    one = np.repeat(at, after)
    nth = np.arange(len(one)) - np.repeat(np.cumsum(after) - after, after)
    return one, one + nth + 1
