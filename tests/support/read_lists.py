"""Medication lists read into a database of their own, and what the tables then hold."""

from __future__ import annotations

from typing import Any

import duckdb
import pandas as pd

from druqa.batch.reading import read_frame, read_lists


class Read:
    """What came of a reading."""

    def __init__(self, *inputs: object, frame: pd.DataFrame | None = None) -> None:
        self.db = duckdb.connect()
        if frame is None:
            read_lists([str(given) for given in inputs], self.db)
        else:
            read_frame(frame, self.db)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.db.execute(sql).fetchall()

    @property
    def raw(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT list_id, text FROM raw ORDER BY rowid")

    @property
    def codes(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT list_id, text, rxcui, atc FROM raw ORDER BY rowid")

    @property
    def lines(self) -> list[int]:
        return [line for (line,) in self.rows("SELECT line FROM raw ORDER BY rowid")]

    @property
    def empty(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT list_id, line FROM empty_lists ORDER BY rowid")

    @property
    def refused(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT line, list_id, problem FROM refused ORDER BY file, line, rowid")

    @property
    def notes(self) -> list[str]:
        return [note for (note,) in self.rows("SELECT note FROM notes ORDER BY rowid")]

    @property
    def lists(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {list_id: [] for list_id, _ in self.empty}
        for list_id, text in self.raw:
            found.setdefault(list_id, []).append(text)
        return found
