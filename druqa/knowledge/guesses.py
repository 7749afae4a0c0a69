"""What words that no table knows may mean: the drugs with a name spelled or sounding like them. Guesses only add."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from druqa.knowledge.nearest import Near
from druqa.knowledge.spelling import key, listed, squash
from druqa.knowledge.synonyms import Synonyms

SURE = 90.0
"""rapidfuzz ratio from which one single nearest drug counts as recognised, though never without a doubt."""
WEAK = 70.0
"""rapidfuzz ratio below which a name is no guess, unless it sounds the same."""
WEAKEST_FRAMED = 60.0
"""The same for a name that sounds the same but for vowels."""
NOT_UNLIKE = 65.0
"""rapidfuzz ratio from which a name that is known to be confused with a guessed one is checked as well."""
SHORTEST_SURE = 6
_LONGEST_PHRASE = 4
_SHORTEST_WORD = 6
_SHORTEST_SALT = 6
_OTHER_SCRIPT = 0x370
"""Letters from here on (Greek, Cyrillic, Arabic, Kana, ...) are not Latin."""


class Guess(NamedTuple):
    """The drugs that some words may mean, the likeliest first."""

    near: tuple[Near, ...]
    letters: int
    """How many letters the words have."""

    @property
    def sure(self) -> bool:
        """Whether one drug is nearest, near enough, and no other is as near, by letters or by ear."""
        first = self.near[0]
        if self.letters < SHORTEST_SURE or (first.score < SURE and first.unheard):
            return False
        return not any(
            other.distance <= first.distance or other.unheard <= first.unheard
            for other in self.near[1:]
            if other.row.drug != first.row.drug
        )

    @property
    def score(self) -> float:
        """How alike the likeliest name is: rapidfuzz ratio, 0 to 100; 100 where it sounds the same."""
        return 100.0 if not self.near[0].unheard else self.near[0].score

    @property
    def drugs(self) -> tuple[str, ...]:
        """The ids of the drugs."""
        return tuple(dict.fromkeys(near.row.drug for near in self.near))


def guess(text: str, words: tuple[str, ...], synonyms: Synonyms) -> Guess | None:
    """What words may mean: taken together, or else each for itself; None where nothing is like them.

    Words in another alphabet are spelled in Latin letters first.
    """
    spelled = latin(text)
    if spelled is not None:
        words = tuple(squash(key(spelled)).split())
    words = tuple(_less_salt(word, synonyms) for word in words)
    letters = sum(map(len, words))
    if len(words) <= _LONGEST_PHRASE and (together := _fit(synonyms.nearest(" ".join(words)))):
        return Guess(together, letters)
    if len(words) < 2:
        return None
    long = [word for word in words if len(word) >= _SHORTEST_WORD]
    best: dict[str, Near] = {}
    for near in (near for word in long for near in _fit(synonyms.nearest(word))):
        best.setdefault(near.row.drug, near)
    return Guess(tuple(best.values()), letters) if best else None


def _less_salt(word: str, synonyms: Synonyms) -> str:
    """A word without the salt that German, Dutch and Swedish write on to it: `levothyroxinenatrium`."""
    for end in range(_SHORTEST_WORD, len(word) - _SHORTEST_SALT + 1):
        if word[end:] in synonyms.noise:
            return word[:end]
    return word


def latin(text: str) -> str | None:
    """The text in Latin letters, where all its letters are of another alphabet; None where it is no such text.

    A word of both alphabets is something else: a look-alike letter in a Latin name, which `spelling.key` mends.
    """
    letters = [char for char in text if char.isalpha()]
    if not letters or any(ord(char) < _OTHER_SCRIPT for char in letters):
        return None
    from anyascii import anyascii  # noqa: PLC0415 - only such a text needs it

    return anyascii(text)


def look_alikes(text: str, guessed: Guess, synonyms: Synonyms) -> Iterable[str]:
    """Names often confused with one of the nearest, and not unlike the text: `hydroxyzine` for `hydralazinne`."""
    from rapidfuzz import fuzz  # noqa: PLC0415 - only an unknown name needs it

    nearest = [near.row for near in guessed.near if near.distance == guessed.near[0].distance]
    names = {squash(row.name) for row in nearest} | {squash(row.drug) for row in nearest}
    written = squash(key(latin(text) or text))
    others = {other for name in names for other in synonyms.confusable.get(name, ())} - names
    return sorted(other for other in others if fuzz.ratio(written, other) >= NOT_UNLIKE)


def _fit(near: Iterable[Near]) -> tuple[Near, ...]:
    return tuple(one for one in near if one.score >= (WEAKEST_FRAMED if one.framed else WEAK) or not one.unheard)


def said(text: str, guessed: Guess) -> Iterator[str]:
    """What a guess is, for people."""
    first, *others = guessed.near
    spelled = latin(text)
    written = f"'{text}'" + (f" (in Latin letters: {spelled})" if spelled else "")
    if not guessed.sure:
        may_be = listed(f"{near.row.drug} ({near.score:.0f} % alike)" for near in guessed.near)
        checked = "each of them" if len(guessed.near) > 1 else "that"
        yield f"{written} is not a name known here; it may be {may_be}: checked as {checked}"
        return
    heard = "" if first.unheard else ", sounds the same"
    yield f"{written} is read as {first.row.drug} (spelling {first.score:.0f} % alike{heard})"
    if others:
        yield f"{written} is less like {listed(near.row.drug for near in others)}: checked as well"
