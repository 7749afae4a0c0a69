"""Keeps every reply that was paid for, so that none is bought twice. `kill -9` loses no committed row.

Processes may share the file. Who is to buy a reply claims its key first; the others wait for it. A claim ends with its
reply, when it is given back, or when its process dies.

Once open, the file is only waited for in a thread: another process may hold its lock for as long as it likes.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from druqa.errors import JournalError
from druqa.models.base import Reply
from druqa.models.ledger import Claim, Ledger, Row, Taken, row_of
from druqa.models.replies import SCHEMA_VERSION
from druqa.prompts import PromptText

_GATHER_S = 0.02
"""How long a commit waits for further replies to share it: one-row commits are some ten times slower."""
_POLL_S = 0.1
"""How often a reply that another process is buying is looked for."""


def reply_key(model: str, parameters: Mapping[str, Any], prompt: PromptText) -> str:
    """The key of a paid reply: model, parameters, whole prompt and reply schema version, hashed."""
    parts = [model, dict(parameters), prompt.instruction, prompt.data, SCHEMA_VERSION]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")).hexdigest()


@dataclass
class _Batch:
    """What is to be done in one transaction, with the future of whoever waits for it."""

    keep: list[tuple[Row, asyncio.Future[None]]] = field(default_factory=list)
    release: list[str] = field(default_factory=list)
    take: list[tuple[str, asyncio.Future[Taken]]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.keep or self.release or self.take)


class Journal:
    """The paid replies in one file, shared by every run on this machine."""

    def __init__(self, path: Path) -> None:
        """Open or create the journal.

        Raises:
            JournalError: if the file cannot be written, is no journal, or is of another layout.

        """
        self._ledger = Ledger(path)
        self._due = _Batch()
        self._worker: asyncio.Task[None] | None = None

    @property
    def damaged(self) -> int:
        """Rows met so far whose checksum failed; they are asked again."""
        return len(self._ledger.damaged)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ledger.abandon()

    async def take(self, key: str) -> Reply | None:
        """The reply that was paid before; None if there is none and the caller is to buy it, then `keep` or `release`.

        While another process buys it, this waits.

        Raises:
            JournalError: if the file cannot be read, or no claim be written to it.

        """
        while True:
            found: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
            self._due.take.append((key, found))
            self._work()
            taken = await found
            if isinstance(taken, JournalError):
                raise taken
            if taken is not Claim.HELD:
                return taken if isinstance(taken, Reply) else None
            await asyncio.sleep(_POLL_S)

    async def keep(self, key: str, reply: Reply) -> None:
        """Keep a paid reply. Returns once it is committed.

        Raises:
            JournalError: if it could not be committed.

        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._due.keep.append((row_of(key, reply), done))
        self._work()
        await done

    def release(self, key: str) -> None:
        """Give a claim back: no reply came."""
        self._due.release.append(key)
        self._work()

    async def drain(self, patience_s: float | None) -> None:
        """Wait, so long at most, until what was handed in is committed or has failed."""
        if self._worker is not None:
            await asyncio.wait({self._worker}, timeout=patience_s)

    def _work(self) -> None:
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while self._due:
            await asyncio.sleep(0 if self._due.take else _GATHER_S)
            batch, self._due = self._due, _Batch()
            rows, keys = [row for row, _ in batch.keep], [key for key, _ in batch.take]
            taken: dict[str, Taken]
            try:
                taken, failure = await asyncio.to_thread(self._ledger.settle, rows, batch.release, keys)
            except Exception as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
                failure = JournalError(f"the journal of paid replies failed: {type(error).__name__}: {error}")
                taken = dict.fromkeys(keys, failure)
            for key, found in batch.take:
                if not found.done():
                    found.set_result(taken[key])
            for _, kept in batch.keep:
                if kept.done():
                    continue
                if failure:
                    kept.set_exception(failure)
                else:
                    kept.set_result(None)
