"""Makes text from outside harmless to a terminal: what a person cannot see is shown as its code."""

from __future__ import annotations

from itertools import groupby

from druqa.characters import all_seen, is_mark, is_seen

_MOST_MARKS = 3
"""Marks on one letter; scripts that stack them need no more, and a tower of them covers the lines above."""


def safe(text: str) -> str:
    """The text with every control, format and bidirectional character shown as its code in hexadecimal."""
    if text.isascii():
        return text if text.isprintable() else "".join(map(_shown, text))
    shown = text if all_seen(text) else "".join(map(_shown, text))
    return "".join(part for marks, run in groupby(shown, is_mark) for part in (_few(run) if marks else run))


def _few(marks: object) -> str:
    every = list(marks)  # type: ignore[call-overload]
    return "".join((*every[:_MOST_MARKS], *map(_code, every[_MOST_MARKS:])))


def _shown(character: str) -> str:
    return character if is_seen(character) else _code(character)


def _code(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"
