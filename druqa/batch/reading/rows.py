"""Rows of cells, all as wide as their header, to medications."""

from __future__ import annotations

from collections.abc import Sequence

from druqa.batch.reading.columns import Layout
from druqa.batch.reading.lines import BAD
from druqa.batch.reading.tables import NO_ID, Tables


class RowReader:
    """Reads rows in their order; `rows` counts them. A row `[BAD]` was refused, and is only counted."""

    def __init__(self, layout: Layout, tables: Tables, *, alone: bool) -> None:
        self._layout, self._tables = layout, tables
        self._prefix = "" if alone else f"{tables.path}:"
        self.rows = 0

    def read(self, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> None:
        """Read rows, each with its line."""
        if self._layout.wide:
            self._read_wide(rows, lines)
        else:
            self._read_long(rows, lines)
            self.rows += len(rows)

    def _read_long(self, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> None:
        layout, place = self._layout, self._layout.list_id
        if place is None or not rows:
            return
        if [BAD] in rows or not all(row[place].strip() for row in rows):
            pairs = [(row, line) for row, line in zip(rows, lines, strict=True) if self._has_id(row, line, place)]
            rows, lines = [row for row, _ in pairs], [line for _, line in pairs]
        columns = list(zip(*rows, strict=True))
        if columns:
            rxcuis, atcs = (
                None if at is None else list(map(str.strip, columns[at])) for at in (layout.rxcui, layout.atc)
            )
            list_ids = list(map(str.strip, columns[place]))
            self._tables.medications(list_ids, columns[layout.medications[0]], lines, rxcuis, atcs)

    def _has_id(self, row: Sequence[str], line: int, place: int) -> bool:
        if len(row) != self._layout.width or row[0] == BAD:
            return False
        if row[place].strip():
            return True
        if any(map(str.strip, row)):
            self._tables.refuse(line, *NO_ID)
        return False

    def _read_wide(self, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> None:
        layout, place = self._layout, self._layout.list_id
        list_ids: list[str] = []
        texts: list[str] = []
        places: list[int] = []
        for row, line in zip(rows, lines, strict=True):
            self.rows += 1
            if row[0] == BAD:
                continue
            list_id = f"{self._prefix}{self.rows}" if place is None else row[place].strip()
            written = [text for text in (row[at] for at in layout.medications) if text.strip()]
            if not list_id:
                if any(map(str.strip, row)):
                    self._tables.refuse(line, *NO_ID)
            elif not written:
                self._tables.empty_list(list_id, line)
            list_ids += [list_id] * len(written) if list_id else []
            texts += written if list_id else []
            places += [line] * len(written) if list_id else []
        self._tables.medications(list_ids, texts, places)
