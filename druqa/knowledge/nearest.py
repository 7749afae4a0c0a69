"""Which known names an unknown one is like, by letters and by ear, the likeliest first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from druqa.knowledge.near import MOST, NearNames
from druqa.knowledge.rows import NameRow, importance
from druqa.knowledge.sound import skeleton, skeletons, sound, sounds
from druqa.knowledge.spelling import squash

SHORTEST_GUESSED = 4
"""Letters: a shorter word is no misspelling of anything in particular."""
MOST_DRUGS = 6
"""More drugs than these, and those of a name begun, are no guess any more."""
_SHORTEST_FRAME = 6
"""Letters: of a shorter word the consonants say too little."""
_VOWELS_COUNT_LESS = 1.5


class Near(NamedTuple):
    """A known name that is spelled like an unknown one."""

    row: NameRow
    distance: int
    """Letters to insert, delete, replace or swap with a neighbour."""
    score: float
    """rapidfuzz ratio, 0 to 100."""
    unheard: int
    """The distance between how both sound."""
    framed: bool
    """Whether both sound the same but for vowels."""


class Nearest:
    """The names that a misspelt one may be."""

    def __init__(self, names: list[str], rows: Callable[[str], Sequence[NameRow]]) -> None:
        """Take the words of the names that may be guessed, and what gives the rows of a name."""
        self._names = names
        self._rows = rows

    def find(self, name: str) -> tuple[Near, ...]:
        """The drugs with a name most like this key, each by its likeliest name, the likeliest first.

        Spelled: the best distance and one more, at most 1 to 3 by the name's length. Sounding: alike but for vowels.
        """
        words = squash(name)
        if len(words) < SHORTEST_GUESSED:
            return ()
        heard = sound(words)
        near = self._spelled_like(words)
        for choice, distance in self._heard_like(words, heard):
            near.setdefault(choice, distance)
        found = [one for choice, distance in near.items() for one in self._judged(words, heard, choice, distance)]
        of_drug: dict[str, Near] = {}
        names: set[str] = set()
        for one in sorted(found, key=likelihood):
            # All the drugs of a name or none: half of a combination would pass for all of it.
            if one.row.name in names or len(of_drug) < MOST_DRUGS:
                names.add(one.row.name)
                of_drug.setdefault(one.row.drug, one)
        return tuple(of_drug.values())

    def _spelled_like(self, words: str) -> dict[str, int]:
        """Names within the best distance and one more; a wider search only where a narrow one does not settle it."""
        most = 1 if len(words) < 5 else 2 if len(words) < 10 else MOST
        near: dict[str, int] = {}
        for reach in sorted({min(2, most), most}):
            near = self._near.within(words, reach)
            best = min(near.values(), default=most)
            if best + 1 <= reach:
                break
        return {choice: distance for choice, distance in near.items() if distance <= best + 1}

    def _heard_like(self, words: str, heard: str) -> Iterator[tuple[str, int]]:
        """Names that sound the same but for vowels, and are not spelled too differently, with their distance."""
        from rapidfuzz.distance import OSA  # noqa: PLC0415 - only an unknown name needs it

        for choice in self._framed.get(skeleton(heard), ()):
            distance = int(OSA.distance(words, choice))
            if distance <= MOST + 1 or self._sounds[choice] == heard:
                yield choice, distance

    def _judged(self, words: str, heard: str, choice: str, distance: int) -> Iterator[Near]:
        """How like a name is, once for each drug that it means."""
        from rapidfuzz import fuzz  # noqa: PLC0415
        from rapidfuzz.distance import OSA  # noqa: PLC0415

        said = self._sounds[choice]
        unheard = int(OSA.distance(heard, said))
        frame = skeleton(said)
        framed = len(frame) >= _SHORTEST_FRAME and frame == skeleton(heard)
        score = round(fuzz.ratio(words, choice), 1)
        for row in self._rows(choice):
            yield Near(row, distance, score, unheard, framed)

    @cached_property
    def _near(self) -> NearNames:
        return NearNames(self._names)

    @cached_property
    def _sounds(self) -> dict[str, str]:
        """How each name that may be guessed sounds."""
        return dict(zip(self._names, sounds(self._names), strict=True))

    @cached_property
    def _framed(self) -> dict[str, list[str]]:
        """From how names sound, but for vowels, to the names."""
        framed: dict[str, list[str]] = defaultdict(list)
        for name, frame in zip(self._sounds, skeletons(list(self._sounds.values())), strict=True):
            framed[frame].append(name)
        return dict(framed)


def likelihood(near: Near) -> tuple[float, int, float, tuple[float, int, int, bool, int, str]]:
    """Sort key of a guess: little to mend, by letters and by ear, vowels least; then what is prescribed most."""
    to_mend = near.distance + min(near.unheard, near.distance) - _VOWELS_COUNT_LESS * near.framed
    return (to_mend, near.distance, -near.score, importance(near.row))
