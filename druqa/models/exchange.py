"""Buys replies: from the journal if they were paid before, else from the model, within limits and deadlines.

A deadline is wall-clock and ours: libraries time out per read, so that a body dripped slowly never ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import monotonic
from typing import Any

from druqa.errors import JournalError
from druqa.models.base import ChatModel, ModelFailure, Reply
from druqa.models.calling import completed, run_ended, told, within
from druqa.models.journal import Journal, reply_key
from druqa.models.line import LONGEST_WAIT_S, Line
from druqa.prompts import PromptText

ATTEMPTS = 4
_ATTEMPTS_WHILE_BUSY = 16
"""A busy model has not looked at the question. Its line closes long before if it answers nothing at all."""
_PATIENCE_S = 1.0
"""How long a run that ended early waits for its last commit, where another process holds the journal."""


class Exchange:
    """Where all questions of a run meet: each distinct prompt is bought once, however many ask it.

    It ends at the deadline, or when it is told to stop: whoever still waits for a reply then gets a ModelFailure.
    """

    def __init__(
        self,
        models: Mapping[str, ChatModel],
        journal: Journal | None,
        deadline_s: float | None,
        began: float | None = None,
    ) -> None:
        """Start the clock; `began` is when the run did, by `monotonic`. Needs a running event loop."""
        self._lines = {name: Line(model) for name, model in models.items()}
        self._journal = journal
        self._ends = None if deadline_s is None else (monotonic() if began is None else began) + deadline_s
        self._why = "" if deadline_s is None else f"the run's deadline of {deadline_s:g} s passed"
        self._flying: dict[str, asyncio.Future[Reply]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended = asyncio.get_running_loop().create_future()
        self._alarm = self._set_alarm()
        self.unkept = 0
        """Replies that were paid and used but could not be written to the journal."""

    def _set_alarm(self) -> asyncio.TimerHandle | None:
        if self._ends is None:
            return None
        return asyncio.get_running_loop().call_later(max(0.0, self._ends - monotonic()), self.stop, self._why)

    def stop(self, why: str) -> None:
        """End the run now: nothing more is asked, and what is under way is given up."""
        if self._ended.done():
            return
        self._ended.set_result(why)
        for reply in list(self._flying.values()):
            if not reply.done():
                reply.set_exception(ModelFailure(why))
        for task in self._tasks:
            task.cancel()

    @property
    def ended(self) -> str:
        """Why the run ended early; empty while it goes on."""
        if not self._ended.done() and self._ends is not None and monotonic() >= self._ends:
            self.stop(self._why)  # the loop was too busy to ring in time
        return str(self._ended.result()) if self._ended.done() else ""

    async def prepare(self) -> None:
        """Load every model off the event loop; one that cannot load is closed, with its reason."""
        loading = [asyncio.create_task(self._prepare(line)) for line in self._lines.values()]
        for task in loading:
            await asyncio.wait({task, self._ended}, return_when=asyncio.FIRST_COMPLETED)
            task.cancel()

    @staticmethod
    async def _prepare(line: Line) -> None:
        try:
            await asyncio.to_thread(line.model.prepare)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a model that cannot load answers nothing; the rest goes on
            line.closed = told(error).reason

    @property
    def closed(self) -> tuple[str, ...]:
        """Why models are not asked any more, for each that is not."""
        return tuple(dict.fromkeys(line.closed for line in self._lines.values() if line.closed))

    @property
    def damaged(self) -> int:
        """Journal rows met whose checksum failed."""
        return self._journal.damaged if self._journal else 0

    def model(self, name: str) -> ChatModel:
        """The model of that name."""
        return self._lines[name].model

    async def reply(self, name: str, prompt: PromptText, schema: Mapping[str, Any]) -> tuple[str, Reply]:
        """The reply to a prompt and its key.

        Raises:
            ModelFailure: if there is none to be had.

        """
        if self.ended:
            raise ModelFailure(self.ended)
        line = self._lines[name]
        try:
            key = reply_key(name, line.model.parameters, prompt)
        except Exception as error:  # noqa: BLE001 - whatever a model's parameters are, the rest goes on
            raise ModelFailure(f"the parameters of {name} are no plain values: {told(error).reason}") from None
        if (flying := self._flying.get(key)) is None:
            flying = self._flying[key] = asyncio.get_running_loop().create_future()
            task = asyncio.create_task(self._fly(flying, line, key, prompt, schema))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return key, await asyncio.shield(flying)

    async def close(self) -> None:
        """Give up whatever is still under way, and see what was paid kept."""
        if self._alarm:
            self._alarm.cancel()
        early = bool(self.ended)
        self.stop("the run ended")
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_PATIENCE_S)
        if self._journal:
            await self._journal.drain(_PATIENCE_S if early else None)
        telling = [asyncio.create_task(run_ended(line.model)) for line in self._lines.values()]
        if telling:
            await asyncio.wait(telling, timeout=_PATIENCE_S)

    async def _fly(
        self, flying: asyncio.Future[Reply], line: Line, key: str, prompt: PromptText, schema: Mapping[str, Any]
    ) -> None:
        """Get a reply and hand it to all who wait for it."""
        try:
            reply = await self._get(line, key, prompt, schema)
        except Exception as error:  # noqa: BLE001 - whoever waits is to hear of it
            if not flying.done():
                flying.set_exception(error)
        else:
            if not flying.done():
                flying.set_result(reply)
        finally:
            self._flying.pop(key, None)
            if not flying.cancel() and not flying.cancelled():
                flying.exception()  # looked at, so that asyncio does not print it where nobody waits any more

    async def _get(self, line: Line, key: str, prompt: PromptText, schema: Mapping[str, Any]) -> Reply:
        """The reply from the journal; else bought, and kept there."""
        if self._journal is None:
            return await self._buy(line, prompt, schema)
        try:
            if (kept := await self._journal.take(key)) is not None:
                return kept
        except JournalError as error:
            # What could not be kept would be paid again, and what cannot be read may have been paid.
            raise ModelFailure(str(error)) from None
        try:
            reply = await self._buy(line, prompt, schema)
        except ModelFailure:
            self._journal.release(key)
            raise
        try:
            await self._journal.keep(key, reply)
        except JournalError as error:
            # It is used all the same: it is paid for, and may flag. But nothing more is bought that would be lost.
            self.unkept += 1
            for each in self._lines.values():
                each.closed = each.closed or str(error)
        return reply

    async def _buy(self, line: Line, prompt: PromptText, schema: Mapping[str, Any]) -> Reply:
        attempts = {True: 0, False: 0}
        while True:
            try:
                return await self._call(line, prompt, schema)
            except ModelFailure as failure:
                patient = (failure.retry_after or 0.0) <= self._left(LONGEST_WAIT_S)
                attempts[failure.busy] += 1
                spent = attempts[False] >= ATTEMPTS or attempts[True] >= _ATTEMPTS_WHILE_BUSY
                if not failure.retryable or not patient or spent or line.closed:
                    raise

    async def _call(self, line: Line, prompt: PromptText, schema: Mapping[str, Any]) -> Reply:
        async with line.slot():
            while not line.closed and (pause := line.pause_s):
                await asyncio.sleep(pause)
            if line.rate:
                await line.rate.acquire()
            if line.closed:
                raise ModelFailure(line.closed)
            began = monotonic()
            try:
                reply = await within(self._left(line.model.limits.timeout_s), completed(line.model, prompt, schema))
            except ModelFailure as failure:
                line.failed(failure, began)
                raise
            line.succeeded()
            return reply

    def _left(self, at_most: float) -> float:
        return at_most if self._ends is None else max(0.0, min(at_most, self._ends - monotonic()))
