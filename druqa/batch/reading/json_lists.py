"""JSON: a line for each object, or a file that is one document; druqa's own records and FHIR resources alike."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import chain
from typing import Any

from druqa.batch.reading.fhir import FhirReader
from druqa.batch.reading.lines import BAD, as_utf8, line_blocks, whole_text
from druqa.batch.reading.records import RecordReader
from druqa.batch.reading.tables import Tables

_LARGEST = 64_000_000
"""Bytes of the largest document that is read as one: it is held in memory whole."""
_TRIED = 10
"""Lines of which one alone must be an object for a file to be a line for each: the first may be the damaged one."""
_MEND = "give one object to a line, or one document to a file"


def read_json_lines(blocks: Iterable[bytes], tables: Tables) -> None:
    """Read a file with an object on each line."""
    reader = _Reader(tables)
    for first, lines in line_blocks(blocks, tables):
        for number, line in enumerate(lines, start=first):
            if line == BAD or not line.strip():
                continue
            try:
                item = _parsed(line)
            except (ValueError, RecursionError) as error:
                tables.refuse(number, f"the line cannot be read as JSON: {_said(error)}", _MEND)
            else:
                reader.read(item, number)
    reader.tell()


def read_json(blocks: Iterable[bytes], tables: Tables) -> None:
    """Read a file that is one document, or has an object on each line after all."""
    blocks = iter(blocks)
    held: list[bytes] = []
    for block in blocks:
        held.append(block)
        if sum(map(len, held)) > _LARGEST:
            break
    else:
        text = whole_text(b"".join(as_utf8(held, tables)), tables)
        try:
            document = _parsed(text)
        except (ValueError, RecursionError) as error:
            if not _has_lines(text):
                place = error.lineno if isinstance(error, json.JSONDecodeError) else None
                tables.refuse(place, f"the file cannot be read as JSON: {_said(error)}", _MEND)
                return
        else:
            _read_document(document, tables)
            return
    if not _has_lines(held[0].decode("utf-8", "replace")):
        tables.refuse(None, "the document is larger than 64 MB", "split it: one Bundle to a file, or one to a line")
        return
    read_json_lines(chain(held, blocks), tables)


def _read_document(document: Any, tables: Tables) -> None:
    reader = _Reader(tables)
    if isinstance(document, list):
        reader.read_all(document)
    else:
        reader.read(document)
    reader.tell()


class _Reader:
    """Hands each object to whom it is for."""

    def __init__(self, tables: Tables) -> None:
        self._records, self._fhir = RecordReader(tables), FhirReader(tables)

    def read(self, item: Any, line: int | None = None) -> None:
        """Read what stands on a line; without one, the whole document."""
        if isinstance(item, dict) and "resourceType" in item:
            self._fhir.read(item, line)
        else:
            self._records.read(item, line or 1)

    def read_all(self, items: list[Any]) -> None:
        """Read a list, of which resources may refer to one another."""
        resources: list[tuple[int, Any]] = []
        for place, item in enumerate(items, start=1):
            if isinstance(item, dict) and item.get("resourceType", "Bundle") != "Bundle":
                resources.append((place, item))
            else:
                self.read(item, place)
        self._fhir.read_together(resources)

    def tell(self) -> None:
        self._records.tell()
        self._fhir.tell()


def _has_lines(text: str) -> bool:
    written = (line for line in text.splitlines() if line.strip())
    return any(map(_is_object, (line for line, _ in zip(written, range(_TRIED), strict=False))))


def _is_object(line: str) -> bool:
    try:
        item = _parsed(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(item, dict) and bool(item)


def _parsed(text: str) -> Any:
    return _DECODER.decode(text)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, in which no key may stand twice: of two medications the first would be lost."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return fields


_DECODER = json.JSONDecoder(object_pairs_hook=_each_once)


def _said(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}, at character {error.colno}"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
