"""Rows of cells under a header to medications."""

from __future__ import annotations

from collections.abc import Iterable

from druqa.batch.reading.columns import Layout
from druqa.batch.reading.lines import BAD
from druqa.batch.reading.tables import NO_ID, Tables

_BLOCK = 10_000


class RowReader:
    """Reads the rows of one file; `rows` counts those that hold something, refused ones too."""

    def __init__(self, layout: Layout, tables: Tables, *, alone: bool) -> None:
        self._layout, self._tables = layout, tables
        self._prefix = "" if alone else f"{tables.path}:"
        self.rows = 0

    def read(self, records: Iterable[tuple[int, list[str]]]) -> None:
        """Read every row, each with its line."""
        read, rxcui, atc, wide = self._layout.medications, self._layout.rxcui, self._layout.atc, self._layout.wide
        # Columns, and no list of rows: the garbage collector would walk that again and again.
        list_ids, texts, rxcuis, atcs = columns = [list[str]() for _ in range(4)]
        lines: list[int] = []
        try:
            for line, cells in records:
                row = self._fitted(cells, line)
                list_id = row and self._list_id(row, line)
                if not row or not list_id:
                    continue
                for text in self._written(row, list_id, line) if wide else (row[read[0]],):
                    list_ids.append(list_id)
                    texts.append(text)
                    rxcuis.append("" if rxcui is None else row[rxcui].strip())
                    atcs.append("" if atc is None else row[atc].strip())
                    lines.append(line)
                if len(texts) >= _BLOCK:
                    self._hand_over(columns, lines)
        finally:
            # A file may break off: what was read before is kept.
            self._hand_over(columns, lines)

    def _hand_over(self, columns: list[list[str]], lines: list[int]) -> None:
        list_ids, texts, rxcuis, atcs = columns
        self._tables.medications(list_ids, texts, rxcuis, atcs, lines)
        lines.clear()
        for column in columns:
            column.clear()

    def _written(self, row: list[str], list_id: str, line: int) -> list[str]:
        written = [text for text in (row[at] for at in self._layout.medications) if text.strip()]
        if not written:
            self._tables.empty_list(list_id, line)
        return written

    def _fitted(self, row: list[str], line: int) -> list[str]:
        """The row with as many cells as the header; none if it is refused: two rows may have run into one another."""
        width = self._layout.width
        if len(row) == width and row[0] != BAD:
            self.rows += 1
            return row
        if not any(map(str.strip, row)):
            return []
        self.rows += 1
        if row == [BAD]:
            return []
        if len(row) > width and not any(map(str.strip, row[width:])):
            return row[:width]
        place = self._layout.list_id
        self._tables.refuse(
            line,
            f"cells in this row: {len(row)}, in the header: {width}",
            "give each row as many cells as the header; a cell that holds the delimiter stands in quotes",
            row[place].strip() if place is not None and place < len(row) else "",
        )
        return []

    def _list_id(self, row: list[str], line: int) -> str:
        if self._layout.list_id is None:
            return f"{self._prefix}{self.rows}"
        list_id = row[self._layout.list_id].strip()
        if not list_id and any(map(str.strip, row)):
            self._tables.refuse(line, *NO_ID)
        return list_id
