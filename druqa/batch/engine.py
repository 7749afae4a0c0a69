"""What a batch's questions are asked by: this process, or the workers of a dask cluster.

With a cluster the run is the same: the flow, the budget, the clock and the journal stay here. Only what the exchange
would buy from a model it has a worker buy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from druqa.batch.dask_cluster import opened
from druqa.batch.dask_desk import Desk
from druqa.batch.dask_messages import Packed, Question, packed
from druqa.batch.dask_shift import work_in_shifts
from druqa.batch.run import Done, Engine, work_here, work_through
from druqa.batch.watch import Watch
from druqa.errors import JournalError, UsageError
from druqa.models.base import ChatModel, ModelFailure, Reply
from druqa.models.exchange import Exchange
from druqa.models.interruption import Interruption
from druqa.models.journal import Journal, reply_key
from druqa.models.line import Line
from druqa.prompts import PromptText
from druqa.session import open_exchange, run
from druqa.setup import Setup

if TYPE_CHECKING:
    import duckdb
    from distributed import Client

_PARTING_S = 10.0
"""How long the last reports are waited for, where the cluster is in no state to send any."""


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
        yield partial(_work_there, client)


def _work_there(
    client: Client,
    db: duckdb.DuckDBPyConnection,
    setup: Setup,
    began: float,
    interruption: Interruption | None,
    watch: Watch,
) -> Done:
    """The engine that asks from the workers of a cluster.

    Raises:
        UsageError: if a model cannot be sent to workers.
        JournalError: if paid replies could not be kept.

    """
    models = {name: packed(model, setup.settings.of(name)) for name, model in setup.binding.models.items()}

    notes: set[str] = set()

    async def work() -> Done:
        make = partial(_ByWorkers, client=client, packed=models, notes=notes)
        async with open_exchange(setup, began, interruption, make) as exchange:
            done = await work_through(db, setup, exchange, watch)
        return replace(done, notes=(*done.notes, *sorted(notes)))

    return run(work()) if models else work_here(db, setup, began, interruption, watch)


class _ByWorkers(Exchange):
    """An exchange whose replies are bought by workers. Their retries, limits and time-outs are an exchange's there."""

    def __init__(
        self,
        models: Mapping[str, ChatModel],
        journal: Journal | None,
        deadline_s: float | None,
        began: float | None,
        *,
        client: Client,
        packed: Mapping[str, Packed],
        notes: set[str],
    ) -> None:
        super().__init__(models, journal, deadline_s, began)
        self._desk = Desk(models, packed, self._give_up, notes)
        loop = asyncio.get_running_loop()
        self._shifts = loop.run_in_executor(None, work_in_shifts, client, self._desk, self._ends)
        self._shifts.add_done_callback(self._shifts_ended)

    async def prepare(self) -> None:
        """Nothing is loaded here: the workers load their models."""

    def stop(self, why: str) -> None:
        """End the run now; the workers are told to give up what is under way."""
        self._desk.end(why)
        super().stop(why)

    async def close(self) -> None:
        """Call the workers back, and keep also what came too late to be used."""
        self._desk.end("the run ended")
        await asyncio.wait([self._shifts], timeout=_PARTING_S)
        try:
            if self._desk.late and self._journal:
                await asyncio.to_thread(self._journal.put_many, self._desk.late)
        except JournalError:
            self.unkept += len(self._desk.late)
        finally:
            await super().close()

    async def _buy(self, line: Line, prompt: PromptText, schema: Mapping[str, Any]) -> Reply:
        if line.closed:
            raise ModelFailure(line.closed)
        name = line.model.name
        return await self._desk.ask(name, Question(reply_key(name, line.model.parameters, prompt), prompt, schema))

    def _give_up(self, name: str, why: str) -> None:
        self._lines[name].closed = why

    def _shifts_ended(self, shifts: asyncio.Future[None]) -> None:
        if error := shifts.exception():
            lost = "its scheduler cannot be reached any more" if isinstance(error, OSError) else str(error)
            self.stop(f"the cluster is of no more use: {lost}")
