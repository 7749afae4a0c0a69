"""Files as blocks of bytes: unpacked where they are packed, counted and digested on the way."""

from __future__ import annotations

import gzip
import hashlib
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import BinaryIO

from druqa.batch.reading.places import STDIN

BLOCK = 1 << 20
"""Bytes that are read at once."""
_GZIP = b"\x1f\x8b"


class Digested(io.RawIOBase):
    """A stream of bytes that counts and digests what is read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream, self._digest = stream, hashlib.sha256()
        self.size = 0

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer, but for the end of the stream: a pipe gives less than it is asked for."""
        filled = 0
        while filled < len(buffer) and (block := self._stream.read(len(buffer) - filled)):
            buffer[filled : filled + len(block)] = block
            filled += len(block)
        self._digest.update(buffer[:filled])
        self.size += filled
        return filled

    def read_rest(self) -> None:
        """Read to the end, for the count and the digest alone."""
        while self.read(BLOCK):
            pass

    @property
    def sha256(self) -> str:
        """The digest of what was read so far."""
        return self._digest.hexdigest()


@contextmanager
def opened(path: str) -> Iterator[tuple[Digested, Iterator[bytes]]]:
    """A file, or standard input, and its blocks; what is packed with gzip is unpacked, whatever its ending.

    Raises:
        OSError: if it cannot be opened. Reading the blocks also raises EOFError and zlib.error, where it is damaged.

    """
    if path == STDIN:
        yield _unpacked(sys.stdin.buffer)
        return
    with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 - a path such as /dev/fd/63 is no file of a folder
        yield _unpacked(stream)


def _unpacked(stream: BinaryIO) -> tuple[Digested, Iterator[bytes]]:
    digested = Digested(stream)
    buffered = io.BufferedReader(digested, BLOCK)
    packed = buffered.peek(len(_GZIP)).startswith(_GZIP)
    # `read1` gives what is unpacked before it meets the place where a file is damaged.
    read = gzip.GzipFile(fileobj=buffered).read1 if packed else buffered.read
    return digested, iter(partial(read, BLOCK), b"")
