"""The questions to one model that wait for a worker: on disk, so that a round may want millions of them."""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Iterable
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self

from druqa.batch.dask_messages import Question

_BLOCK = 1000


class Backlog:
    """First come, first served; what is given back goes first."""

    def __init__(self) -> None:
        self._file = TemporaryFile(prefix="druqa-")  # noqa: SIM115 - closed with the backlog
        self._first: deque[Question] = deque()
        self._last: list[Question] = []
        self._read_at = self._on_disk = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._first) + self._on_disk + len(self._last)

    def add(self, question: Question) -> None:
        """Put a question at the end."""
        self._last.append(question)
        if len(self._last) == _BLOCK:
            self._file.seek(0, 2)
            pickle.dump(self._last, self._file)
            self._on_disk += _BLOCK
            self._last = []

    def give_back(self, questions: Iterable[Question]) -> None:
        """Put questions at the beginning."""
        self._first.extendleft(questions)

    def take(self, most: int) -> list[Question]:
        """The next questions."""
        taken: list[Question] = []
        while len(taken) < most and len(self):
            if not self._first:
                self._fetch()
            taken.append(self._first.popleft())
        return taken

    def _fetch(self) -> None:
        if not self._on_disk:
            self._first.extend(self._last)
            self._last = []
            return
        self._file.seek(self._read_at)
        self._first.extend(pickle.load(self._file))  # noqa: S301 - written above
        self._read_at, self._on_disk = self._file.tell(), self._on_disk - _BLOCK
        if not self._on_disk:
            self._file.truncate(0)
            self._read_at = 0
