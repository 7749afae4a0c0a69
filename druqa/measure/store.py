"""Writes a run to a folder and finds it again. No time and no path is written: the same run gives the same bytes."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from druqa.errors import DataError, UsageError
from druqa.measure.evaluation import Evaluation, Provenance
from druqa.measure.results import ListResult, Result
from druqa.settings import journal_path

EVALUATION, CASES, LISTS, TABLE = "evaluation.json", "cases.jsonl.gz", "lists.jsonl.gz", "cases.parquet"
COLUMNS = (
    "case", "drug_a", "drug_b", "written_a", "written_b", "form", "interacts", "gold_severity", "sources", "groups",
    "standing", "decision", "severity", "tier", "lost_at", "evaluators_yes", "evaluators_no", "questions", "calls",
    "usd", "simulated",
)  # fmt: skip


@dataclass(frozen=True)
class Stored:
    """A run as it lies in its folder."""

    folder: Path
    evaluation: Evaluation
    results: tuple[Result, ...]

    @property
    def id(self) -> str:
        """The name of its folder."""
        return self.folder.name


def runs_folder() -> Path:
    """Where runs are kept: beside the journal of replies."""
    return journal_path().parent / "runs"


def run_id(provenance: Provenance) -> str:
    """The name of a run: its suite, its cascade, and a hash over what it is made with, replies apart."""
    asked = {role: use.requested for role, use in provenance.models.items()}
    content = json.dumps({**provenance.model_dump(mode="json"), "models": asked}, sort_keys=True)
    digest = hashlib.sha256(content.encode()).hexdigest()[:8]
    return f"{provenance.suite}-{provenance.cascade.name}-{digest}"


def made_folder(folder: Path) -> Path:
    """The folder of a run, made before anything is asked: a run that could not be written would be paid for nothing.

    Raises:
        UsageError: if it cannot be made or written in.

    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot be made: {error.strerror}", where=str(folder), mend="give --out DIR") from None
    if not os.access(folder, os.W_OK):
        raise UsageError("cannot be written in", where=str(folder), mend="give --out DIR")
    return folder


def write_run(folder: Path, evaluation: Evaluation, results: Iterable[Result], lists: Iterable[ListResult]) -> None:
    """Write everything of a run but its reports.

    Raises:
        UsageError: if the folder cannot be written.

    """
    rows = list(results)
    try:
        (folder / EVALUATION).write_text(evaluation.model_dump_json(indent=1) + "\n", encoding="utf-8")
        (folder / CASES).write_bytes(_packed(row.model_dump_json() for row in rows))
        (folder / LISTS).write_bytes(_packed(row.model_dump_json() for row in lists))
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(folder), mend="give --out DIR") from None
    _write_table(folder / TABLE, rows, simulated=evaluation.simulated)


def _packed(lines: Iterable[str]) -> bytes:
    buffer = io.BytesIO()
    # Without the time of packing: two runs of one journal are the same bytes.
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0, compresslevel=6) as packed:
        for line in lines:
            packed.write(line.encode("utf-8") + b"\n")
    return buffer.getvalue()


def _write_table(file: Path, results: Iterable[Result], *, simulated: bool) -> None:
    """One row for each case, for whoever goes on with it in a notebook."""
    import duckdb  # noqa: PLC0415 - it writes Parquet without a further library
    import pandas as pd  # noqa: PLC0415

    frame = pd.DataFrame([(*_row(result), simulated) for result in results], columns=list(COLUMNS))
    quoted = str(file).replace("'", "''")
    with duckdb.connect() as db:
        db.execute("SET threads = 1")
        db.register("cases", frame)
        # A column without any value has no type of its own.
        texts = ", ".join(f"{name}::VARCHAR AS {name}" for name in ("gold_severity", "severity", "tier", "lost_at"))
        rows = f"SELECT * REPLACE ({texts}, usd::DOUBLE AS usd) FROM cases"  # noqa: S608
        db.execute(f"COPY ({rows}) TO '{quoted}' (FORMAT parquet, COMPRESSION zstd)")


def _row(result: Result) -> tuple[object, ...]:
    pair = result.case.pair
    verdicts = [verdict for seen in result.seen for verdict in seen.verdicts]
    yes = {verdict.evaluator for verdict in verdicts if verdict.outcome in ("interaction", "unclear")}
    no = {verdict.evaluator for verdict in verdicts if verdict.outcome == "no_interaction"} - yes
    return (
        result.case.id, *pair.drugs, *pair.written, pair.form, pair.interacts, _text(pair.severity),
        "; ".join(pair.sources), "; ".join(pair.groups), str(result.case.standing), str(result.decision),
        _text(result.severity), _text(result.tier), _text(result.lost_at), ", ".join(sorted(yes)),
        ", ".join(sorted(no)), sum(seen.planned for seen in result.seen), result.cost.calls, result.cost.usd,
    )  # fmt: skip


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def write_overlay(folder: Path, toml: str) -> None:
    """Write a cascade overlay into a folder of its own.

    Raises:
        UsageError: if there is a cascade already, or the folder cannot be written.

    """
    file = folder / "cascade.toml"
    if file.exists():
        raise UsageError("there is a cascade already", where=str(file), mend="give another folder with --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(toml, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(folder), mend="give --out DIR") from None


def known_runs() -> list[str]:
    """The names of the runs that were made here, sorted."""
    return sorted(file.parent.name for file in runs_folder().glob(f"*/{EVALUATION}"))


def read_run(name_or_path: str | Path) -> Stored:
    """A run by its name under the folder of runs, or by the path of its folder.

    Raises:
        UsageError: if there is no such run.
        DataError: if its files are damaged.

    """
    folder = _locate(name_or_path)
    try:
        evaluation = Evaluation.model_validate_json((folder / EVALUATION).read_text(encoding="utf-8"))
        lines = gzip.decompress((folder / CASES).read_bytes()).decode("utf-8").split("\n")[:-1]
        results = tuple(Result.model_validate_json(line) for line in lines)
    except (OSError, EOFError, ValueError, zlib.error, ValidationError) as error:
        raise DataError(
            f"the run cannot be read: {str(error).splitlines()[0]}",
            where=str(folder),
            mend="run the suite again: replies that were paid are not bought twice",
        ) from None
    return Stored(folder, evaluation, results)


def _locate(name_or_path: str | Path) -> Path:
    for folder in (Path(name_or_path), runs_folder() / str(name_or_path)):
        if (folder / EVALUATION).is_file():
            return folder
    known = known_runs()
    raise UsageError(
        f"there is no run {str(name_or_path)!r}",
        mend=f"known are: {', '.join(known)}" if known else "make one: druqa eval run SUITE",
    )
