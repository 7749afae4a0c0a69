"""What a batch was, for whoever finds its tables later: inputs, cascade, models, data, counts, cost, gaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from druqa.batch.run import Done
from druqa.errors import EXIT_FLAGGED, EXIT_NOT_CHECKED, EXIT_OK
from druqa.records import Record, Severity
from druqa.report import CascadeUse, Cost, DataUse, DecisionKind, ModelUse, QuestionCounts

if TYPE_CHECKING:
    import duckdb

SCHEMA_VERSION = "1.0"
_NOTES = 1_000


class InputFile(Record):
    """A file that lists were read from."""

    path: str
    bytes: int | None
    sha256: str | None


class Counts(Record):
    """How much there was, and what it came to."""

    lists: int
    complete: int
    """Lists of which everything was recognised and checked."""
    medications: int
    not_recognised: int
    doubtful: int
    """Medications that were recognised, and of which something is doubtful all the same."""
    refused: int
    """Rows of the input that could not be read."""
    distinct_texts: int
    distinct_pairs: int
    """Pairs of drugs under the same names, each decided once."""
    pairs: dict[DecisionKind, int]
    """Pairs over all lists."""
    severities: dict[Severity, int]
    """Flagged pairs over all lists, by severity; none for a severity that no pair has."""
    findings: int


class Manifest(Record):
    """Everything about a batch but its tables. The same batch gives the same one: it holds no time of day."""

    schema_version: str = SCHEMA_VERSION
    druqa_version: str
    inputs: tuple[InputFile, ...]
    counts: Counts
    cascade: CascadeUse
    questions: QuestionCounts
    """About distinct pairs and names."""
    cost: Cost
    models: dict[str, ModelUse]
    data: DataUse
    ended_early: str
    notes: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """3 if anything is flagged, else 4 if anything was refused, not checked or not recognised, else 0."""
        if self.counts.pairs[DecisionKind.FLAGGED] or self.counts.findings:
            return EXIT_FLAGGED
        return EXIT_OK if self.counts.complete == self.counts.lists and not self.counts.refused else EXIT_NOT_CHECKED


def manifest(db: duckdb.DuckDBPyConnection, done: Done, rows: Mapping[str, int]) -> Manifest:
    """The manifest of a batch whose tables have so many rows."""

    def one(sql: str) -> Any:
        return db.execute(sql).fetchall()[0][0]

    decisions = "SELECT decision, sum(lists) FROM decided JOIN distinct_pairs USING (key) GROUP BY decision"
    pairs = dict.fromkeys(DecisionKind, 0) | {
        DecisionKind(decision): int(count) for decision, count in db.execute(decisions).fetchall()
    }
    grades = (
        "SELECT severity, sum(lists) FROM decided JOIN distinct_pairs USING (key) WHERE severity IS NOT NULL GROUP BY 1"
    )
    graded = {Severity(severity): int(count) for severity, count in db.execute(grades).fetchall()}
    told = db.execute(
        "SELECT path, note FROM notes LEFT JOIN files USING (file) ORDER BY file, note LIMIT ?", [_NOTES]
    ).fetchall()
    files = db.execute("SELECT path, bytes, sha256 FROM files ORDER BY file").fetchall()
    return Manifest(
        inputs=tuple(InputFile(path=path, bytes=size, sha256=digest) for path, size, digest in files),
        counts=Counts(
            lists=rows["lists"],
            complete=one("SELECT count(*) FROM list_rows WHERE complete"),
            medications=rows["medications"],
            not_recognised=one("SELECT count(*) FROM entries JOIN read USING (text_id) WHERE NOT recognised"),
            doubtful=one("SELECT count(*) FROM entries JOIN read USING (text_id) WHERE recognised AND doubts <> ''"),
            refused=rows["refused"],
            distinct_texts=one("SELECT count(*) FROM texts"),
            distinct_pairs=one("SELECT count(*) FROM distinct_pairs"),
            pairs=pairs,
            severities={severity: graded[severity] for severity in Severity if severity in graded},
            findings=rows["findings"],
        ),
        notes=(*(f"{path}: {note}" for path, note in told), *done.notes),
        **done.provenance,
    )
