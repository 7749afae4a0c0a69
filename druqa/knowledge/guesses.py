"""What words that no table knows may mean: the drugs with a name spelled or sounding like them. Guesses only add."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import NamedTuple

from druqa.knowledge.nearest import SHORTEST_GUESSED, Near, likelihood
from druqa.knowledge.rows import NameRow
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
_SHORTEST_SALT, _LONGEST_SALT = 6, 20
_LONGEST_WORD = 60
MOST_COMPARED = 32
"""Words of one text that are compared with the whole table: a line has fewer, and each costs milliseconds."""
_MOST_SHOWN = 8
_LONGEST_FOREIGN = 4 * _LONGEST_WORD
"""With the marks that may stand apart from their letters; a longer word is no name in any writing."""
_OTHER_SCRIPT = 0x370
"""Letters from here on (Greek, Cyrillic, Arabic, Kana, ...) are not Latin."""


class Guess(NamedTuple):
    """The drugs that some words may mean, the likeliest first."""

    near: tuple[Near, ...]
    letters: int
    """How many letters the words have."""
    first: frozenset[str]
    """The drugs of the likeliest name: several if it is a combination."""
    together: frozenset[frozenset[str]]
    """Pairs of drugs that one of the names combines, so that they are no alternatives."""
    unread: tuple[str, ...] = ()
    """Words that were taken each for itself, and are like no name."""

    @property
    def sure(self) -> bool:
        """Whether one name is nearest, near enough, and no other drug's is as near, by letters or by ear."""
        first = self.near[0]
        if self.letters < SHORTEST_SURE or (first.score < SURE and first.unheard):
            return False
        return not any(
            other.distance <= first.distance or other.unheard <= first.unheard
            for other in self.near
            if other.row.drug not in self.first
        )

    @property
    def score(self) -> float:
        """How alike the most alike name is: rapidfuzz ratio, 0 to 100; 100 where one sounds the same."""
        return max(near.score if near.unheard else 100.0 for near in self.near)

    @property
    def drugs(self) -> tuple[str, ...]:
        """The ids of the drugs."""
        return tuple(near.row.drug for near in self.near)


def guess(text: str, words: tuple[str, ...], synonyms: Synonyms) -> Guess | None:
    """What words may mean: taken together, or else each for itself; None where nothing is like them.

    Words in another alphabet are spelled in Latin letters first. Of many words the first are compared.
    """
    spelled = latin(text)
    if spelled is not None:
        words = tuple(squash(key(spelled)).split())
    near, unread = _nearest(words, synonyms)
    if not near:
        return None
    first = {row.drug for row in _combined(near[0], synonyms)} | {near[0].row.drug}
    pairs = (combinations({row.drug for row in _combined(one, synonyms)}, 2) for one in near)
    together = frozenset(frozenset(pair) for of_name in pairs for pair in of_name)
    return Guess(near, sum(map(len, words)), frozenset(first), together, unread)


def _nearest(words: tuple[str, ...], synonyms: Synonyms) -> tuple[tuple[Near, ...], tuple[str, ...]]:
    """The names that words may mean together; else those that each long word may mean, and the words like none."""
    readable = [word for word in words if len(word) <= _LONGEST_WORD]
    if len(readable) <= _LONGEST_PHRASE and (together := _fit(_whole_and_cut(" ".join(readable), synonyms))):
        return together, tuple(word for word in words if word not in readable)
    best: dict[str, Near] = {}
    unread = [word for word in words if len(word) >= SHORTEST_GUESSED and word.isalpha()]
    for word in [word for word in dict.fromkeys(readable) if len(word) >= _SHORTEST_WORD][:MOST_COMPARED]:
        if len(readable) > 1 and (fit := _fit(_whole_and_cut(word, synonyms))):
            unread = [other for other in unread if other != word]
            for near in fit:
                best.setdefault(near.row.drug, near)
    return tuple(best.values()), tuple(dict.fromkeys(unread))


def _whole_and_cut(words: str, synonyms: Synonyms) -> tuple[Near, ...]:
    """The nearest names, also to the words without the salt that German, Dutch and Swedish write on to a name."""
    near = synonyms.nearest(words)
    for end in range(max(_SHORTEST_WORD, len(words) - _LONGEST_SALT), len(words) - _SHORTEST_SALT + 1):
        if words[end:] in synonyms.salts:
            known = {one.row.drug for one in near}
            cut = tuple(one for one in synonyms.nearest(words[:end]) if one.row.drug not in known)
            return tuple(sorted((*near, *cut), key=likelihood))
    return near


def _combined(near: Near, synonyms: Synonyms) -> list[NameRow]:
    """The rows of a name that is a combination."""
    return [row for row in synonyms.lookup(near.row.name) if row.kind == "combination"]


def latin(text: str) -> str | None:
    """The text with its words of another alphabet in Latin letters; None where it has no such word.

    A word of both alphabets is something else: a look-alike letter in a Latin name, which `spelling.key` mends.
    """
    words = [unicodedata.normalize("NFC", word[:_LONGEST_FOREIGN]) for word in text.split()]
    foreign = [_is_foreign(word) for word in words]
    if not any(foreign):
        return None
    from anyascii import anyascii  # noqa: PLC0415 - only such a text needs it

    return " ".join(anyascii(word) if is_foreign else word for word, is_foreign in zip(words, foreign, strict=True))


def _is_foreign(word: str) -> bool:
    letters = [char for char in word if char.isalpha()]
    return bool(letters) and all(ord(char) >= _OTHER_SCRIPT for char in letters)


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
    spelled = latin(text)
    written = f"'{text}'" + (f" (in Latin letters: {spelled})" if spelled else "")
    first, others = guessed.near[0], [near for near in guessed.near if near.row.drug not in guessed.first]
    meant = " + ".join(sorted(guessed.first))
    if guessed.unread:
        more = len(guessed.unread) - _MOST_SHOWN
        shown = [*(f"'{word}'" for word in guessed.unread[:_MOST_SHOWN]), *([f"{more} more words"] if more > 0 else [])]
        yield f"in {written}, nothing was made of {listed(shown)}: not asked about"
    if not guessed.sure:
        may_be = [f"{meant} ({first.score:.0f} % alike)", *(f"{n.row.drug} ({n.score:.0f} % alike)" for n in others)]
        checked = "each of them" if others else "that"
        yield f"{written} is not a name known here; it may be {listed(may_be)}: checked as {checked}"
        return
    heard = "" if first.unheard else ", sounds the same"
    yield f"{written} is read as {meant} (spelling {first.score:.0f} % alike{heard})"
    if others:
        yield f"{written} is less like {listed(near.row.drug for near in others)}: checked as well"
