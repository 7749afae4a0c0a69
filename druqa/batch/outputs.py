"""Writes the tables of a batch: Parquet, CSV or JSONL beside each other, or all into one DuckDB file.

Everything is written in a folder beside OUT and moved at the end, OUT itself last: who finds OUT has all of it.
"""

from __future__ import annotations

import glob
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from druqa.batch.manifest import Manifest
from druqa.batch.tables import TABLES, query
from druqa.errors import DataError, UsageError

if TYPE_CHECKING:
    import duckdb

_OPTIONS = {
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
    ".csv": "FORMAT csv, HEADER",
    ".jsonl": "FORMAT json",
}
_DATABASE = ".duckdb"
_READ_BACK = ("decision", "severity", "tier")
_MANIFEST = "manifest.json"
_LOCK = "lock"
_COUNTED = {"pairs": "enc", "medications": "raw", "lists": "lists", "findings": "list_findings", "refused": "refused"}
"""Where each table's rows come from, one for one."""


class Output:
    """Where the tables of a batch go: the pairs to OUT, the others beside it; or all of them into one file."""

    def __init__(self, out: Path) -> None:
        """Take OUT.

        Raises:
            UsageError: if its ending names no format, or its folder does not exist.

        """
        self.out, self._ending = out, out.suffix.lower()
        if self._ending not in (*_OPTIONS, _DATABASE):
            raise UsageError(
                f"cannot tell the format from the ending {out.suffix!r}",
                where=f"--out {out}",
                mend=f"end it in {', '.join(_OPTIONS)} or {_DATABASE}",
            )
        if out.is_dir() or "?" in out.name:
            raise UsageError("that is no name for a file", where=f"--out {out}", mend="choose another name")
        if not out.parent.is_dir():
            raise UsageError("its folder does not exist", where=f"--out {out}", mend=f"make it: mkdir -p {out.parent}")
        self.partial = out.with_name(f"{out.name}.partial")
        """The folder in which the batch works until everything is written."""

    @property
    def for_spreadsheets(self) -> bool:
        """Whether people open it in programs that compute what looks like a formula."""
        return self._ending == ".csv"

    @property
    def files(self) -> dict[str, Path]:
        """Each table, and the manifest, with its file."""
        if self._ending == _DATABASE:
            tables = dict.fromkeys(TABLES, self.out)
        else:
            tables = {table: self._beside(f"{table}{self._ending}") for table in TABLES} | {"pairs": self.out}
        return {**tables, "manifest": self._beside(_MANIFEST)}

    def _beside(self, name: str) -> Path:
        return self.out.with_name(f"{self.out.stem}.{name}")

    @contextmanager
    def opened(self, *, overwrite: bool) -> Iterator[Path]:
        """The folder to work in, for this run alone; it goes with the run, but for one that is killed.

        Raises:
            UsageError: if one of the files is there and may not be overwritten, the folder cannot be written, or
                another run works in it.

        """
        from filelock import FileLock  # noqa: PLC0415 - it tries the file system out at import

        there = sorted({str(file) for file in self.files.values() if file.exists()})
        # A run that was killed while it moved its files left some of them: they are its own.
        if there and not overwrite and not self._moving.exists():
            raise UsageError(f"{there[0]} is there already", where=f"--out {self.out}", mend="give --overwrite")
        try:
            self.partial.mkdir(exist_ok=True)
            if any(self.partial.iterdir()) and not (self.partial / _LOCK).exists():
                raise UsageError(
                    "the folder is not of druqa's making",
                    where=str(self.partial),
                    mend="move it, or choose another OUT",
                )
            lock = FileLock(self.partial / _LOCK)
            lock.acquire(timeout=0)
        except TimeoutError:
            raise UsageError(
                "another run is writing it", where=f"--out {self.out}", mend="wait for it, or choose another OUT"
            ) from None
        except OSError as error:
            raise UsageError(f"cannot be written: {error.strerror}", where=str(self.partial)) from None
        try:
            yield self.partial
        finally:
            shutil.rmtree(self.partial, ignore_errors=True)
            lock.release()

    @property
    def _moving(self) -> Path:
        """Is there while the files are moved out of the folder."""
        return self.partial / "moving"

    def write(self, db: duckdb.DuckDBPyConnection) -> dict[str, int]:
        """Write the tables into the folder; returned is the number of rows of each."""
        if self._ending == _DATABASE:
            return self._write_database(db)
        rows = dict[str, int]()
        for table in TABLES:
            copied = db.execute(f"COPY ({query(table)}) TO '{_quoted(self._inside(table))}' ({_OPTIONS[self._ending]})")
            rows[table] = int(copied.fetchall()[0][0])
        self._read_back(db, rows, self._pairs_as_written())
        return rows

    def _pairs_as_written(self) -> str:
        """The file of pairs, as something to select from, its columns as texts."""
        file = _quoted(Path(glob.escape(str(self._inside("pairs")))))
        if self._ending == ".parquet":
            return f"read_parquet('{file}')"
        if self._ending == ".csv":
            return f"read_csv('{file}', header = true, all_varchar = true)"
        columns = ", ".join(f"{column}: 'VARCHAR'" for column in _READ_BACK)
        return f"read_json('{file}', format = 'newline_delimited', columns = {{{columns}}})"

    def _read_back(self, db: duckdb.DuckDBPyConnection, rows: Mapping[str, int], written: str) -> None:
        """See that every table has its rows, and the pairs each decision as often as it was decided.

        Raises:
            DataError: if not: the files would be believed.

        """
        counted = {t: db.execute(f"SELECT count(*) FROM {of}").fetchall()[0][0] for t, of in _COUNTED.items()}
        told = ", ".join(_READ_BACK)
        found = f"SELECT {told}, count(*) AS lists FROM {written} GROUP BY ALL"
        decided = (
            f"SELECT {told}, sum(lists)::BIGINT AS lists FROM decided JOIN distinct_pairs USING (key) GROUP BY ALL"
        )
        differ = f"({found} EXCEPT {decided}) UNION ALL ({decided} EXCEPT {found})"
        if dict(rows) != counted or (rows["pairs"] and db.execute(differ).fetchall()):
            raise DataError(
                "the tables that were written do not hold what was decided",
                where=str(self.out),
                mend="check the disk and the memory of this machine, and run again; nothing is paid twice",
            )

    def _write_database(self, db: duckdb.DuckDBPyConnection) -> dict[str, int]:
        file = self._inside("pairs")
        file.unlink(missing_ok=True)
        db.execute(f"ATTACH '{_quoted(file)}' AS written")
        rows = dict[str, int]()
        for table in TABLES:
            db.execute(f"CREATE TABLE written.{table} AS {query(table)}")
            rows[table] = int(db.execute(f"SELECT count(*) FROM written.{table}").fetchall()[0][0])
        self._read_back(db, rows, "written.pairs")
        db.execute("DETACH written")
        return rows

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest, and move everything to its place."""
        self._inside("manifest").write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
        self._moving.touch()
        self.out.unlink(missing_ok=True)  # an old one must not stand beside new tables
        others = [table for table in self.files if table != "pairs" and self.files[table] != self.out]
        for table in (*others, "pairs"):
            self._inside(table).replace(self.files[table])

    def spare(self, inputs: Iterable[str]) -> None:
        """See that no input is replaced by what comes of it.

        Raises:
            UsageError: if one would be.

        """
        own = {file.resolve(): file for file in self.files.values()}
        for read in inputs:
            if file := own.get(Path(read).resolve()):
                raise UsageError(f"{file} is an input too", where=f"--out {self.out}", mend="choose another OUT")

    def _inside(self, table: str) -> Path:
        return self.partial / self.files[table].name


def _quoted(file: Path) -> str:
    return str(file).replace("'", "''")
