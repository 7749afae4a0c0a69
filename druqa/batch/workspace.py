"""The DuckDB file that a batch works in: lists, distinct texts and pairs lie there, not in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from druqa.errors import UsageError

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

MEMORY_LIMIT = "1GB"
"""What DuckDB may hold in memory; beyond it, it works on disk."""


@contextmanager
def workspace(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty working database in a folder; the file is removed at the end.

    Raises:
        UsageError: if the disk is full, or the folder cannot be written.

    """
    import duckdb  # noqa: PLC0415 - a quarter of a second to import

    file = folder / ".work.duckdb"
    file.unlink(missing_ok=True)
    config: dict[str, Any] = {"memory_limit": MEMORY_LIMIT, "temp_directory": str(folder / "spill")}
    try:
        with duckdb.connect(file, config=config) as db:
            db.execute("SET enable_progress_bar = false")  # it would draw into what the command prints
            yield db
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise UsageError(
            f"the batch cannot work there: {error}",
            where=str(folder),
            mend="free some space on the disk, or choose another OUT; what was paid is kept",
        ) from None
    finally:
        file.unlink(missing_ok=True)


def number(db: duckdb.DuckDBPyConnection) -> None:
    """Number the lists in the order of the input, and the distinct texts in the order of their letters.

    Reads the tables `raw`, `empty_lists` and `refused` (a list of which nothing could be read is one too), and makes
    `lists(list_no, list_id)`, `texts(text_id, text, rxcui, atc)` and `entries(list_no, line, text_id)`: the medications
    of each list in the order of the input, numbered from 1.
    """
    db.execute("""
        CREATE TABLE lists AS
        SELECT CAST(row_number() OVER (ORDER BY min(place), list_id) - 1 AS INTEGER) AS list_no, list_id
        FROM (
            SELECT list_id, file * CAST(1099511627776 AS HUGEINT) + line AS place FROM raw
            UNION ALL SELECT list_id, file * CAST(1099511627776 AS HUGEINT) + line FROM empty_lists
            UNION ALL SELECT list_id, file * CAST(1099511627776 AS HUGEINT) + line FROM refused
        ) WHERE list_id IS NOT NULL GROUP BY list_id
    """)
    db.execute("""
        CREATE TABLE texts AS
        SELECT CAST(row_number() OVER (ORDER BY text, rxcui, atc) - 1 AS INTEGER) AS text_id, text, rxcui, atc
        FROM (SELECT DISTINCT text, rxcui, atc FROM raw)
    """)
    db.execute("""
        CREATE TABLE entries AS
        SELECT
            l.list_no, CAST(row_number() OVER (PARTITION BY l.list_no ORDER BY r.place) AS INTEGER) AS line, t.text_id
        FROM (SELECT rowid AS place, * FROM raw) AS r
        JOIN lists AS l ON l.list_id = r.list_id
        JOIN texts AS t ON t.text = r.text AND t.rxcui IS NOT DISTINCT FROM r.rxcui AND t.atc IS NOT DISTINCT FROM r.atc
        ORDER BY l.list_no, line
    """)


def insert(db: duckdb.DuckDBPyConnection, table: str, block: pd.DataFrame) -> None:
    """Append a block of rows to a table."""
    db.register("block", block)
    db.execute(f"INSERT INTO {table} SELECT * FROM block")
    db.unregister("block")


def forget_work(db: duckdb.DuckDBPyConnection) -> None:
    """Drop what `druqa.batch.run` made of the numbered lists, so that it can be made anew."""
    for table in ("read", "enc", "list_findings", "told", "names_lost", "distinct_pairs", "decided"):
        db.execute(f"DROP TABLE IF EXISTS {table}")
