"""What a batch was, for whoever finds its tables later: inputs, cascade, models, data, counts, cost, gaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from druqa.assembly import provenance, run_notes
from druqa.batch.run import Done
from druqa.errors import EXIT_FLAGGED, EXIT_NOT_CHECKED, EXIT_OK
from druqa.records import Record
from druqa.report import CascadeUse, Cost, DataUse, DecisionKind, ModelUse, QuestionCounts
from druqa.setup import Setup

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
    refused: int
    """Rows of the input that could not be read."""
    distinct_texts: int
    distinct_pairs: int
    """Pairs of drugs under the same names, each decided once."""
    pairs: dict[DecisionKind, int]
    """Pairs over all lists."""
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


def manifest(db: duckdb.DuckDBPyConnection, setup: Setup, done: Done, rows: Mapping[str, int]) -> Manifest:
    """The manifest of a batch whose tables have so many rows."""

    def one(sql: str) -> Any:
        return db.execute(sql).fetchall()[0][0]

    decisions = "SELECT decision, sum(lists) FROM decided JOIN distinct_pairs USING (key) GROUP BY decision"
    pairs = dict.fromkeys(DecisionKind, 0) | {
        DecisionKind(decision): int(count) for decision, count in db.execute(decisions).fetchall()
    }
    distinct = one("SELECT count(*) FROM distinct_pairs")
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
            refused=rows["refused"],
            distinct_texts=one("SELECT count(*) FROM texts"),
            distinct_pairs=distinct,
            pairs=pairs,
            findings=rows["findings"],
        ),
        notes=(*(f"{path}: {note}" for path, note in told), *done.notes, *run_notes(setup, done.asker)),
        **(provenance(setup, done.asker, distinct) | {"ended_early": _ended_early(done)}),
    )


def _ended_early(done: Done) -> str:
    """Why the batch ended early, if that cost it anything. Its exchange is closed by now, and says so."""
    return done.ended if done.asker.tally.failed or done.asker.tally.not_asked else ""
