"""The tables that lists are read into, filled in blocks: no more than a block of rows is held in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from druqa.errors import UsageError
from druqa.records import writable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BLOCK = 100_000
"""Rows handed to DuckDB at once: each hand-over is a commit, which costs as much as reading ten thousand rows."""
_NO_LINE = -1
NO_ID = ("there is no list_id", "say in `list_id` which list it belongs to")
"""What is refused, and its mend, wherever it is not known whose medication it is."""


class _Column(NamedTuple):
    name: str
    type: str
    # Arrays hold no NULL: what is unknown is handed over as "" or -1.
    read: str


def _text(name: str) -> _Column:
    return _Column(name, "VARCHAR", f"nullif({name}, '')")


def _integer(name: str, type_: str = "BIGINT") -> _Column:
    return _Column(name, type_, f"nullif({name}, {_NO_LINE})")


_TABLES = {
    "files": (_integer("file", "INTEGER"), _Column("path", "VARCHAR", "path"), _integer("bytes"), _text("sha256")),
    # An empty text is a medication too: its line is there, and is empty.
    "raw": (
        _text("list_id"),
        _Column("text", "VARCHAR", "text"),
        _text("rxcui"),
        _text("atc"),
        _integer("file", "INTEGER"),
        _integer("line"),
    ),
    "refused": (_integer("file", "INTEGER"), _integer("line"), _text("list_id"), _text("problem"), _text("mend")),
    "notes": (_integer("file", "INTEGER"), _text("note")),
    "empty_lists": (_text("list_id"), _integer("file", "INTEGER"), _integer("line")),
}


class Tables:
    """The tables of one reading, and the file that is being read; `flush` writes what is still held.

    What is unknown is given as "" or None and is NULL in the tables.
    """

    def __init__(self, db: DuckDBPyConnection) -> None:
        self.db = db
        self.file, self.path = -1, ""
        self._noted: set[str] = set()
        self._held: dict[str, list[list[object]]] = {name: [[] for _ in columns] for name, columns in _TABLES.items()}
        for name, columns in _TABLES.items():
            db.execute(f"CREATE TABLE {name} ({', '.join(f'{column.name} {column.type}' for column in columns)})")

    def begin(self, path: str) -> None:
        """Go on to the next file: all that follows is about it."""
        self.file, self.path = self.file + 1, writable(path)
        self._noted = set()

    def end(self, size: int | None, sha256: str = "") -> None:
        """Say how many bytes the file has, and their digest; None for what has no bytes, or none that can be read."""
        self._add("files", self.file, self.path, _NO_LINE if size is None else size, sha256)

    def medication(self, list_id: str, text: str, rxcui: str, atc: str, line: int) -> None:
        """One medication as it is written."""
        # A fifth of the time of `_add`, which is made for few rows.
        list_ids, texts, rxcuis, atcs, files, lines = self._held["raw"]
        list_ids.append(list_id)
        texts.append(text)
        rxcuis.append(rxcui)
        atcs.append(atc)
        files.append(self.file)
        lines.append(line)
        if len(lines) >= _BLOCK:
            self._flush("raw")

    def medications(
        self,
        list_ids: Sequence[str],
        texts: Sequence[str],
        rxcuis: Sequence[str],
        atcs: Sequence[str],
        lines: Sequence[int],
    ) -> None:
        """Many medications, a column at a time."""
        held = self._held["raw"]
        for values, more in zip(held, (list_ids, texts, rxcuis, atcs, [self.file] * len(texts), lines), strict=True):
            values.extend(more)
        if len(held[0]) >= _BLOCK:
            self._flush("raw")

    def refuse(self, line: int | None, problem: str, mend: str, list_id: str = "") -> None:
        """What could not be read, and why; without a line the whole file, or what is left of it."""
        self._add("refused", self.file, _NO_LINE if line is None else line, list_id, problem, mend)

    def note(self, note: str) -> None:
        """What was read otherwise than it is written; once for each file."""
        if note not in self._noted:
            self._noted.add(note)
            self._add("notes", self.file, note)

    def empty_list(self, list_id: str, line: int) -> None:
        """A list without a medication."""
        self._add("empty_lists", list_id, self.file, line)

    def flush(self) -> None:
        """Write what is held."""
        for name in _TABLES:
            self._flush(name)

    def finish(self) -> None:
        """Write what is held, and see the whole: a list may stand in several places, and one of them may be empty.

        Raises:
            UsageError: if there is no list at all.

        """
        self.flush()
        self.db.execute("DELETE FROM empty_lists WHERE list_id IN (SELECT list_id FROM raw)")
        if not _one(self.db, "SELECT EXISTS (FROM raw) OR EXISTS (FROM empty_lists)")[0]:
            raise self._nothing()
        if self.file:
            self._note_halves()
            self.flush()

    def _note_halves(self) -> None:
        count, list_id, last = _one(
            self.db,
            """SELECT count(*), min(list_id), max(last) FROM (
                   SELECT list_id, max(file) AS last FROM raw GROUP BY list_id HAVING min(file) <> max(file))""",
        )
        if count:
            self.file = last
            lists = f"{count} lists stand" if count > 1 else "1 list stands"
            self.note(f"{lists} in more than one file, read as one list each: such as {list_id!r}")

    def _nothing(self) -> UsageError:
        path, line, problem, mend, notes = _one(
            self.db,
            """SELECT path, line, problem, mend,
                      (SELECT string_agg(note, '; ') FROM notes WHERE notes.file = files.file)
               FROM files LEFT JOIN refused USING (file)
               ORDER BY problem IS NULL, files.file, line NULLS FIRST LIMIT 1""",
        )
        where = path if line is None else f"{path}, line {line}"
        what = problem or f"there is no list in it{f': {notes}' if notes else ''}"
        what += f"; {self.file} more files were read, and none has a list" if self.file else ""
        return UsageError(what, where=where, mend=mend or "give a file with columns list_id and medication")

    def _add(self, table: str, *row: object) -> None:
        held = self._held[table]
        for values, value in zip(held, row, strict=True):
            values.append(value)
        if len(held[0]) >= _BLOCK:
            self._flush(table)

    def _flush(self, table: str) -> None:
        import numpy as np  # noqa: PLC0415 - a tenth of a second to import

        held, columns = self._held[table], _TABLES[table]
        if not held[0]:
            return
        types = [object if column.type == "VARCHAR" else np.int64 for column in columns]
        block = {
            column.name: np.array(values, dtype=type_)
            for column, values, type_ in zip(columns, held, types, strict=True)
        }
        self.db.register("block", block)
        self.db.execute(f"INSERT INTO {table} SELECT {_reads(columns)} FROM block")
        self.db.unregister("block")
        for values in held:
            values.clear()


def _one(db: DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    # All of it: a result of which rows may be left blocks the connection.
    (row,) = db.execute(sql).fetchall()
    return tuple(row)


def _reads(columns: Iterable[_Column]) -> str:
    return ", ".join(column.read for column in columns)
