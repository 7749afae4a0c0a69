"""The index of a folder of request files: which question each id stands for, and what came of those without a reply.

It is a DuckDB file, attached as `idx` to the database that a command works in. An id stands for one key in all exports
into the folder, so that results can be matched in any order, at any time.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from druqa.batch.workspace import insert, workspace
from druqa.errors import UsageError

if TYPE_CHECKING:
    import duckdb

FILE = "index.duckdb"
_PARTIAL = "partial-"


@contextmanager
def opened(folder: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """A working database with the folder's index, and a folder to write in until all is written.

    Makes the folder and the index where they are not there:
    `idx.asked(custom_id, key, model, round, file)`, a row for each request of each file, and
    `idx.failed(custom_id, state, reason)`, the provider's last word on ids that it gave no reply to.

    Raises:
        UsageError: if the folder cannot be written, or another command works in it.

    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial = TemporaryDirectory(prefix=_PARTIAL, dir=folder)
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=f"--to {folder}") from None
    with partial as here, workspace(Path(here)) as db:
        _attach(db, folder / FILE)
        _forget_killed(folder, Path(here))
        db.execute(
            "CREATE TABLE IF NOT EXISTS idx.asked"
            "(custom_id VARCHAR, key VARCHAR, model VARCHAR, round INTEGER, file VARCHAR)"
        )
        db.execute(
            "CREATE TABLE IF NOT EXISTS idx.failed(custom_id VARCHAR PRIMARY KEY, state VARCHAR, reason VARCHAR)"
        )
        yield db, Path(here)


def _attach(db: duckdb.DuckDBPyConnection, index: Path) -> None:
    import duckdb  # noqa: PLC0415 - a quarter of a second to import

    quoted = str(index).replace("'", "''")
    try:
        db.execute(f"ATTACH '{quoted}' AS idx")
    except duckdb.Error as error:
        raise UsageError(
            f"the index of the exports cannot be opened: {str(error).splitlines()[0]}",
            where=str(index),
            mend="wait until no other command works in the folder; if the index is damaged, export to a new folder",
        ) from None


def _forget_killed(folder: Path, ours: Path) -> None:
    """Remove what commands left that were killed. The index can be open once, so nobody is at work there now."""
    for left in folder.glob(f"{_PARTIAL}*"):
        if left.is_dir() and left.name != ours.name:
            shutil.rmtree(left, ignore_errors=True)


def append(db: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[object]]) -> None:
    """Add rows to a table, all at once: one by one they take a hundred times as long."""
    import pandas as pd  # noqa: PLC0415 - a third of a second to import

    if rows:
        insert(db, table, pd.DataFrame(rows))
