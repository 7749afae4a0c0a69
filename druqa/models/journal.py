"""Keeps every reply that was paid for, so that none is bought twice. `kill -9` loses no committed row.

Processes may share the file. Who is to buy a reply claims its key first; the others wait for it. A claim ends with its
reply, when it is given back, or when its process dies.

Once open, the file is only waited for in a thread: another process may hold its lock for as long as it likes.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from druqa.errors import JournalError
from druqa.models.base import Reply
from druqa.models.ledger import Claim, Ledger, Taken
from druqa.models.replies import SCHEMA_VERSION
from druqa.models.rows import Row, row_of
from druqa.prompts import PromptText

_GATHER_S = 0.02
"""How long a commit waits for further replies to share it: one-row commits are some ten times slower."""
_FULL = 100
"""So many replies or look-ups do not wait for more: with a commit that takes longer, more than these would be lost."""
_MOST_LOOK_UPS = 250
"""A commit waits for no more: these take 10 ms from memory, 50 ms from a disk that seeks. More at once gain nothing."""
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
    take: list[tuple[str, asyncio.Future[Taken | None]]] = field(default_factory=list)
    full: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once so much is waiting that nothing is gained by waiting for more."""

    def __bool__(self) -> bool:
        return bool(self.keep or self.release or self.take)


class Journal:
    """The paid replies in one file, shared by every run on this machine."""

    def __init__(self, path: Path, *, claims: bool = True) -> None:
        """Open or create the journal; without claims it is only read, and a file that is not there holds nothing.

        Raises:
            JournalError: if the file cannot be used, is no journal, or is of another layout.

        """
        self._ledger = Ledger(path, claims=claims)
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

    def put_many(self, rows: Iterable[tuple[str, Reply]]) -> int:
        """Keep replies from elsewhere under their keys, a few thousand to a commit. Blocks until the last is committed.

        A key that has a whole reply keeps it. To put the same again changes nothing.

        Returns:
            How many replies are new.

        Raises:
            JournalError: if they cannot be written, or the journal is only read. Earlier commits stand.

        """
        return self._ledger.put_many(row_of(key, reply) for key, reply in rows)

    def known(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys that have a whole, undamaged reply. Blocks; claims nothing."""
        return self._ledger.known(keys)

    async def take(self, key: str) -> Reply | None:
        """The reply that was paid before; None if there is none and the caller is to buy it, then `keep` or `release`.

        While another process buys it, this waits. A journal without claims gives None at once, and nothing is promised.

        Raises:
            JournalError: if the file cannot be read, or no claim be written to it.

        """
        while True:
            found: asyncio.Future[Taken | None] = asyncio.get_running_loop().create_future()
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
        if len(self._due.keep) + len(self._due.take) >= _FULL:
            self._due.full.set()
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._run())

    async def _run(self) -> None:
        patience_s = 0 if self._due.take else _GATHER_S  # who asks while nothing else goes on is answered at once
        while self._due:
            await self._gather(patience_s)
            await self._settle(self._next())
            patience_s = _GATHER_S

    async def _gather(self, patience_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._due.full.wait()

    def _next(self) -> _Batch:
        """What is due now; of the look-ups only so many that no reply waits long for its commit."""
        batch, self._due = self._due, _Batch()
        batch.take, later = batch.take[:_MOST_LOOK_UPS], batch.take[_MOST_LOOK_UPS:]
        if later:
            self._due.take = later
            self._due.full.set()
        return batch

    async def _settle(self, batch: _Batch) -> None:
        rows, keys = [row for row, _ in batch.keep], [key for key, _ in batch.take]
        taken: dict[str, Taken]
        try:
            taken, failure = await asyncio.to_thread(self._ledger.settle, rows, batch.release, keys)
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            failure = JournalError(f"the journal of paid replies failed: {type(error).__name__}: {error}")
            taken = dict.fromkeys(keys, failure)
        for key, found in batch.take:
            if not found.done():
                found.set_result(taken.get(key))
        for _, kept in batch.keep:
            if kept.done():
                continue
            if failure:
                kept.set_exception(failure)
            else:
                kept.set_result(None)
