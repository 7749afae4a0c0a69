"""Checks a batch of lists: from files to files, or from a DataFrame to DataFrames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from druqa.batch.manifest import Manifest, manifest
from druqa.batch.outputs import Output
from druqa.batch.planning import consented, plan
from druqa.batch.reading import read_frame, read_lists
from druqa.batch.reading.places import places
from druqa.batch.run import Done, Engine, work_here
from druqa.batch.tables import TABLES, prepare, query
from druqa.batch.watch import Watch
from druqa.batch.workspace import number, workspace
from druqa.errors import UsageError
from druqa.models.binding import Given
from druqa.models.interruption import Interruption
from druqa.settings import Settings
from druqa.setup import Setup, set_up

if TYPE_CHECKING:
    import duckdb
    import pandas as pd


class Tables(NamedTuple):
    """What a batch comes to, as DataFrames; docs/batch.md tells the columns."""

    pairs: pd.DataFrame
    medications: pd.DataFrame
    findings: pd.DataFrame
    lists: pd.DataFrame
    refused: pd.DataFrame
    manifest: Manifest


def check_files(
    inputs: Sequence[str],
    output: Output,
    setup: Setup,
    *,
    overwrite: bool = False,
    watch: Watch | None = None,
    interruption: Interruption | None = None,
    engine: Engine = work_here,
) -> Manifest:
    """Check the lists in files and write the tables.

    Args:
        inputs: paths, patterns, folders, or `-` for standard input; `druqa.batch.reading` says what may lie there.
        output: where the tables go.
        setup: the cascade with its models and tables.
        overwrite: whether files that are there may be replaced.
        watch: told how far it has come.
        interruption: ends the batch early; what is unanswered by then is not_checked.
        engine: where the questions are asked from: this process, a cluster (`druqa.batch.engine`), or nowhere.

    Raises:
        DruqaError: if the input, the output or the journal is of no use. A bad row is none: it is named in a table.

    """
    began = monotonic()
    watch = watch or Watch()
    with output.opened(overwrite=overwrite) as folder, workspace(folder) as db:
        watch.enter("reading")
        output.spare(place.path for place in places(inputs))
        read_lists(inputs, db)
        if interruption and interruption.why:
            # What is read of a pipe whose writer was interrupted too looks whole.
            raise UsageError(f"{interruption.why} while it was reading: nothing was asked, and nothing is written")
        done = _work(db, setup, began, interruption, watch, engine)
        watch.enter("writing")
        prepare(db, for_spreadsheets=output.for_spreadsheets)
        told = manifest(db, done, output.write(db))
        output.finish(told)
    return told


def check_tables(
    frame: pd.DataFrame,
    *,
    cascade: str | Path | None = None,
    models: Given | None = None,
    settings: Settings | None = None,
    interruption: Interruption | None = None,
) -> Tables:
    """Check a DataFrame of lists, long (`list_id`, `medication`, and `rxcui`, `atc`) or wide (`medication_1`, ...).

    Every distinct name, pair and question is worked out once, however many lists share it; the outcome equals that of
    `check`, list by list.

    Raises:
        DruqaError: if the frame has not the columns, or as `check` does. A bad row is named in the table `refused`.

    """
    if not hasattr(frame, "columns"):
        raise UsageError(f"a {type(frame).__name__} was given where a DataFrame is due", where="frame")
    began = monotonic()
    setup = set_up(cascade, models, settings)
    with TemporaryDirectory(prefix="druqa-") as folder, workspace(Path(folder)) as db:
        read_frame(frame, db)
        done = _work(db, setup, began, interruption, Watch(), work_here)
        prepare(db, for_spreadsheets=False)
        tables = {table: db.execute(query(table)).df() for table in TABLES}
        told = manifest(db, done, {table: len(rows) for table, rows in tables.items()})
    return Tables(**tables, manifest=told)


def check_frame(
    frame: pd.DataFrame,
    *,
    cascade: str | Path | None = None,
    models: Given | None = None,
    settings: Settings | None = None,
    interruption: Interruption | None = None,
) -> pd.DataFrame:
    """The pairs of drugs of a DataFrame of lists, a row for each pair of each list; see `check_tables`.

    What was not recognised, what only a whole list shows, and which lists have no pair stand in its other tables.
    """
    return check_tables(frame, cascade=cascade, models=models, settings=settings, interruption=interruption).pairs


def _work(
    db: duckdb.DuckDBPyConnection,
    setup: Setup,
    began: float,
    interruption: Interruption | None,
    watch: Watch,
    engine: Engine,
) -> Done:
    number(db)
    watch.count(db)
    if setup.binding.models:
        consented(plan(db, setup), setup)
    return engine(db, setup, began, interruption, watch)
