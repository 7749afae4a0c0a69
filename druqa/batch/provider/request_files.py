"""Writes requests into files, one set for each model, none of them larger than its provider takes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from druqa.batch.provider.formats import ANTHROPIC, OPENAI, Limit, format_for
from druqa.batch.provider.models import Exportable
from druqa.batch.provider.wanted import Request
from druqa.records import Record

LIMITS: Mapping[str, Limit] = {each.name: each.limit for each in (OPENAI, ANTHROPIC)}
_LONGEST_NAME = 100


class WrittenFile(Record):
    """A file of requests."""

    name: str
    model: str
    format: str
    requests: int
    bytes: int
    first: int
    """The place of its first request in the order of all; the others follow it."""


class RequestFiles:
    """The files of one round, in one folder."""

    def __init__(self, folder: Path, round_: int, limits: Mapping[str, Limit] = LIMITS) -> None:
        """Take the folder, the round that the files are named by, and how much a file of each format may hold."""
        self.folder, self.round, self._limits = folder, round_, limits
        self._parts: Counter[str] = Counter()
        self.written: list[WrittenFile] = []

    def write(self, requests: Iterable[Request], models: Mapping[str, Exportable]) -> None:
        """Write requests that come ordered by model."""
        for name, of_model in groupby(requests, key=lambda request: request.model):
            self._write_model(of_model, models[name])

    def _write_model(self, requests: Iterable[Request], model: Exportable) -> None:
        format_ = format_for(model.provider)
        limit = self._limits[format_.name]
        lines = ((r.no, format_.line(r.custom_id, model.request_body(r.prompt, r.schema))) for r in requests)
        held = next(lines, None)
        while held is not None:
            name = self._next_name(model.name)
            with (self.folder / name).open("wb") as stream:
                first, count, size, held = _fill(stream, held, lines, limit)
            self.written.append(
                WrittenFile(name=name, model=model.name, format=format_.name, requests=count, bytes=size, first=first)
            )

    def _next_name(self, model: str) -> str:
        # Two models whose names come to the same count on: no file replaces another.
        plain = re.sub(r"[^A-Za-z0-9.-]", "_", model)[:_LONGEST_NAME]
        self._parts[plain] += 1
        return f"{self.round:03d}-{plain}-{self._parts[plain]:03d}.jsonl"


_Line = tuple[int, bytes]


def _fill(stream: BinaryIO, line: _Line, others: Iterable[_Line], limit: Limit) -> tuple[int, int, int, _Line | None]:
    """Write lines while they fit, the first in any case.

    Returns:
        The place of the first, how many there are, their bytes, and the line that did not fit.

    """
    first, count, size = line[0], 1, stream.write(line[1])
    for other in others:
        if count >= limit.requests or size + len(other[1]) > limit.bytes:
            return first, count, size, other
        size += stream.write(other[1])
        count += 1
    return first, count, size, None
