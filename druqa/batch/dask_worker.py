"""What runs on a worker: it asks what the desk gives it, and reports the replies as they come.

Limits, retries, time-outs and silence are those of `druqa.models.exchange`, with this worker's part of the limits. No
question and no reply goes through a task's arguments or result: dask logs those where a task fails.
"""

from __future__ import annotations

import asyncio
import pickle
from collections import deque
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING
from uuid import uuid4

from druqa.batch.dask_messages import Errand, Orders, Question, Report
from druqa.models.base import ChatModel, ModelFailure
from druqa.models.calling import told
from druqa.models.exchange import Exchange
from druqa.models.journal import reply_key
from druqa.session import run

if TYPE_CHECKING:
    from distributed import Queue

SILENCE_S = 30.0
"""After so long without orders the desk is taken to be gone: nobody would keep what is bought for it."""
_PAUSE_S = 0.03
_DOUBT_S = 2.0
"""After so long without orders nothing more is begun."""
_AHEAD_TICKS = 3
"""For the time of so many reports the questions in hand should last, so that no call waits for the desk."""


def ask(errand: Errand) -> None:
    """Ask until the desk says that it is enough, or is not heard of any more. Runs as a task of dask."""
    from distributed import Queue  # noqa: PLC0415 - an extra

    post = f"{errand.id}-{uuid4().hex}"
    orders = Queue(post)
    try:
        run(_Asker(errand, Queue(errand.desk), orders).work(post))
    finally:
        orders.close()


