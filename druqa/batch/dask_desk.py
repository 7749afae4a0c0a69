"""The desk between a run, which lives in an event loop, and the shifts of its workers, which have a thread."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from threading import Event, Lock

from druqa.batch.dask_messages import Packed, Question
from druqa.models.base import ChatModel, ModelFailure, Reply


class Desk:
    """Where questions wait for a worker, and the run for their replies."""

    def __init__(
        self,
        models: Mapping[str, ChatModel],
        packed: Mapping[str, Packed],
        give_up: Callable[[str, str], None],
        notes: set[str],
    ) -> None:
        """Needs a running event loop.

        Args:
            models: the models by name.
            packed: how they go to workers.
            give_up: called, in the event loop, with a model that no worker can ask, and why.
            notes: takes a line for each model that only some worker could not ask any more.

        """
        self.models, self.packed, self.notes = models, packed, notes
        self.late: list[tuple[str, Reply]] = []
        """Replies that came when nobody waited for them any more, with their keys. They are paid for."""
        self.over = Event()
        """Set once nothing more is to be asked."""
        self.why_over = ""
        self._loop, self._give_up = asyncio.get_running_loop(), give_up
        self._expected: dict[str, tuple[str, asyncio.Future[Reply]]] = {}
        self._waiting: dict[str, deque[Question]] = defaultdict(deque)
        self._moving = Lock()
        self._closed: dict[tuple[str, str], str] = {}

    # In the event loop of the run.

    async def ask(self, name: str, question: Question) -> Reply:
        """Have a worker ask a model.

        Raises:
            ModelFailure: if no reply is to be had.

        """
        reply: asyncio.Future[Reply] = self._loop.create_future()
        self._expected[question.key] = name, reply
        with self._moving:
            self._waiting[name].append(question)
        return await reply

    def end(self, why: str) -> None:
        """Nothing more is to be asked."""
        self.why_over = self.why_over or why
        self.over.set()

    def _settle(self, replies: Iterable[tuple[str, Reply]], failures: Iterable[tuple[str, str]]) -> None:
        for key, reply in replies:
            _, expected = self._expected.pop(key, ("", None))
            if expected and not expected.done():
                expected.set_result(reply)
            else:
                self.late.append((key, reply))
        for key, why in failures:
            _, expected = self._expected.pop(key, ("", None))
            if expected and not expected.done():
                expected.set_exception(ModelFailure(why))

    def _close(self, name: str, why: str) -> None:
        self._give_up(name, why)
        self._settle((), [(key, why) for key, (asked, _) in self._expected.items() if asked == name])

    # In the thread of the shifts.

    def waiting(self, name: str) -> int:
        """How many questions wait for a worker."""
        return len(self._waiting[name])

    def take(self, name: str, most: int) -> list[Question]:
        """The next questions to a model; those that the run waits for no more are dropped."""
        taken: list[Question] = []
        with self._moving:
            waiting = self._waiting[name]
            while waiting and len(taken) < most:
                if (question := waiting.popleft()).key in self._expected:
                    taken.append(question)
        return taken

    def give_back(self, name: str, questions: Iterable[Question]) -> None:
        """Questions that a worker did not ask: they are the next."""
        with self._moving:
            self._waiting[name].extendleft(questions)

    def settle(self, replies: list[tuple[str, Reply]], failures: list[tuple[str, str]]) -> None:
        """Hand on what came of questions, by key."""
        if replies or failures:
            self._loop.call_soon_threadsafe(self._settle, replies, failures)

    def close(self, address: str, name: str, why: str) -> None:
        """A worker can ask a model nothing any more."""
        self._closed[address, name] = why
        self.notes.add(f"not asked any more by a worker: {why}")

    def able(self, name: str, addresses: Iterable[str]) -> list[str]:
        """Those of the workers that can ask a model. If none can, the model is given up."""
        able = [address for address in addresses if (address, name) not in self._closed]
        if not able:
            why = next(why for (_, closed), why in reversed(self._closed.items()) if closed == name)
            self.notes.discard(f"not asked any more by a worker: {why}")
            self._loop.call_soon_threadsafe(self._close, name, why)
        return able
