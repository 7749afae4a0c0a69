"""Medication lists in a pandas DataFrame: a medication or a list to a row, as in a file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from druqa.batch.reading.columns import ATC, LIST_ID, MEDICATION, MEDICATIONS, RXCUI, Layout, layout_of
from druqa.batch.reading.records import RecordReader
from druqa.batch.reading.tables import Tables

if TYPE_CHECKING:
    import pandas as pd

_BLOCK = 50_000


def read_rows(frame: pd.DataFrame, tables: Tables) -> None:
    """Read the rows of a frame; the line of a row is its position, from 0.

    Raises:
        UsageError: if its columns fit no layout.

    """
    layout = layout_of([str(name) for name in frame.columns], tables.path, nested=True)
    if layout.note:
        tables.note(layout.note)
    reader = RecordReader(tables)
    for start in range(0, len(frame), _BLOCK):
        block = frame.iloc[start : start + _BLOCK]
        for line, record in enumerate(_records(block, layout, start), start=start):
            reader.read(record, line)
    reader.tell()


def _records(block: pd.DataFrame, layout: Layout, start: int) -> Iterable[dict[str, Any]]:
    list_ids: Iterable[Any] = range(start + 1, start + 1 + len(block))
    if layout.list_id is not None:
        list_ids = _values(block, layout.list_id)
    columns = [_values(block, place) for place in layout.medications]
    if layout.wide:
        for list_id, *cells in zip(list_ids, *columns, strict=True):
            yield {LIST_ID: list_id, MEDICATIONS: [cell for cell in cells if not _is_blank(cell)]}
    elif layout.nested:
        for list_id, cell in zip(list_ids, columns[0], strict=True):
            yield {LIST_ID: list_id, MEDICATIONS: _listed(cell)}
    else:
        codes = [_values(block, at) if at is not None else [None] * len(block) for at in (layout.rxcui, layout.atc)]
        for list_id, text, rxcui, atc in zip(list_ids, columns[0], *codes, strict=True):
            yield {LIST_ID: list_id, MEDICATION: text, RXCUI: rxcui, ATC: atc}


def _values(block: pd.DataFrame, place: int) -> list[Any]:
    """A column as Python's own values; None where one is missing, whatever pandas writes there."""
    column = block.iloc[:, place].astype(object)
    return column.where(column.notna(), None).tolist()


def _is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _listed(cell: Any) -> Any:
    """A tuple, or an array as Parquet is read into frames, as a list."""
    return list(cell) if isinstance(cell, tuple) or hasattr(cell, "tolist") else cell
