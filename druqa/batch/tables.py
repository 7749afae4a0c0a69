"""The tables that a batch comes to, as queries over its working database, each in one fixed order of rows.

Long texts stand millions of times in them. They are joined and sorted as numbers (DuckDB's ENUM), and become text again
as they are written. (DuckDB 2.0.0 can write ENUM to Parquet as it is, four times as fast. Then a few cells in a million
hold another text, different ones each time.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from druqa.batch.listwide import TEXTS as FINDING
from druqa.batch.rows import PairRow
from druqa.records import Severity

if TYPE_CHECKING:
    import duckdb

TABLES = ("pairs", "medications", "findings", "lists", "refused")
_TEXTS = ("text", "rxcui", "atc", "drugs", "doubts")
_LIGHT = 200_000_000
"""Letters of a column's distinct texts: DuckDB holds those of an ENUM in memory, whatever its limit."""
_FORMULA = r"^[=+\-@\t\r\n]"
"""What a cell begins with that a spreadsheet computes."""


def prepare(db: duckdb.DuckDBPyConnection, *, for_spreadsheets: bool) -> None:
    """Number the texts of every table. For spreadsheets, one that would be taken for a formula stands behind a `'`."""
    _encode(db, "decided", "pair_rows", ("key", "flip", "whole"), PairRow._fields, for_spreadsheets)
    db.execute("ALTER TABLE pair_rows ADD COLUMN pair_no INTEGER")
    db.execute("""
        UPDATE pair_rows SET pair_no = ordered.pair_no FROM (
            SELECT key, row_number() OVER (ORDER BY drug_a, drug_b, key) AS pair_no FROM decided
        ) AS ordered WHERE ordered.key = pair_rows.key
    """)
    db.execute("CREATE VIEW text_facts AS SELECT * FROM texts JOIN read USING (text_id)")
    _encode(db, "text_facts", "text_rows", ("text_id", "recognised"), _TEXTS, for_spreadsheets)
    _encode(db, "told", "finding_rows", ("finding", "by_rule", "rank"), FINDING, for_spreadsheets)
    db.execute(f"CREATE TABLE list_rows AS {_LISTS}")


def _encode(
    db: duckdb.DuckDBPyConnection,
    table: str,
    into: str,
    plain: tuple[str, ...],
    texts: tuple[str, ...],
    for_spreadsheets: bool,  # noqa: FBT001
) -> None:
    """A copy of a table with its texts as numbers, but for those that are too much for memory: they stay texts."""
    selected, in_memory = list(plain), "TEMP"
    for name in texts:
        shown = f"CASE WHEN regexp_matches({name}, '{_FORMULA}') THEN '''' || {name} ELSE {name} END"
        value, type_ = shown if for_spreadsheets else name, f"{into}_{name}"
        db.execute(
            f"CREATE OR REPLACE TABLE distinct_texts AS"
            f" SELECT DISTINCT {value} AS v FROM {table} WHERE {name} IS NOT NULL"
        )
        ((letters,),) = db.execute("SELECT coalesce(sum(strlen(v)), 0) FROM distinct_texts").fetchall()
        if letters > _LIGHT:
            selected.append(f"{value} AS {name}")
            in_memory = ""
        else:
            db.execute(f"CREATE TYPE {type_} AS ENUM (SELECT v FROM distinct_texts ORDER BY v)")
            selected.append(f"CAST({value} AS {type_}) AS {name}")
    # (On disk, DuckDB would write all values of the types over and over.)
    db.execute(f"CREATE {in_memory} TABLE {into} AS SELECT {', '.join(selected)} FROM {table}")


def _as_text(names: tuple[str, ...]) -> str:
    return ", ".join(f"CAST({name} AS VARCHAR) AS {name}" for name in names)


def query(table: str) -> str:
    """The rows of one of `TABLES`, in order."""
    return _QUERIES[table]


