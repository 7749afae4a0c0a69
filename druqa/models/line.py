"""One model with its limits: how many calls may be under way, how fast, and whether it still answers."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from aiolimiter import AsyncLimiter

from druqa.models.base import ChatModel, ModelFailure

LONGEST_WAIT_S = 30.0
_FIRST_WAIT_S = 0.5
_STRIKES = 5
"""After so many failures in a row a model is taken to be down."""
_ROUNDS = 64
"""In how many rounds of successes a line grows from nothing to what its limits allow."""


class Line:
    """Where the calls of one model queue.

    How many go at once is what the model's limits allow, halved when the model says that it is busy, and grown again by
    what succeeds: a server that takes fewer than the limits say is found out, and no question is lost to it.
    """

    def __init__(self, model: ChatModel) -> None:
        self.model = model
        rate = model.limits.requests_per_minute
        self.rate = AsyncLimiter(max(1.0, rate / 60), max(1.0, 60 / rate)) if rate else None
        self.closed: str | None = None
        self._strikes = 0
        self._struck_at = 0.0
        self._resumes_at = 0.0
        self._most = model.limits.concurrency
        self._at_once = float(self._most)
        self._under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def at_once(self) -> int:
        """How many calls may be under way."""
        return int(self._at_once)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a place among the calls that may be under way, first come, first served, and hold it."""
        if self._waiting or self._under_way >= self.at_once:
            await self._turn()
        else:
            self._under_way += 1
        try:
            yield
        finally:
            self._leave()

    async def _turn(self) -> None:
        """Wait for it. Whoever gives a turn counts the call."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._leave()  # cancelled when it had its turn already
            raise

    def _leave(self) -> None:
        self._under_way -= 1
        self._give_turns()

    def _give_turns(self) -> None:
        while self._waiting and self._under_way < self.at_once:
            turn = self._waiting.popleft()
            if not turn.done():
                self._under_way += 1
                turn.set_result(None)

    @property
    def pause_s(self) -> float:
        """Seconds that the line still rests after a failure."""
        return max(0.0, self._resumes_at - monotonic())

    def succeeded(self) -> None:
        """Take note of a reply."""
        self._strikes = 0
        self._at_once = min(self._most, self._at_once + max(1.0, self._most / _ROUNDS) / self._at_once)
        self._give_turns()

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
            self._resumes_at = self._struck_at + min(max(failure.retry_after or 0.0, backoff), LONGEST_WAIT_S)
            if failure.busy:
                self._at_once = max(1.0, self._at_once / 2)
            if self._strikes >= _STRIKES:
                self.closed = f"{self.model.name} is down, it failed {_STRIKES} times in a row: {failure.reason}"
