"""Bytes to numbered lines. A line that is too long is passed over in blocks: none can fill the memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

LONGEST = 10_000_000
"""Bytes of the longest line that is read; a reply of fifty thousand letters is far below it."""


def numbered_lines(blocks: Iterable[bytes], longest: int = LONGEST) -> Iterator[tuple[int, bytes | None]]:
    """The lines with their numbers, from 1; None in place of one that is too long."""
    number, rest, too_long = 1, b"", False
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            yield number, None if too_long or len(line) > longest else line
            number, too_long = number + 1, False
        if too_long or len(rest) > longest:
            rest, too_long = b"", True
    if rest or too_long:
        yield number, None if too_long else rest
