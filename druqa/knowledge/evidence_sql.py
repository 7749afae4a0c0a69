"""The evidence tables in DuckDB: every flag between any two drugs, joined rather than looked up, for millions of pairs.

It says what `Evidence` says, hit for hit; tests hold both equal.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from druqa.knowledge.evidence import Evidence
from druqa.knowledge.evidence_tables import CLASS, NONE, ListedPair, Rule, Tables

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TABLES = """
CREATE TABLE role (drug VARCHAR, role VARCHAR, strength VARCHAR, said VARCHAR, source VARCHAR);
CREATE TABLE rule (role_a VARCHAR, strength_a VARCHAR, role_b VARCHAR, strength_b VARCHAR, said INTEGER);
CREATE TABLE side (drug VARCHAR, side VARCHAR, why VARCHAR);
CREATE TABLE pair (side_a VARCHAR, side_b VARCHAR, said INTEGER);
CREATE TABLE words (said INTEGER, severity VARCHAR, rank UTINYINT, mechanism VARCHAR, effect VARCHAR,
    management VARCHAR, depends VARCHAR, source VARCHAR, cited VARCHAR);
"""

# One row for each flag between two drugs, the smaller id first: who stands behind either side, and what is said. The
# texts are put together by the view, only for the rows that are read.
_HITS = """
CREATE TABLE hit AS
    SELECT DISTINCT a.drug AS drug_a, b.drug AS drug_b, 'mechanism' AS evaluator, a.said AS why_a, b.said AS why_b,
        a.source AS source_a, b.source AS source_b, rule.said,
        CASE WHEN a.role LIKE '%$_substrate' ESCAPE '$' THEN a.drug
            WHEN b.role LIKE '%$_substrate' ESCAPE '$' THEN b.drug ELSE 'the affected drug' END AS affected
    FROM rule
    JOIN role a ON a.role = rule.role_a AND rule.strength_a IN ('*', a.strength)
    JOIN role b ON b.role = rule.role_b AND rule.strength_b IN ('*', b.strength)
    WHERE a.drug < b.drug
UNION ALL
    SELECT drug_a, drug_b, 'listed', told.why_a, told.why_b, '', '', said, 'the affected drug'
    FROM (
        SELECT a.drug AS drug_a, b.drug AS drug_b, pair.said,
            -- Where both drugs are members of both classes, the row is told one way round.
            min({'a': a.side, 'why_a': a.why, 'b': b.side, 'why_b': b.why}) AS told
        FROM pair
        JOIN side a ON a.side = pair.side_a
        JOIN side b ON b.side = pair.side_b
        WHERE a.drug < b.drug
        GROUP BY ALL
    );
CREATE VIEW evidence AS
    SELECT drug_a, drug_b, evaluator, severity, rank,
        replace(mechanism, 'the affected drug', affected) AS mechanism,
        replace(effect, 'the affected drug', affected) AS effect,
        replace(management, 'the affected drug', affected) AS management,
        depends,
        concat_ws('; ', nullif(why_a, ''), nullif(why_b, ''),
            CASE evaluator WHEN 'listed' THEN drug_a || ' with ' || drug_b ELSE 'together' END
            || ': ' || CASE WHEN evaluator = 'listed' AND words.effect = '' THEN 'an interaction'
                ELSE replace(words.effect, 'the affected drug', affected) END || ' [' || cited || ']') AS chain,
        concat_ws('; ', nullif(source_a, ''), nullif(source_b, source_a),
            CASE WHEN source NOT IN (source_a, source_b) THEN source END) AS source
    FROM hit JOIN words USING (said);
"""


def load_into(connection: DuckDBPyConnection, tables: Tables) -> None:
    """Make the view `evidence`: for every two drugs that the tables flag, all that they say.

    Its columns: `drug_a` < `drug_b` (ids), `evaluator` (`listed` or `mechanism`), and what a `Hit` holds: `severity`
    with its `rank` (0 is the worst), `mechanism`, `effect`, `management`, `chain`, `source`, `depends`. To be joined:

        SELECT drug_a, drug_b, min(rank) FROM pairs JOIN evidence USING (drug_a, drug_b) GROUP BY ALL
    """
    evidence = Evidence(tables)
    roles = sorted(set(tables.roles))
    paired = {side for pair in tables.pairs for side in (pair.side_a, pair.side_b)}
    classes = {(r.drug, CLASS + r.role, evidence.describe(r._replace(strength=NONE))) for r in roles}
    drugs = {(side, side, "") for side in paired if not side.startswith(CLASS)}
    rules, pairs = list(dict.fromkeys(tables.rules)), list(dict.fromkeys(tables.pairs))
    rows: list[Rule | ListedPair] = [*rules, *pairs]
    both_rules = {
        (*ends, said) for said, (a, at, b, bt, *_) in enumerate(rules) for ends in ((a, at, b, bt), (b, bt, a, at))
    }
    both_pairs = {(*ends, said) for said, (a, b, *_) in enumerate(pairs, start=len(rules)) for ends in ((a, b), (b, a))}
    words = [
        (said, row.severity.value, row.severity.rank, *_texts(row), row.source, evidence.cite(row.source))
        for said, row in enumerate(rows)
    ]
    connection.execute(_TABLES)
    _insert(connection, "role", [(r.drug, r.role, r.strength, evidence.describe(r), r.source) for r in roles])
    _insert(connection, "rule", both_rules)
    _insert(connection, "side", [*drugs, *(row for row in classes if row[1] in paired)])
    _insert(connection, "pair", both_pairs)
    _insert(connection, "words", words)
    connection.execute(_HITS)


def _texts(row: Rule | ListedPair) -> tuple[str, str, str, str]:
    """What a row says: mechanism, effect, management, and when it is graver."""
    depends = row.depends if isinstance(row, ListedPair) and row.depends != NONE else ""
    return row.mechanism, row.effect, row.management, depends


def _insert(connection: DuckDBPyConnection, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Put rows into a table by column: row by row, DuckDB takes a millisecond for each."""
    columns = list(zip(*rows, strict=True))
    if columns:
        marks = ", ".join("unnest(?)" for _ in columns)
        connection.execute(f"INSERT INTO {table} SELECT {marks}", [list(c) for c in columns])