class _Share:
    """The part of one model that falls to this worker: as many questions are under way as its limits allow."""

    def __init__(self, model: ChatModel, errand: Errand) -> None:
        self.exchange = Exchange({model.name: model}, None, errand.seconds_left)
        self._ahead_s = _AHEAD_TICKS * errand.tick_s
        self.waiting: deque[Question] = deque()
        self._model, self._calls = model, model.limits.concurrency
        self._report = Report("", "")
        self._asking, self._done = 0, 0
        self._is_ready = self._has_told = False
        self._came = asyncio.Event()
        self._tasks = [asyncio.create_task(self._open())]

    @property
    def is_hungry(self) -> bool:
        """Whether more questions should be fetched at once."""
        return self._is_ready and not self.exchange.closed and 2 * len(self.waiting) < self._calls

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return not self.waiting and not self._asking

    @property
    def has_news(self) -> bool:
        """Whether the desk may have something to do with what is to be told: it is all, or it is the first."""
        return self._is_ready and self.is_idle and (bool(self._done) or not self._has_told)

    def room(self, seconds: float) -> int:
        """For how many more questions there is room, by how many were done in the last so many seconds."""
        if not self._is_ready or self.exchange.closed:
            return 0
        ahead = max(self._calls, int(self._done / seconds * self._ahead_s))
        return max(0, ahead - len(self.waiting))

    def add(self, questions: Sequence[Question]) -> None:
        """Take questions in."""
        self.waiting.extend(questions)
        self._came.set()

    def tell(self, report: Report, seconds: float) -> None:
        """Add to a report what came of the questions in the so many seconds since the last one."""
        name, mine = self._model.name, self._report
        if self.exchange.closed:
            report.closed[name] = self.exchange.closed[0]
            self.give_back()
        report.room[name] = self.room(seconds)
        report.replies += mine.replies
        report.failures += mine.failures
        report.back += mine.back
        self._report, self._done, self._has_told = Report("", ""), 0, self._is_ready

    def give_back(self) -> None:
        """Give back to the desk what is not begun."""
        self._report.back += [question.key for question in self.waiting]
        self.waiting.clear()

    async def close(self) -> None:
        """Give up what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        await self.exchange.close()

    async def _open(self) -> None:
        await self.exchange.prepare()
        self._is_ready = True
        self._tasks += [asyncio.create_task(self._serve()) for _ in range(self._calls)]

    async def _serve(self) -> None:
        while True:
            while not self.waiting:
                self._came.clear()
                await self._came.wait()
            question = self.waiting.popleft()
            self._asking += 1
            try:
                await self._ask(question)
            finally:
                self._asking -= 1
                self._done += 1

    async def _ask(self, question: Question) -> None:
        name = self._model.name
        if reply_key(name, self._model.parameters, question.prompt) != question.key:
            why = f"{name} is another model on this worker: its parameters or its file differ"
            self._report.failures.append((question.key, why))
            return
        try:
            _, reply = await self.exchange.reply(name, question.prompt, question.schema)
        except ModelFailure as failure:
            if self.exchange.closed or self.exchange.ended:
                self._report.back.append(question.key)  # it is not the question's fault: another worker may ask it
            else:
                self._report.failures.append((question.key, failure.reason))
        else:
            self._report.replies.append((question.key, reply))


class _Asker:
    """One errand: reports, gets orders, and follows them."""

    def __init__(self, errand: Errand, desk: Queue, orders: Queue) -> None:
        self._errand, self._desk, self._orders = errand, desk, orders
        self._shares: dict[str, _Share] = {}
        self._useless: dict[str, str] = {}
        """Models that could not even be unpacked here, and why."""
        self._reported = monotonic()

    async def work(self, post: str) -> None:
        """Go on until there is nothing more to do."""
        for packed, limits in self._errand.models:
            try:
                self._shares[packed.name] = _Share(packed.unpacked(limits), self._errand)
            except Exception as error:  # noqa: BLE001 - whatever is amiss with the model on this machine, the desk hears of it
                self._useless[packed.name] = f"{packed.name}: {told(error).reason}"
        shares = list(self._shares.values())
        try:
            orders = Orders()
            while not orders.stop and not (orders.ends and all(share.is_idle for share in shares)):
                given = await self._exchange_words(Report(self._errand.id, post))
                if given is None:
                    return
                orders = given
                self._follow(orders)
                await self._while_busy(orders)
            await self._send(Report(self._errand.id, post, is_last=True))
        finally:
            await asyncio.gather(*(share.close() for share in shares))

    def _follow(self, orders: Orders) -> None:
        for name, questions in orders.questions.items():
            self._shares[name].add(questions)
        for share in self._shares.values():
            if orders.stop:
                share.exchange.stop(orders.stop)
            if orders.stop or orders.ends:
                share.give_back()

    async def _while_busy(self, orders: Orders) -> None:
        """Until it is time for a report. Where the desk had questions and more are needed, that is soon."""
        shares = self._shares.values()
        began = monotonic()
        until, hungry_until = began + self._errand.tick_s, began + self._errand.tick_s / 2
        while monotonic() < until:
            await asyncio.sleep(_PAUSE_S)
            if any(share.is_hungry for share in shares) and (orders.questions or monotonic() > hungry_until):
                return
            if any(share.has_news for share in shares):
                return
            if (orders.ends or orders.stop) and all(share.is_idle for share in shares):
                return

    async def _exchange_words(self, report: Report) -> Orders | None:
        """Report, and get orders; None if nobody answers any more."""
        await self._send(report)
        since = monotonic()
        # Not by a `get` with a timeout: a scheduler logs each that passes as an error.
        while not (given := await asyncio.to_thread(self._orders.get, batch=True)):
            if monotonic() > since + SILENCE_S:
                return None
            if monotonic() > since + _DOUBT_S:
                for share in self._shares.values():
                    share.give_back()
            await asyncio.sleep(_PAUSE_S)
        orders: Orders = pickle.loads(given[-1])  # noqa: S301 - from the desk
        return orders

    async def _send(self, report: Report) -> None:
        now = monotonic()
        seconds = max(now - self._reported, _PAUSE_S)
        self._reported = now
        report.closed.update(self._useless)
        for share in self._shares.values():
            share.tell(report, seconds)
        await asyncio.to_thread(self._desk.put, pickle.dumps(report))
