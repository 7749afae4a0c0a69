"""The desk of a batch on a cluster: what is to be asked, what was answered, and what no worker could answer."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from druqa.batch.dask_backlog import Backlog
from druqa.batch.dask_messages import Packed, Question, Report, packed
from druqa.batch.watch import Watch
from druqa.models.base import ChatModel
from druqa.models.collector import Wanted
from druqa.models.journal import Journal
from druqa.setup import Setup


class Desk:
    """Outlives rounds and shifts. It alone writes the journal."""

    def __init__(self, setup: Setup, journal: Journal, watch: Watch) -> None:
        """Pack the models.

        Raises:
            UsageError: if one cannot be sent to workers.

        """
        self.models: dict[str, ChatModel] = dict(setup.binding.models)
        self.packed: dict[str, Packed] = {
            name: packed(model, setup.settings.of(name)) for name, model in self.models.items()
        }
        self.failed: dict[str, str] = {}
        """Keys of questions that brought no reply, and why: they are not asked again in this run."""
        self.notes: set[str] = set()
        """Which models were given up, by a worker or by all."""
        self._closed: dict[tuple[str, str], str] = {}
        self._journal, self._watch = journal, watch
        self._files = ExitStack()
        self.backlogs = {name: self._files.enter_context(Backlog()) for name in self.models}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._files.close()

    def want(self, wanted: Wanted) -> None:
        """Take in a question that a round could not go on without."""
        self.backlogs[wanted.model.name].add(Question(wanted.key, wanted.prompt, wanted.schema))

    @property
    def waiting(self) -> list[str]:
        """The models to which questions wait."""
        return [name for name, backlog in self.backlogs.items() if len(backlog)]

    def keep(self, reports: Iterable[Report]) -> None:
        """Commit the replies in reports to the journal.

        Raises:
            JournalError: if they cannot be kept.

        """
        replies = [reply for report in reports for reply in report.replies]
        if not replies:
            return
        self._journal.put_many(replies)
        for key, reply in replies:
            self._watch.tally.use(key, "", reply)

    def close(self, address: str, name: str, why: str) -> None:
        """A worker can ask a model nothing any more."""
        self._closed[address, name] = why
        self.notes.add(f"not asked any more by a worker: {why}")

    def able(self, name: str, addresses: Iterable[str]) -> list[str]:
        """Those of the workers that can ask a model. Where none can, what waits for it has failed."""
        able = [address for address in addresses if (address, name) not in self._closed]
        if not able:
            why = next(why for (_, closed), why in reversed(self._closed.items()) if closed == name)
            self.notes.discard(f"not asked any more by a worker: {why}")
            self.notes.add(f"not asked any more: {why}")
            backlog = self.backlogs[name]
            self.failed.update((question.key, why) for question in backlog.take(len(backlog)))
        return able
