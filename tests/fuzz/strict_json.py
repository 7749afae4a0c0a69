"""Reads JSON by RFC 8259 and nothing else: the slow twin that the fuzzer holds the reply parser against.

It shares no code with the standard library's reader, and it refuses an object in which a key stands twice.
"""

from __future__ import annotations

import re
from typing import Any

_SPACE = " \t\n\r"
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_HEX = re.compile(r"\\u([0-9a-fA-F]{4})")
_PAIR = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = {"true": True, "false": False, "null": None}
_DEEPEST = 200
"""Deeper than any reply; what is deeper is refused here, as the parser may refuse it anywhere."""


class NotJSON(ValueError):  # noqa: N818 - it says what the text is
    """The text is not exactly one JSON value."""


def read(text: str) -> Any:
    """The one value that a text is.

    Raises:
        NotJSON: if it is anything else, or a key stands twice in an object.

    """
    place = _skip(text, 0)
    value, place = _value(text, place, 0)
    if _skip(text, place) != len(text):
        raise NotJSON("something stands behind the value")
    return value


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place] in _SPACE:
        place += 1
    return place


def _value(text: str, place: int, depth: int) -> tuple[Any, int]:
    if depth > _DEEPEST:
        raise NotJSON("too deep")
    start = text[place : place + 1]
    if start == "{":
        return _object(text, place + 1, depth)
    if start == "[":
        return _array(text, place + 1, depth)
    if start == '"':
        return _string(text, place + 1)
    for word, value in _WORDS.items():
        if text.startswith(word, place):
            return value, place + len(word)
    if number := _NUMBER.match(text, place):
        return _as_number(number[0]), number.end()
    raise NotJSON(f"no value at {place}")


def _as_number(digits: str) -> float:
    return float(digits)


def _object(text: str, place: int, depth: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    place = _skip(text, place)
    if text[place : place + 1] == "}":
        return found, place + 1
    while True:
        if text[place : place + 1] != '"':
            raise NotJSON(f"no key at {place}")
        key, place = _string(text, place + 1)
        if key in found:
            raise NotJSON("a key stands twice")
        place = _skip(text, place)
        if text[place : place + 1] != ":":
            raise NotJSON(f"no colon at {place}")
        found[key], place = _value(text, _skip(text, place + 1), depth + 1)
        place, ended = _next(text, place, "}")
        if ended:
            return found, place


def _array(text: str, place: int, depth: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    place = _skip(text, place)
    if text[place : place + 1] == "]":
        return found, place + 1
    while True:
        value, place = _value(text, place, depth + 1)
        found.append(value)
        place, ended = _next(text, place, "]")
        if ended:
            return found, place


def _next(text: str, place: int, closing: str) -> tuple[int, bool]:
    """The place behind a comma or a closing bracket, and whether it was the bracket."""
    place = _skip(text, place)
    sign = text[place : place + 1]
    if sign not in (",", closing) or not sign:
        raise NotJSON(f"neither a comma nor {closing} at {place}")
    return (place + 1, True) if sign == closing else (_skip(text, place + 1), False)


def _string(text: str, place: int) -> tuple[str, int]:
    pieces: list[str] = []
    while place < len(text):
        char = text[place]
        if char == '"':
            return "".join(pieces), place + 1
        if char < " ":
            raise NotJSON(f"a bare control character at {place}")
        if char != "\\":
            pieces.append(char)
            place += 1
            continue
        escape = text[place + 1 : place + 2]
        if escape in _ESCAPES and escape:
            pieces.append(_ESCAPES[escape])
            place += 2
        elif pair := _PAIR.match(text, place):
            pieces.append(bytes.fromhex(pair[1] + pair[2]).decode("utf-16-be"))
            place = pair.end()
        elif digits := _HEX.match(text, place):
            pieces.append(chr(int(digits[1], 16)))
            place = digits.end()
        else:
            raise NotJSON(f"an unknown escape at {place}")
    raise NotJSON("a string without an end")
