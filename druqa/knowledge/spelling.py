"""Spelling only: turns any text into the key under which names are stored, and says what was odd about it.

Nothing here knows a drug. Every function takes any string, never raises, and works in time linear in its length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from druqa.characters import all_seen, is_seen

_LOOK_ALIKE = str.maketrans(
    # Cyrillic letters drawn like Latin ones, in both cases.
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0455\u0456\u0458\u0501\u051b\u051d\u04bb\u04cf"
    # Greek letters drawn like Latin ones; the last is mu, the micro sign.
    "\u03b1\u03b2\u03b5\u03b6\u03b7\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03bc"
    # Latin letters that no decomposition touches.
    "\u0131\u0142\u00f8\u0111\u0261\u0251",
    "abekmhopctyxsijdqwhlabezhikvoptuxuilodga",
)
_GREEK_WORDS = {"\u03b1": "alpha", "\u03b2": "beta", "\u03b3": "gamma", "\u03b4": "delta", "\u03c9": "omega"}
_HYPHENS = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u02d7\ufe58\ufe63\uff0d")
_QUOTES = frozenset("\u2018\u2019\u201a\u201b\u02bc\u02b9\u2032\u00b4`\uff07")
_DROPPED = frozenset("\u00ae\u2122\u2120\u00a9")
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Co", "Mn", "Me"))
_LONGEST_FORM = 8
"""Letters: a sign that stands for more (a whole phrase) is in no name, and would make a text many times as long."""
_MARKED = re.compile(r"\((?:r|tm)\)")
_MOST_MARKS = 30
"""No writing puts more marks on a letter (Unicode's stream-safe text format); putting them in order is slow."""
_APART = '-./_+&#:,()"'
_DIGITS = re.compile(r"[0-9]+")
_WORD = re.compile(r"[0-9]+|[^\W0-9_]+(?:'[^\W0-9_]+)*")


class Token(NamedTuple):
    """One run of letters or of digits in a text: its spelling in key form, and where it stands in the text."""

    word: str
    start: int
    end: int


def key(text: str) -> str:
    """The form under which a name is stored and looked up.

    Case, diacritics, look-alike letters, invisible characters, (R) and (TM), the kind of quote, hyphen and space
    make no difference to it. `key(key(text)) == key(text)`.
    """
    if _is_plain(text) and "(" not in text:
        return " ".join(text.lower().split())
    return " ".join(_folded(text)[0].split())


def tokens(text: str) -> list[Token]:
    """The runs of letters and of digits of a text, left to right: `5-FU 2.5mg` gives 5, fu, 2, 5, mg."""
    if _is_plain(text):
        folded = _unmarked(text.lower())
        return [Token(match[0].replace("'", ""), match.start(), match.end()) for match in _WORD.finditer(folded)]
    folded, places = _folded(text)
    return [
        Token(match[0].replace("'", ""), places[match.start()].start, places[match.end() - 1].end)
        for match in _WORD.finditer(folded)
    ]


def folded(text: str) -> str:
    """The text in key form, with every space where it stood: for patterns that look at what stands between words."""
    return _folded(text)[0]


def squash(name: str) -> str:
    """The words of a key with one space between: where hyphens, points and slashes stood makes no difference."""
    return " ".join(match[0].replace("'", "") for match in _WORD.finditer(name))


def squash_all(names: list[str]) -> list[str]:
    """`spelling.squash` of many names in key form, in bulk: one by one it would take most of the time of a start.

    It knows the punctuation that stands in the tables of names, and no other.
    """
    text = "\n".join(names).replace("'", "")
    for char in _APART:
        text = text.replace(char, " ")
    text = _DIGITS.sub(r" \g<0> ", text)
    while "  " in text:
        text = text.replace("  ", " ")
    return text.replace("\n ", "\n").replace(" \n", "\n").strip(" ").split("\n")


def suspicious(text: str) -> tuple[str, ...]:
    """What was unusual about the characters of a text, in sentences for a person; empty for an ordinary text."""
    if text.isascii() and text.isprintable():
        return ()
    said = dict.fromkeys(sentence for char in text if (sentence := _oddity(char)))
    return tuple(said)


def printable(text: str) -> str:
    """The text on one line, with every character that cannot be seen or printed written as an escape."""
    if all_seen(text):
        return " ".join(text.split())
    shown = (char if is_seen(char) else " " if char.isspace() else _escape(char) for char in text)
    return " ".join("".join(shown).split())


def shortened(text: str, most: int = 200) -> str:
    """The beginning of a text that is too long to be said in full."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def listed(items: Iterable[str]) -> str:
    """Words as a sentence has them: `a, b or c`."""
    every = list(items)
    return " or ".join(filter(None, (", ".join(every[:-1]), every[-1]))) if every else ""


def _escape(char: str) -> str:
    return char.encode("ascii", "backslashreplace").decode("ascii") if ord(char) > 127 else f"\\x{ord(char):02x}"


class _Letter(NamedTuple):
    """One letter of a text with the marks that stand on it, what it becomes in a key, and where it stands."""

    form: str
    start: int
    end: int
    folded: str


def _letters(text: str) -> list[_Letter]:
    """The visible letters of a text. Where marks are stored apart from their letter, they are put together first."""
    letters: list[_Letter] = []
    for place, char in enumerate(text):
        if char.isascii() and char.isprintable() and char != "`":
            letters.append(_Letter(char, place, place + 1, char.lower()))
        elif letters and _joins(char) and len(letters[-1].form) < _MOST_MARKS:
            form = unicodedata.normalize("NFC", letters[-1].form + char)
            letters[-1] = _Letter(form, letters[-1].start, place + 1, "".join(map(_fold, form)))
        elif folded := _fold(char):
            letters.append(_Letter(char, place, place + 1, folded))
    return letters


def _folded(text: str) -> tuple[str, list[_Letter]]:
    """The text in key form before its spaces are collapsed, and for each of its characters the letter it came from."""
    letters = _letters(text)
    pieces: list[str] = []
    places: list[_Letter] = []
    for number, letter in enumerate(letters):
        piece = letter.folded
        if piece in _GREEK_WORDS_FOLDED and not any(_is_word(letters, beside) for beside in (number - 1, number + 1)):
            piece = _GREEK_WORDS_FOLDED[piece]
        pieces.append(piece.replace("\0", ""))
        places.extend([letter] * len(pieces[-1]))
    return _unmarked("".join(pieces)), places


def _is_plain(text: str) -> bool:
    """Whether a text holds nothing but ordinary letters, which only change their case."""
    return text.isascii() and text.isprintable() and "`" not in text


def _unmarked(folded: str) -> str:
    return _MARKED.sub(lambda mark: " " * len(mark[0]), folded)


def _is_word(letters: list[_Letter], number: int) -> bool:
    return 0 <= number < len(letters) and letters[number].form[0].isalpha()


@lru_cache(maxsize=4096)
def _joins(char: str) -> bool:
    """Whether a character goes together with the one before it: a mark, or the rest of a Hangul syllable."""
    return unicodedata.category(char).startswith("M") or "\u1160" <= char <= "\u11ff"


@lru_cache(maxsize=4096)
def _fold(char: str) -> str:
    """What one character becomes in a key; a Greek letter with a name of its own is marked by a leading NUL."""
    if char.isspace() or char in _DROPPED:
        return " "
    if char in _HYPHENS:
        return "-"
    if char in _QUOTES:
        return "'"
    if unicodedata.category(char) in _INVISIBLE or (char.isprintable() and not is_seen(char)):
        return ""
    parts = unicodedata.normalize("NFKD", char)
    if len(parts) > 1 and _is_stripped(parts[0]):
        parts = "".join(part for part in parts if unicodedata.category(part) != "Mn")
    lower = unicodedata.normalize("NFKC", parts).casefold() if len(parts) <= _LONGEST_FORM else char
    if lower in _GREEK_WORDS and char != "\u00b5":
        return f"\0{lower.translate(_LOOK_ALIKE)}"
    # What a compatibility form decomposes into may again be a hyphen, a quote or invisible.
    return lower.translate(_LOOK_ALIKE) if lower == char or len(char) > 1 else "".join(map(_fold, lower))


def _is_stripped(char: str) -> bool:
    """True where a mark above or below a letter is a matter of spelling; in other scripts it makes another letter."""
    return char.isascii() or unicodedata.name(char, "").startswith(("LATIN", "GREEK", "CYRILLIC"))


_GREEK_WORDS_FOLDED = {f"\0{letter.translate(_LOOK_ALIKE)}": word for letter, word in _GREEK_WORDS.items()}

_SCRIPTS = {
    "CYRILLIC": "holds Cyrillic letters, some of which look like Latin ones",
    "GREEK": "holds Greek letters, some of which look like Latin ones",
    "FULLWIDTH": "holds full-width characters",
}


@lru_cache(maxsize=4096)
def _oddity(char: str) -> str:
    category = unicodedata.category(char)
    if char in "\t\n\r" or char == "\u00b5":
        return ""
    if category == "Cf" or (char.isprintable() and not is_seen(char)):
        return "holds zero-width or other invisible characters"
    if category in ("Cc", "Cs", "Co"):
        return "holds control characters"
    if category.startswith("L"):
        script = unicodedata.name(char, "").partition(" ")[0]
        return _SCRIPTS.get(script, "")
    return ""
