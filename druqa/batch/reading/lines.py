"""Bytes to numbered lines of text, in blocks: one bad line is refused by its number, whatever its size."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain

from druqa.batch.reading.tables import Tables

LONGEST = 1_000_000
"""Bytes of the longest line that is read: a list of medications has none such, and no line may fill the memory."""
BAD = "\0"
"""Stands where a line was refused, so that it is counted; no line that is read holds this character."""

_LONG = ("the line is longer than 1 MB", "write one row to a line; was a quote or a line end lost?")
_NUL = ("the line holds a NUL byte", "the file is damaged here, or is UTF-16 without its mark: export it as UTF-8")


def line_blocks(blocks: Iterable[bytes], tables: Tables) -> Iterator[tuple[int, list[str]]]:
    """The lines of a file, many at a time, each block with the number of its first line, from 1.

    A line ends with LF, CRLF or CR. One that is too long or holds a NUL byte is refused, and `BAD` stands in its place.
    """
    number, others = 1, _Others()
    for whole in _whole_lines(_one_line_end(as_utf8(blocks, tables))):
        if whole is None:
            tables.refuse(number, *_LONG)
            lines = [BAD]
        else:
            lines = others.decoded(whole, number).split("\n")
            if b"\0" in whole or max(map(len, lines)) > LONGEST:
                lines = [_checked(line, place, tables) for place, line in enumerate(lines, start=number)]
        yield number, lines
        number += len(lines)
    others.tell(tables)


def as_utf8(blocks: Iterable[bytes], tables: Tables) -> Iterator[bytes]:
    """The bytes without a byte order mark; UTF-16 that has one is turned into UTF-8."""
    blocks = iter(blocks)
    first = next(blocks, b"")
    if not first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from blocks
        return
    tables.note("the file is UTF-16 and was read as such")
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    for block in chain([first], blocks):
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", final=True).encode()


def whole_text(data: bytes, tables: Tables) -> str:
    """All of a small file as text, after `as_utf8`."""
    others = _Others()
    text = others.decoded(data, 1)
    others.tell(tables)
    return text


class _Others:
    """The lines that are not UTF-8: old spreadsheets write Windows-1252, and a file may hold both."""

    def __init__(self) -> None:
        self._first, self._count = 0, 0

    def decoded(self, whole: bytes, number: int) -> str:
        try:
            return whole.decode()
        except UnicodeDecodeError:
            return "\n".join(self._line(line, place) for place, line in enumerate(whole.split(b"\n"), start=number))

    def _line(self, line: bytes, number: int) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError:
            self._first, self._count = self._first or number, self._count + 1
            return line.decode("cp1252", "replace")

    def tell(self, tables: Tables) -> None:
        if self._count:
            more = f" and {self._count - 1} more" if self._count > 1 else ""
            tables.note(
                f"line {self._first}{more} not in UTF-8, read as Windows-1252; look at the accented letters there"
            )


def _one_line_end(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes with LF for every line end."""
    held = b""
    for block in blocks:
        joined = held + block
        # Half of a CRLF, perhaps.
        held = b"\r" if joined.endswith(b"\r") else b""
        joined = joined.removesuffix(b"\r")
        yield joined.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in joined else joined
    if held:
        yield b"\n"


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes | None]:
    """Bytes that begin and end with a line; None for a line that is too long, of which no more than a block is held."""
    rest, skipping = b"", False
    for block in blocks:
        start = block.find(b"\n") + 1 if skipping else 0
        if skipping and not start:
            continue
        whole, end, rest = (rest + block[start:]).rpartition(b"\n")
        if end:
            yield whole
        if skipping := len(rest) > LONGEST:
            rest = b""
            yield None
    if rest:
        yield rest


def _checked(line: str, number: int, tables: Tables) -> str:
    if BAD not in line and len(line) <= LONGEST:
        return line
    tables.refuse(number, *(_NUL if BAD in line else _LONG))
    return BAD
