"""One round of a batch: what paid replies do not reach is written into files of requests, for a provider to answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from druqa.batch.planning import consented, plan
from druqa.batch.provider.formats import Limit
from druqa.batch.provider.index import append, opened
from druqa.batch.provider.models import Exportable, exportable_models
from druqa.batch.provider.request_files import LIMITS, RequestFiles, WrittenFile
from druqa.batch.provider.wanted import Wants
from druqa.batch.reading import read_lists
from druqa.batch.rounds import one_round
from druqa.batch.watch import Watch
from druqa.batch.workspace import number
from druqa.cascade import Cascade
from druqa.errors import UsageError
from druqa.prompts import Prompt
from druqa.records import Record, Stage
from druqa.session import run
from druqa.setup import Setup
from druqa.stages.plan import priced_question

if TYPE_CHECKING:
    import duckdb


class Exported(Record):
    """What an export wrote."""

    round: int
    """From 1."""
    files: tuple[WrittenFile, ...]
    """None if every question has its reply."""
    usd: dict[str, float | None]
    """About what each model's questions cost at its full price, in US dollars; None where that is not known."""
    again: int
    """Questions that stand in files of earlier exports too."""


def export_files(
    inputs: Sequence[str],
    folder: Path,
    setup: Setup,
    *,
    watch: Watch | None = None,
    limits: Mapping[str, Limit] = LIMITS,
) -> Exported:
    """Take the lists in files as far as paid replies reach, and write what is to be asked next.

    The same state of journal and folder gives the same files. They are moved to their place once all are written, and
    stand in the folder's index after that: what is not in the index was never whole.

    Args:
        inputs: paths, patterns, folders, or `-` for standard input; `druqa.batch.reading` says what may lie there.
        folder: where the files and their index go; it is made if it is not there.
        setup: the cascade with its models and tables.
        watch: told how far it has come.
        limits: how much a file of each format may hold.

    Raises:
        DruqaError: if a model cannot be asked by files, or as `druqa.batch.checking.check_files` does.

    """
    watch = watch or Watch()
    models = exportable_models(setup)
    with opened(folder) as (db, partial):
        watch.enter("reading")
        read_lists(inputs, db)
        number(db)
        watch.count(db)
        if models:
            consented(plan(db, setup), setup)
        wants = Wants(db)
        run(one_round(db, setup, wants.add, watch))
        wants.number()
        watch.enter("writing")
        files = RequestFiles(partial, _next_round(db), limits)
        _write(files, wants, models, folder)
        _index(db, files)
        (again,) = db.execute("SELECT count(*) FROM numbered WHERE before").fetchall()[0]
        return Exported(round=files.round, files=tuple(files.written), usd=_usd(wants, setup), again=again)


def _write(files: RequestFiles, wants: Wants, models: Mapping[str, Exportable], folder: Path) -> None:
    try:
        files.write(wants.requests(), models)
        for file in files.written:
            (files.folder / file.name).replace(folder / file.name)
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=f"--to {folder}") from None


def _next_round(db: duckdb.DuckDBPyConnection) -> int:
    return int(db.execute("SELECT coalesce(max(round), 0) + 1 FROM idx.asked").fetchall()[0][0])


def _index(db: duckdb.DuckDBPyConnection, files: RequestFiles) -> None:
    db.execute("CREATE TABLE written(first BIGINT, file VARCHAR)")
    append(db, "written", [(file.first, file.name) for file in files.written])
    # What is asked again has no last word any more.
    db.execute("DELETE FROM idx.failed WHERE custom_id IN (SELECT custom_id FROM numbered)")
    db.execute(
        "INSERT INTO idx.asked SELECT custom_id, key, model, ?, file"
        " FROM numbered ASOF JOIN written ON numbered.no >= written.first ORDER BY no",
        [files.round],
    )


def _usd(wants: Wants, setup: Setup) -> dict[str, float | None]:
    prompts = {prompt.instruction: (stage, prompt) for stage, prompt in _prompts(setup.cascade)}
    costs: dict[str, list[float | None]] = defaultdict(list)
    for model, instruction, count in wants.counts():
        usd = priced_question(*prompts[instruction], setup.binding.models[model])
        costs[model].append(None if usd is None else usd * count)
    return {model: _sum(parts) for model, parts in costs.items()}


def _sum(parts: Sequence[float | None]) -> float | None:
    known = [usd for usd in parts if usd is not None]
    return sum(known) if len(known) == len(parts) else None


def _prompts(cascade: Cascade) -> Iterator[tuple[Stage, Prompt]]:
    """Every prompt of a cascade, with the stage that asks it."""
    yield from ((Stage.NAMES, names.prompt) for names in cascade.names.prompts)
    yield from ((Stage.SCREEN, evaluator.prompt) for evaluator in cascade.evaluators if evaluator.prompt)
    auditors = cascade.sign_off.auditors if cascade.sign_off else ()
    yield from ((Stage.SIGN_OFF, auditor.prompt) for auditor in auditors if auditor.prompt)
    if cascade.answer:
        yield Stage.ANSWER, cascade.answer.prompt
    yield from ((Stage.REVIEW, rival.prompt) for rival in cascade.rival)
