"""What a batch's questions are asked by: this process, or the workers of a dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic, sleep
from typing import TYPE_CHECKING

from druqa.batch.dask_cluster import opened
from druqa.batch.dask_desk import Desk
from druqa.batch.dask_ending import Ending
from druqa.batch.dask_shift import Shift
from druqa.batch.rounds import last_round, one_round
from druqa.batch.run import Done, Engine, work_here
from druqa.batch.watch import Watch
from druqa.errors import DruqaError, UsageError
from druqa.models.interruption import Interruption
from druqa.models.journal import Journal
from druqa.session import run
from druqa.settings import journal_path
from druqa.setup import Setup

if TYPE_CHECKING:
    import duckdb
    from distributed import Client

_NO_WORKER_S = 60.0
"""How long a cluster may be without any worker."""


@contextmanager
def engine_named(name: str, scheduler: str | None = None) -> Iterator[Engine]:
    """The engine `local`; or `dask`, on the scheduler at that address, or without one on a cluster on this machine.

    Raises:
        UsageError: if a scheduler is named for the engine local, cannot be reached, or the extra is not installed.

    """
    if name == "local":
        if scheduler:
            raise UsageError("only the engine dask has a scheduler", where="--scheduler", mend="give --engine dask")
        yield work_here
        return
    with opened(scheduler) as client:
        yield _OnWorkers(client)


class _OnWorkers:
    """Rounds: as far as paid replies reach; what is lacking is bought by the workers; and again, until nothing is."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __call__(
        self,
        db: duckdb.DuckDBPyConnection,
        setup: Setup,
        began: float,
        interruption: Interruption | None,
        watch: Watch,
    ) -> Done:
        if not setup.binding.models:
            return work_here(db, setup, began, interruption, watch)
        ending = Ending(setup.settings.deadline_s, began, interruption)
        with Journal(journal_path()) as journal, Desk(setup, journal, watch) as desk:
            while not ending.why:
                done = run(one_round(db, setup, desk.want, watch, desk.failed))
                if done is None:
                    self._buy(desk, ending, watch)
                    continue
                return replace(done, notes=(*done.notes, *sorted(desk.notes)))
            return run(last_round(db, setup, watch, desk.failed, ending.why))

    def _buy(self, desk: Desk, ending: Ending, watch: Watch) -> None:
        watch.enter("asking", questions=sum(len(desk.backlogs[name]) for name in desk.waiting))
        while desk.waiting and not ending.why:
            if workers := self._workers(ending):
                Shift(self._client, desk, ending, workers).work()

    def _workers(self, ending: Ending) -> list[str]:
        """The workers that are there; none if the run ends before there is one.

        Raises:
            DruqaError: if none comes.

        """
        until = monotonic() + _NO_WORKER_S
        while not (workers := list(self._client.nthreads())) and not ending.why:
            if monotonic() > until:
                raise DruqaError(
                    f"the scheduler has had no worker for {_NO_WORKER_S:g} s",
                    where="--engine dask",
                    mend="start some with `dask worker`, and give the same command again: what was paid is kept",
                )
            sleep(0.2)
        return workers
