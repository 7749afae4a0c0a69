"""Buys replies: from the journal if they were paid before, else from the model, within limits and deadlines.

A deadline is wall-clock and ours: libraries time out per read, so that a body dripped slowly never ends.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Mapping
from time import monotonic
from typing import Any, TypeVar

from aiolimiter import AsyncLimiter

from druqa.errors import JournalError
from druqa.models.base import ChatModel, ModelFailure, Reply, scrub
from druqa.models.journal import Journal, reply_key
from druqa.prompts import PromptText

ATTEMPTS = 4
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_STRIKES = 5
"""After so many failures in a row a model is taken to be down."""

T = TypeVar("T")


class Line:
    """One model with its limits, and whether it still answers."""

    def __init__(self, model: ChatModel) -> None:
        self.model = model
        self.slots = asyncio.Semaphore(model.limits.concurrency)
        rate = model.limits.requests_per_minute
        self.rate = AsyncLimiter(max(1.0, rate / 60), max(1.0, 60 / rate)) if rate else None
        self.closed: str | None = None
        self._strikes = 0
        self._struck_at = 0.0
        self._resumes_at = 0.0

    @property
    def pause_s(self) -> float:
        """Seconds that the line still rests after a failure."""
        return max(0.0, self._resumes_at - monotonic())

    def succeeded(self) -> None:
        """Take note of a reply."""
        self._strikes = 0

    def failed(self, failure: ModelFailure, began: float) -> None:
        """Take note of a failure: rest, and close where no further question can succeed.

        Failures of calls that were under way together are one strike, so that a burst does not close the line.
        """
        if failure.fatal:
            self.closed = failure.reason
        elif failure.retryable and began >= self._struck_at:
            self._strikes += 1
            self._struck_at = monotonic()
            backoff = _FIRST_WAIT_S * 2 ** (self._strikes - 1) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
            self._resumes_at = self._struck_at + min(max(failure.retry_after or 0.0, backoff), _LONGEST_WAIT_S)
            if self._strikes >= _STRIKES:
                self.closed = f"{self.model.name} is down, it failed {_STRIKES} times in a row: {failure.reason}"


class Exchange:
    """Where all questions of a run meet: each distinct prompt is bought once, however many ask it."""

    def __init__(self, models: Mapping[str, ChatModel], journal: Journal | None, deadline_s: float | None) -> None:
        self._lines = {name: Line(model) for name, model in models.items()}
        self._journal = journal
        self._deadline_s = deadline_s
        self._ends = monotonic() + deadline_s if deadline_s is not None else None
        self._flying: dict[str, asyncio.Task[Reply]] = {}
        self.unkept = 0
        """Replies that were paid and used but could not be written to the journal."""

    async def prepare(self) -> None:
        """Load every model off the event loop; one that cannot load is closed, with its reason."""
        await asyncio.gather(*(self._prepare(line) for line in self._lines.values()))

    @staticmethod
    async def _prepare(line: Line) -> None:
        try:
            await asyncio.to_thread(line.model.prepare)
        except Exception as error:  # noqa: BLE001 - a model that cannot load answers nothing; the rest goes on
            line.closed = error.reason if isinstance(error, ModelFailure) else scrub(f"{type(error).__name__}: {error}")

    @property
    def over(self) -> bool:
        """Whether the run's deadline has passed."""
        return self._ends is not None and monotonic() >= self._ends

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
        line = self._lines[name]
        key = reply_key(name, line.model.parameters, prompt)
        if (flying := self._flying.get(key)) is None:
            if self._journal and (kept := self._journal.kept([key])):
                return key, kept[key]
            flying = self._flying[key] = asyncio.create_task(self._buy(line, key, prompt, schema))
            flying.add_done_callback(lambda _: self._flying.pop(key, None))
        return key, await self._before_the_end(asyncio.shield(flying))

    async def close(self) -> None:
        """Cancel whatever is still under way."""
        for task in list(self._flying.values()):
            task.cancel()
        await asyncio.sleep(0)

    async def _buy(self, line: Line, key: str, prompt: PromptText, schema: Mapping[str, Any]) -> Reply:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                reply = await self._call(line, prompt, schema)
            except ModelFailure as failure:
                patient = (failure.retry_after or 0.0) <= self._left(_LONGEST_WAIT_S)
                if not failure.retryable or not patient or attempt == ATTEMPTS or line.closed:
                    raise
            else:
                await self._keep(key, reply)
                return reply
        raise AssertionError("the last attempt returns or raises")

    async def _call(self, line: Line, prompt: PromptText, schema: Mapping[str, Any]) -> Reply:
        async with line.slots:
            while not line.closed and (pause := line.pause_s):
                await asyncio.sleep(pause)
            if line.rate:
                await line.rate.acquire()
            if line.closed:
                raise ModelFailure(line.closed)
            began = monotonic()
            try:
                reply = await _within(self._left(line.model.limits.timeout_s), _complete(line.model, prompt, schema))
            except ModelFailure as failure:
                line.failed(failure, began)
                raise
            line.succeeded()
            return reply

    async def _keep(self, key: str, reply: Reply) -> None:
        """Write a reply down. One that cannot be kept is used all the same: it is paid for, and may flag."""
        if self._journal:
            try:
                await self._journal.keep(key, reply)
            except JournalError:
                self.unkept += 1

    async def _before_the_end(self, reply: Awaitable[Reply]) -> Reply:
        if self._ends is None:
            return await reply
        try:
            return await asyncio.wait_for(reply, max(0.0, self._ends - monotonic()))
        except TimeoutError:
            raise ModelFailure(f"the run's deadline of {self._deadline_s:g} s passed") from None

    def _left(self, at_most: float) -> float:
        return at_most if self._ends is None else max(0.0, min(at_most, self._ends - monotonic()))


async def _complete(model: ChatModel, prompt: PromptText, schema: Mapping[str, Any]) -> Reply:
    """Call the model inside a coroutine, so that whatever it raises, and whenever, is raised here."""
    reply = await model.complete(prompt, schema)
    if not isinstance(reply, Reply):
        raise ModelFailure(f"{model.name} returned a {type(reply).__name__}, not a Reply")
    return reply


async def _within(seconds: float, call: Awaitable[Reply]) -> Reply:
    """Await a call for so long and no longer, even if it ignores its cancellation.

    Raises:
        ModelFailure: if it has not ended by then, or fails in a way that nobody foresaw.

    """
    task = asyncio.ensure_future(call)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        task.cancel()
        task.add_done_callback(_look_at)
        raise ModelFailure(f"no whole reply within {seconds:.3g} s", retryable=True)
    try:
        return task.result()
    except ModelFailure:
        raise
    except Exception as error:  # noqa: BLE001 - a bug in a model must not become an answer, nor end the run
        raise ModelFailure(f"{type(error).__name__}: {error}") from None


def _look_at(task: asyncio.Future[Reply]) -> None:
    """Fetch a late task's error, so that asyncio does not print it."""
    if not task.cancelled():
        task.exception()
