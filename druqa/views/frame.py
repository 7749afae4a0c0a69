"""Reports and readings of names as tables, for those who have thousands: pandas in memory, files through DuckDB."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from druqa.batch.rows import pair_row
from druqa.errors import UsageError
from druqa.report import Report
from druqa.settings import Settings, load_settings
from druqa.setup import load_names, read_medications
from druqa.stages.names import Brief, brief, plain_brief

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = [
    "list_id",
    "drug_a",
    "drug_b",
    "decision",
    "severity",
    "tier",
    "reasons",
    "medication_a",
    "medication_b",
    "mechanism",
    "management",
]
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a cell begins with that a spreadsheet computes."""


def pairs_frame(reports: Iterable[Report]) -> pd.DataFrame:
    """One row for every pair of drugs of every report; `list_id` is the report's position, from 0.

    `drug_a` is before `drug_b` in the alphabet. Severity and tier are None where nothing is flagged.
    """
    import pandas as pd  # noqa: PLC0415 - half a second to import: only for those who want a table

    rows = [row for index, report in enumerate(reports) for row in _rows(index, report)]
    return pd.DataFrame(rows, columns=COLUMNS)


def names_frame(texts: Iterable[str], *, settings: Settings | None = None) -> pd.DataFrame:
    """The drugs of a column of texts, one row each in their order; a text that stands there often is read once.

    Columns: `text`; `drugs`, their ids; `how` each was found (exact, alias, fuzzy, ...); `score`, the lowest likeness
    of a spelling, 0 to 100; `recognised`; `doubts`. A Series keeps its index.

    Raises:
        DruqaError: if a text is neither a string nor missing, or a setting or a table is wrong.

    """
    import pandas as pd  # noqa: PLC0415

    if isinstance(texts, str | pd.DataFrame) or not isinstance(texts, Iterable):
        raise UsageError(f"a {type(texts).__name__} was given where a column is due", where="texts", mend="give a list")
    column = texts if isinstance(texts, pd.Series) else pd.Series(list(texts), dtype=object)
    # What is missing is an empty line: it stays in its place, and is not recognised.
    lines = column.astype(object).where(column.notna(), "").tolist()
    synonyms = load_names(settings if settings is not None else load_settings()).synonyms
    for place, line in enumerate(lines):
        if not isinstance(line, str):
            raise UsageError(f"neither a text nor missing: {type(line).__name__}", where=f"texts[{place}]")
    briefs = {text: plain_brief(text, synonyms) for text in dict.fromkeys(lines)}
    unread = [text for text in dict.fromkeys(lines) if briefs.get(text) is None]
    briefs |= {text: brief(read, synonyms) for text, read in zip(unread, read_medications(unread), strict=True)}
    rows = [(text, *(briefs[text] or ())) for text in lines]
    return pd.DataFrame(rows, columns=["text", *Brief._fields], index=column.index)


def write_pairs(reports: Iterable[Report], file: str | Path) -> int:
    """Write `pairs_frame(reports)` to a .parquet or .csv file, and return the number of rows.

    In a .csv file a text that a spreadsheet would take for a formula (`=1+1`, `+`, `-`, `@`) stands behind a `'`.

    Raises:
        UsageError: if the file's ending is neither, or it cannot be written.

    """
    import duckdb  # noqa: PLC0415 - a quarter of a second to import; it writes Parquet without a further library

    path, frame = Path(file), pairs_frame(reports)
    options = {".parquet": "FORMAT parquet, COMPRESSION zstd", ".csv": "FORMAT csv, HEADER"}.get(path.suffix.lower())
    if options is None:
        raise UsageError(
            f"cannot tell the format from the ending {path.suffix!r}", where=str(path), mend="use .parquet or .csv"
        )
    if path.suffix.lower() == ".csv":
        texts = [column for column in COLUMNS if column != "list_id"]
        frame[texts] = frame[texts].map(_no_formula)
    quoted = str(path).replace("'", "''")
    with duckdb.connect() as db:
        db.register("pairs", frame)
        try:
            db.execute(f"COPY (SELECT * FROM pairs ORDER BY list_id, drug_a, drug_b) TO '{quoted}' ({options})")  # noqa: S608
        except duckdb.IOException as error:
            raise UsageError(f"cannot be written: {error}", where=str(path)) from None
    return len(frame)


def _no_formula(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _rows(index: int, report: Report) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for pair in report.pairs:
        row, texts = pair_row(pair), [report.medications[i].text for i in pair.medications]
        medication_a, medication_b = texts if row.drug_a == pair.drugs[0] else reversed(texts)
        rows.append((index, *row[:6], medication_a, medication_b, *row[6:]))
    return rows
