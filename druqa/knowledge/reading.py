"""Reads a medication's text against the table of names: which known names stand in it, and which words are left over.

Reading only adds. A known name is lost to no word beside it: of names that overlap all are taken, and of a name that
lies inside a longer one both are taken wherever the longer one differs only by doses, forms, routes or salts.
"""

from __future__ import annotations

from typing import NamedTuple

from druqa.knowledge.rows import NameRow
from druqa.knowledge.spelling import Token, printable, shortened, tokens
from druqa.knowledge.synonyms import LONGEST, Synonyms

_SEPARATORS = frozenset("/+,;&|\n\u3001\uff0c\uff1b")
_BETWEEN_MEDICATIONS = frozenset(",;|\n\u3001\uff0c\uff1b")
"""Those of them that write no mixture: `insulin aspart/protamine` is one thing, `oxazepam, potassium` may be two."""
_SEPARATING_WORDS = frozenset(("and", "with", "plus", "et", "und", "y", "con", "avec", "mit"))
_SHORTEST_JOINED = 7
_LONGEST_JOINED = 3


class Found(NamedTuple):
    """A known name in a text: what stands there, between which places, and what it means."""

    text: str
    raw: str
    """The same as it was written, with whatever nobody sees."""
    start: int
    end: int
    rows: tuple[NameRow, ...]

    @property
    def drugs(self) -> tuple[str, ...]:
        """The ids of the drugs that the name means."""
        return tuple(dict.fromkeys(row.drug for row in self.rows))


class Leftover(NamedTuple):
    """Words side by side that are neither a known name nor a dose, form or instruction."""

    text: str
    raw: str
    """The same as it was written, with whatever nobody sees."""
    words: tuple[str, ...]
    separate: bool
    """Whether a separator stands between these words and every known name: they may be a drug of their own."""

    @property
    def looks_like_a_name(self) -> bool:
        """Whether any word has four letters or more, or two of a script that writes whole words in a few."""
        return any(len(word) >= (4 if word.isascii() else 2) and word.isalpha() for word in self.words)

    @property
    def has_letters(self) -> bool:
        """Whether a word has two letters, or any if it stands apart: too short to look up, too long to pass over."""
        return any(len(word) >= (1 if self.separate else 2) and word.isalpha() for word in self.words)


class Reading(NamedTuple):
    """Everything that was made of one text."""

    found: tuple[Found, ...]
    leftovers: tuple[Leftover, ...]


def read(text: str, synonyms: Synonyms) -> Reading:
    """Find every known name in a text, and the words that are left."""
    line = tokens(text)
    windows = _windows(text, line, synonyms)
    found = []
    for first, last, name in windows:
        start, end = line[first].start, line[last - 1].end
        raw = text[start:end]
        found.append(Found(shortened(printable(raw)), raw, start, end, synonyms.lookup(name)))
    taken = {place for first, last, _ in windows for place in range(first, last)}
    return Reading(tuple(found), tuple(_leftovers(text, line, taken, synonyms)))


def _windows(text: str, line: list[Token], synonyms: Synonyms) -> list[tuple[int, int, str]]:
    """First token, token behind the last, and name: the longest at each place, and those that only noise hides."""
    kept: list[tuple[int, int, str]] = []
    reached = 0
    for first in range(len(line)):
        longest = _longest(line, first, synonyms)
        if longest is None or longest[0] <= reached:
            continue
        reached, name = longest
        kept.append((first, reached, name))
        kept.extend(_hidden(text, line, first, reached, synonyms))
        kept.extend(_listed(text, line, first, reached, synonyms))
    return kept


def _longest(line: list[Token], first: int, synonyms: Synonyms) -> tuple[int, str] | None:
    for last in range(min(len(line), first + LONGEST), first, -1):
        words = [token.word for token in line[first:last]]
        if (name := " ".join(words)) in synonyms:
            return last, name
        joined = "".join(words)
        may_join = 1 < len(words) <= _LONGEST_JOINED and len(joined) >= _SHORTEST_JOINED and joined.isalpha()
        if may_join and joined in synonyms:
            return last, joined
    return None


