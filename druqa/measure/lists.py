"""Reads a file of whole medication lists, to count flags on: columns `list_id`, `medication`, and if wanted `kind`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from druqa.knowledge.addition import Tally
from druqa.knowledge.csv_file import csv_rows, read_bytes

Lists = Mapping[str, tuple[str, Sequence[str]]]
"""By a list's id its kind and its lines."""


def read_lists(file: Path) -> tuple[Lists, tuple[str, ...]]:
    """By the list's id its kind and its lines; and notes on rows that could not be used.

    Raises:
        DataError: if the file cannot be read, is empty or no text, or lacks a column.

    """
    tally = Tally(examples=10)
    lists: dict[str, tuple[str, tuple[str, ...]]] = {}
    for line, cells in csv_rows(file, read_bytes(file), [("list_id", "medication")], ("kind",), tally):
        if not cells["list_id"] or not cells["medication"]:
            tally.add("rows left out, the list or the medication is missing", f"line {line}")
            continue
        kind, lines = lists.get(cells["list_id"], (cells.get("kind", ""), ()))
        lists[cells["list_id"]] = kind, (*lines, cells["medication"])
    return lists, tuple(f"{file.name}: {note}" for note in tally.notes())