_PAIRS = f"""
    SELECT list_id, {_as_text(PairRow._fields[:6])}, {_as_text(("medication_a", "medication_b"))},
           {_as_text(PairRow._fields[6:])}
    FROM (
        SELECT l.list_id, p.*, a.text AS medication_a, b.text AS medication_b
        FROM enc AS e
        JOIN pair_rows AS p ON p.key = e.key
        JOIN lists AS l ON l.list_no = e.list_no
        JOIN text_rows AS a ON a.text_id = CASE WHEN p.flip THEN e.text_b ELSE e.text_a END
        JOIN text_rows AS b ON b.text_id = CASE WHEN p.flip THEN e.text_a ELSE e.text_b END
        ORDER BY e.list_no, p.pair_no
    )
"""
_MEDICATIONS = f"""
    SELECT list_id, line, {_as_text(_TEXTS[:3])}, recognised, {_as_text(_TEXTS[3:])}
    FROM (
        SELECT l.list_id, e.line, t.* FROM entries AS e
        JOIN lists AS l ON l.list_no = e.list_no
        JOIN text_rows AS t ON t.text_id = e.text_id
        ORDER BY e.list_no, e.line
    )
"""
_FINDINGS = f"""
    SELECT list_id, {_as_text(FINDING)}
    FROM (
        SELECT l.list_id, f.* FROM list_findings AS e
        JOIN lists AS l ON l.list_no = e.list_no
        JOIN finding_rows AS f ON f.finding = e.finding
        ORDER BY e.list_no, f.by_rule DESC, f.rank, f.kind, f.reasons
    )
"""
_GRADES = ", ".join(f"'{severity}'" for severity in Severity)
_LISTS = f"""
    WITH nobodys AS (
        SELECT file FROM refused WHERE list_id IS NULL
    ), meds AS (
        SELECT list_no, count(*) AS medications, count(*) FILTER (WHERE NOT recognised) AS not_recognised
        FROM entries JOIN text_rows USING (text_id) GROUP BY list_no
    ), decisions AS (
        SELECT list_no, count(*) AS pairs, count(*) FILTER (WHERE decision = 'flagged') AS flagged,
               count(*) FILTER (WHERE decision = 'none_found') AS none_found,
               count(*) FILTER (WHERE decision = 'not_checked') AS not_checked,
               min(list_position([{_GRADES}], CAST(severity AS VARCHAR))) AS worst, bool_and(whole) AS whole
        FROM enc JOIN pair_rows USING (key) GROUP BY list_no
    ), findings AS (
        SELECT list_no, count(*) AS findings FROM list_findings GROUP BY list_no
    )
    SELECT list_no, list_id, coalesce(medications, 0) AS medications, coalesce(not_recognised, 0) AS not_recognised,
           coalesce(pairs, 0) AS pairs, coalesce(flagged, 0) AS flagged, coalesce(none_found, 0) AS none_found,
           coalesce(not_checked, 0) AS not_checked, ([{_GRADES}])[worst] AS worst, coalesce(findings, 0) AS findings,
           coalesce(medications > 0 AND not_recognised = 0, false) AND coalesce(not_checked = 0 AND whole, true)
               AND list_no NOT IN (SELECT list_no FROM names_lost)
               AND list_id NOT IN (SELECT list_id FROM refused WHERE list_id IS NOT NULL)
               AND list_id NOT IN (SELECT list_id FROM raw SEMI JOIN nobodys USING (file)) AS complete
    FROM lists LEFT JOIN meds USING (list_no) LEFT JOIN decisions USING (list_no) LEFT JOIN findings USING (list_no)
"""
_REFUSED = """
    SELECT f.path AS file, r.line, r.list_id, r.problem, r.mend
    FROM refused AS r LEFT JOIN files AS f USING (file) ORDER BY r.file, r.line, r.problem
"""
_QUERIES = {
    "pairs": _PAIRS,
    "medications": _MEDICATIONS,
    "findings": _FINDINGS,
    "lists": "SELECT * EXCLUDE (list_no) FROM list_rows ORDER BY list_no",
    "refused": _REFUSED,
}
