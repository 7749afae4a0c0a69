"""Medication lists in CSV and TSV: a medication to a row, or a list to a row."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import chain

from druqa.batch.reading.columns import Layout, layout_of
from druqa.batch.reading.csv_records import csv_records
from druqa.batch.reading.lines import BAD, line_blocks
from druqa.batch.reading.rows import RowReader
from druqa.batch.reading.tables import Tables
from druqa.errors import UsageError

_DELIMITERS = ",;\t"


def read_csv(blocks: Iterable[bytes], tables: Tables, *, alone: bool) -> None:
    """Read a file of CSV or TSV; the delimiter is the one under which its header fits.

    Args:
        blocks: its bytes.
        tables: where the rows go.
        alone: whether it is the only file: rows without `list_id` are then named by their number alone.

    Raises:
        UsageError: if the header fits no layout.

    """
    lines = line_blocks(blocks, tables)
    number, header, following = _header(lines)
    if not header:
        tables.note("the file is empty")
        return
    delimiter, layout = _fitting(header, f"{tables.path}, line {number}")
    if layout.note:
        tables.note(layout.note)
    reader = RowReader(layout, tables, alone=alone)
    reader.read(csv_records(chain([following], lines), delimiter, tables))
    if not reader.rows:
        tables.note("the file has a header and nothing below it")


def _header(lines: Iterator[tuple[int, list[str]]]) -> tuple[int, str, tuple[int, list[str]]]:
    """The number and the text of the header, and the lines that follow it in its block."""
    for number, block in lines:
        for place, line in enumerate(block):
            # A spreadsheet's own line about its delimiter is none.
            if line.strip() and line != BAD and not line.casefold().startswith("sep="):
                return number + place, line, (number + place + 1, block[place + 1 :])
    return 0, "", (1, [])


def _fitting(header: str, where: str) -> tuple[str, Layout]:
    wrong: list[tuple[int, UsageError]] = []
    for delimiter in _DELIMITERS:
        try:
            columns = next(csv.reader([header], delimiter=delimiter))
        except csv.Error:
            columns = [header]
        try:
            return delimiter, layout_of(columns, where)
        except UsageError as error:
            wrong.append((len(columns), error))
    # Of the delimiters none fits: the one that parts the most says best what is there.
    raise max(wrong, key=lambda one: one[0])[1]
