"""Finds the names that are spelled like an unknown one, by optimal string alignment distance (OSA).

OSA counts letters to insert, delete, replace, or swap with a neighbour; plain Levenshtein would count a swap twice.
Few look-ups scan the whole table. Many build an index first, which proposes what OSA then decides: the names that
become equal when up to so many letters are struck out of the beginning of both (symmetric deletion, Garbe 2012).
Both find the same; the tests hold them equal.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain, combinations
from math import comb

_PREFIX = 8
"""Letters: of 7, 8 and 9 the fastest; a longer one costs memory, a shorter one proposes too much."""
MOST = 3
"""No name is looked for at a greater distance."""
_LAST_BUCKET = (1 << 22) - 1
_SCANS_BEFORE_INDEX = 1000
"""Building the index takes about as long as so many scans."""


class NearNames:
    """Names to be compared with; `within` finds those near a spelling."""

    def __init__(self, names: Sequence[str]) -> None:
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for name in names:
            self._by_length[len(name)].append(name)
        self._scans = 0
        self._index: _DeletionIndex | None = None

    def within(self, words: str, most: int) -> dict[str, int]:
        """Every name at an OSA distance of `most` or less, with its distance; `most` is at most MOST."""
        if self._index is None:
            if self._scans < _SCANS_BEFORE_INDEX:
                self._scans += 1
                return self.scan(words, most)
            self.build()
        assert self._index is not None  # noqa: S101 - for the type checker
        return _decide(words, most, self._index.propose(words, most))

    def scan(self, words: str, most: int) -> dict[str, int]:
        """The same as `within`, by comparing every name of a fitting length."""
        found: dict[str, int] = {}
        for length in range(len(words) - most, len(words) + most + 1):
            found.update(_decide(words, most, self._by_length.get(length, ())))
        return found

    def build(self) -> None:
        """Build the index now, as a long column would."""
        self._index = _DeletionIndex(name for names in self._by_length.values() for name in names)


class _DeletionIndex:
    """From what is left of a name's beginning after deletions to the names; a hash that collides only proposes more."""

    def __init__(self, names: Iterator[str]) -> None:
        import numpy as np  # noqa: PLC0415 - only a long column needs it

        by_prefix: dict[str, list[str]] = defaultdict(list)
        for name in names:
            by_prefix[name[:_PREFIX]].append(name)
        self._names = list(by_prefix.values())
        left = (hash(rest) & _LAST_BUCKET for prefix in by_prefix for rest in _deletions(prefix, MOST))
        buckets = np.fromiter(left, dtype=np.int32)
        counts = [sum(comb(len(prefix), deleted) for deleted in range(MOST + 1)) for prefix in by_prefix]
        places = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        ends = np.cumsum(np.bincount(buckets, minlength=_LAST_BUCKET + 1), dtype=np.int32)
        # Plain arrays: a slice of a few numbers is twice as fast as one of numpy.
        self._starts = array("i", [0, *ends.tolist()])
        self._places = array("i", places[np.argsort(buckets, kind="stable")].tobytes())

    def propose(self, words: str, most: int) -> list[str]:
        """A superset of the names within the distance."""
        starts, places = self._starts, self._places
        found: set[int] = set()
        for rest in _deletions(words[:_PREFIX], most):
            bucket = hash(rest) & _LAST_BUCKET
            start, end = starts[bucket], starts[bucket + 1]
            if start < end:
                found.update(places[start:end])
        return list(chain.from_iterable(map(self._names.__getitem__, found)))


def _deletions(prefix: str, most: int) -> Iterator[str]:
    """What is left of a prefix after striking out up to `most` letters."""
    for deleted in range(min(most, len(prefix)) + 1):
        yield from map("".join, combinations(prefix, len(prefix) - deleted))


def _decide(words: str, most: int, names: Sequence[str]) -> dict[str, int]:
    """The names within the distance."""
    from rapidfuzz import process  # noqa: PLC0415 - only an unknown name needs it
    from rapidfuzz.distance import OSA  # noqa: PLC0415

    near = process.extract(words, names, scorer=OSA.distance, score_cutoff=most, limit=None)
    return {name: int(distance) for name, distance, _ in near}