def _hidden(text: str, line: list[Token], first: int, last: int, synonyms: Synonyms) -> list[tuple[int, int, str]]:
    """Names inside a longer name that has only noise more, and that mean another drug than it does."""
    whole = _drugs(_name(line, first, last), synonyms)
    starts = [first]
    while starts[-1] + 1 < last and _is_apart(text, line[starts[-1]], line[starts[-1] + 1], synonyms):
        starts.append(starts[-1] + 1)
    ends = [last]
    while ends[-1] - 1 > first and _is_apart(text, line[ends[-1] - 1], line[ends[-1] - 2], synonyms):
        ends.append(ends[-1] - 1)
    hidden = []
    for start, end in ((s, e) for s in starts for e in ends if s < e and (s, e) != (first, last)):
        name = _name(line, start, end)
        if name in synonyms and not _drugs(name, synonyms) <= whole:
            hidden.append((start, end, name))
    return hidden


def _listed(text: str, line: list[Token], first: int, last: int, synonyms: Synonyms) -> list[tuple[int, int, str]]:
    """The two names on both sides of a comma or line break inside a longer name: they may be two medications."""
    for cut in range(first + 1, last):
        if _BETWEEN_MEDICATIONS.isdisjoint(text[line[cut - 1].end : line[cut].start]):
            continue
        names = [(start, end, _name(line, start, end)) for start, end in ((first, cut), (cut, last))]
        if all(name in synonyms for _, _, name in names):
            whole = _drugs(_name(line, first, last), synonyms)
            return [(start, end, name) for start, end, name in names if not _drugs(name, synonyms) <= whole]
    return []


def _name(line: list[Token], first: int, last: int) -> str:
    return " ".join(token.word for token in line[first:last])


def _drugs(name: str, synonyms: Synonyms) -> set[str]:
    return {row.drug for row in synonyms.lookup(name)}


def _is_apart(text: str, token: Token, neighbour: Token, synonyms: Synonyms) -> bool:
    """Whether a word at the end of a name may be no part of it: `DS` in `Bactrim DS`, `25` in `HCT 25`.

    One letter is a part (`penicillin G` is no penicillin and a G), and so is a number that is not spaced off (`5-ASA`).
    """
    if token.word.isdigit():
        between = text[min(token.end, neighbour.end) : max(token.start, neighbour.start)]
        return any(char.isspace() for char in between)
    return len(token.word) > 1 and _is_noise(token.word, synonyms)


def _is_noise(word: str, synonyms: Synonyms) -> bool:
    return word in synonyms.noise or word.isdigit()


def _leftovers(text: str, line: list[Token], taken: set[int], synonyms: Synonyms) -> list[Leftover]:
    """The runs of words that nothing explains, each with whether its part of the text holds a known name."""
    part = 0
    parts: list[int] = []
    for place, token in enumerate(line):
        between = text[line[place - 1].end : token.start] if place else ""
        # "MG/ML", "0.12/0.015": a bare slash before a unit or a number separates no drugs.
        within_dose = between == "/" and _is_noise(token.word, synonyms)
        word_separates = place not in taken and token.word in _SEPARATING_WORDS
        if word_separates or (not within_dose and not _SEPARATORS.isdisjoint(between)):
            part += 1
        parts.append(part)
    named = {parts[place] for place in taken}
    runs: list[list[int]] = []
    for place, token in enumerate(line):
        if place in taken or _is_noise(token.word, synonyms) or token.word in _SEPARATING_WORDS:
            continue
        if runs and runs[-1][-1] == place - 1 and parts[place] == parts[place - 1]:
            runs[-1].append(place)
        else:
            runs.append([place])
    return [_leftover(text, [line[place] for place in run], separate=parts[run[0]] not in named) for run in runs]


def _leftover(text: str, run: list[Token], *, separate: bool) -> Leftover:
    raw = text[run[0].start : run[-1].end]
    return Leftover(shortened(printable(raw)), raw, tuple(token.word for token in run), separate)
