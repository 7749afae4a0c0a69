"""Shifts: the limits of the models are dealt out to the workers that are there, and they ask what waits at the desk.

A worker that dies is noticed, and what it had not reported is given to others. Once workers have come or gone, the
shift ends, and the next one deals anew. All of this runs in a thread of its own.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from druqa.batch.dask_desk import Desk
from druqa.batch.dask_messages import Errand, Orders, Question, Report, portion
from druqa.batch.dask_worker import SILENCE_S, ask
from druqa.errors import DruqaError
from druqa.models.base import Limits
from druqa.models.calling import told

if TYPE_CHECKING:
    from distributed import Client, Future, Queue

_TICK_S = 0.1
_TICK_FOR_EACH_WORKER_S = 0.005
"""So that reports come no faster than some two hundred a second, which is what can be read and answered."""
_PAUSE_S = 0.02
_BETWEEN_S = 0.2
_LOOK_S = 1.0
_SETTLE_S = 5.0
"""Workers come and go in numbers: for so long they must have stayed the same before limits are dealt anew."""
_LOST_S = 2 * SILENCE_S
"""A worker that was not heard of for so long has given up by then, and what it had is asked elsewhere."""
_DRAIN_S = 60.0
"""For so long a shift that ends waits for calls that hang; then they are asked again, in the next one."""
_NO_WORKER_S = 60.0
"""How long a cluster may be without any worker."""


def work_in_shifts(client: Client, desk: Desk, ends: float | None) -> None:
    """Have workers ask what waits at the desk until that is over, or the deadline `ends`, by `monotonic`, has passed.

    Raises:
        DruqaError: if there is no worker for long, or one cannot work at all.

    """
    since = monotonic()
    while not desk.over.is_set():
        if workers := sorted(client.nthreads()):
            Shift(client, desk, ends, workers).work()
            since = monotonic()
        elif monotonic() - since > _NO_WORKER_S:
            raise DruqaError(f"the scheduler has had no worker for {_NO_WORKER_S:g} s")
        desk.over.wait(_BETWEEN_S)


@dataclass
class _Sent:
    """A worker on its errand."""

    address: str
    limits: Mapping[str, Limits]
    future: Future
    post: Queue | None = None
    """Where it looks for orders; None before its first report."""
    heard: float = 0.0
    held: dict[str, tuple[str, Question]] = field(default_factory=dict)
    """What it was given and has not reported, by key, with the model."""
    closed: set[str] = field(default_factory=set)
    is_over: bool = False


class Shift:
    """One dealing-out, from its beginning to its end."""

    def __init__(self, client: Client, desk: Desk, ends: float | None, addresses: Sequence[str]) -> None:
        """Send every worker out that has a part in a model."""
        from distributed import Queue  # noqa: PLC0415 - an extra

        self._client, self._desk = client, desk
        self._queue: Any = Queue
        self._name = f"druqa-{uuid4().hex}"
        self._reports = Queue(self._name, client=client)
        self._addresses = self._seen = frozenset(addresses)
        self._seen_since = self._looked = monotonic()
        self._ends = False
        self._tick_s = max(_TICK_S, _TICK_FOR_EACH_WORKER_S * len(addresses))
        seconds_left = None if ends is None else max(0.0, ends - monotonic())
        sent = [self._send(address, limits, seconds_left) for address, limits in self._deal(addresses).items()]
        self._sent = {each.future.key: each for each in sent}

    def work(self) -> None:
        """Give questions out until the desk is over, or workers came or went.

        Raises:
            DruqaError: if a worker cannot work at all.

        """
        until = float("inf")
        try:
            while not all(sent.is_over for sent in self._sent.values()) and monotonic() < until:
                if self._desk.over.is_set():
                    until = min(until, monotonic() + 2 * self._tick_s + 1)  # for the last reports
                elif self._ends:
                    until = min(until, monotonic() + _DRAIN_S)
                for report in self._read():
                    self._take(report)
                if monotonic() - self._looked >= _LOOK_S:
                    self._look_after()
        finally:
            for sent in self._sent.values():
                self._part(sent)
            self._reports.close()

    def _deal(self, addresses: Sequence[str]) -> Mapping[str, dict[str, Limits]]:
        """The parts that workers have in models."""
        dealt: dict[str, dict[str, Limits]] = {}
        for name, model in self._desk.models.items():
            able = self._desk.able(name, addresses)
            for place, address in enumerate(able):
                if part := portion(model, len(able), place):
                    dealt.setdefault(address, {})[name] = part
        return dealt

    def _send(self, address: str, limits: Mapping[str, Limits], seconds_left: float | None) -> _Sent:
        errand = Errand(
            id=f"{self._name}-{address}",
            desk=self._name,
            models=[(self._desk.packed[name], part) for name, part in limits.items()],
            seconds_left=seconds_left,
            tick_s=self._tick_s,
        )
        # Sent to this very worker: were it to run elsewhere, two would share what was dealt to two.
        future = self._client.submit(ask, errand, workers=[address], allow_other_workers=False, key=errand.id)
        return _Sent(address, limits, future)

    def _read(self) -> list[Report]:
        """The reports that have come."""
        # Not by a `get` with a timeout: a scheduler logs each that passes as an error.
        if not (reports := self._reports.get(batch=True)):
            sleep(_PAUSE_S)
        return [pickle.loads(report) for report in reports]  # noqa: S301 - from our workers

    def _take(self, report: Report) -> None:
        """Settle what a worker held with what it reports, and answer it."""
        sent = self._sent[report.errand]
        if sent.post is None or sent.post.name != report.post:
            self._lose(sent)  # its machine came back under the same address, and knows nothing of what it held
            sent.post = self._queue(report.post, client=self._client)
        sent.heard = monotonic()
        for key, _ in report.replies:
            sent.held.pop(key, None)
        failures = [(key, why) for key, why in report.failures if sent.held.pop(key, None)]
        self._desk.settle(report.replies, failures)
        self._give_back(sent, report.back)
        for name in report.closed.keys() - sent.closed:
            sent.closed.add(name)
            self._desk.close(sent.address, name, report.closed[name])
            self._ends = self._ends or not self._sharers(name)
        if report.is_last:
            sent.is_over = True
        else:
            sent.post.put(pickle.dumps(self._orders(sent, report)))

    def _orders(self, sent: _Sent, report: Report) -> Orders:
        if sent.is_over:
            return Orders(stop="the desk had given this worker up")
        if self._desk.over.is_set():
            return Orders(stop=self._desk.why_over)
        if self._ends:
            return Orders(ends=True)
        return Orders({name: given for name, room in report.room.items() if (given := self._give(sent, name, room))})

    def _give(self, sent: _Sent, name: str, room: int) -> list[Question]:
        """The next questions for a worker: the fewer, the fewer are left, so that all workers end together.

        As many as it can ask at once end together anyway.
        """
        fair = self._desk.waiting(name) // (2 * max(1, self._sharers(name)))
        given = self._desk.take(name, min(room, max(fair, sent.limits[name].concurrency)))
        sent.held.update((question.key, (name, question)) for question in given)
        return given

    def _sharers(self, name: str) -> int:
        """How many workers have a part in a model, and can still ask it."""
        return sum(name in sent.limits and name not in sent.closed and not sent.is_over for sent in self._sent.values())

    def _look_after(self) -> None:
        """Part with workers that are gone, and end the shift when others came."""
        self._looked = now = monotonic()
        there = frozenset(self._client.nthreads())
        if there != self._seen:
            self._seen, self._seen_since = there, now
        closed = any(sent.closed and not sent.is_over for sent in self._sent.values())
        if (there != self._addresses or closed) and now - self._seen_since >= _SETTLE_S:
            self._ends = True
        for sent in self._sent.values():
            if sent.is_over:
                continue
            silent = sent.post is not None and now - sent.heard > _LOST_S
            unbegun = sent.post is None and (self._ends or self._desk.over.is_set())
            if sent.address not in there or silent or unbegun or self._is_lost(sent):
                self._part(sent)

    def _is_lost(self, sent: _Sent) -> bool:
        """Whether dask has given up a task.

        Raises:
            DruqaError: if it failed there.

        """
        if sent.future.status != "error":
            return sent.future.status in ("cancelled", "lost")
        from distributed import KilledWorker  # noqa: PLC0415

        error = sent.future.exception()
        if isinstance(error, KilledWorker):
            return True
        raise DruqaError(
            f"the worker {sent.address} cannot ask anything ({told(error).reason}); is the same druqa installed there?"
        )

    def _part(self, sent: _Sent) -> None:
        """Have done with a worker; what it held goes to others."""
        self._lose(sent)
        sent.is_over = True
        sent.future.cancel()
        if sent.post:
            sent.post.close()
            sent.post = None  # one that reports all the same is answered through a new one

    def _lose(self, sent: _Sent) -> None:
        self._give_back(sent, list(sent.held))

    def _give_back(self, sent: _Sent, keys: Sequence[str]) -> None:
        for name, question in [sent.held.pop(key) for key in keys if key in sent.held]:
            self._desk.give_back(name, [question])
