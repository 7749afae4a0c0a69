"""Keeps every reply that was paid for, so that none is bought twice: SQLite in WAL mode, a sha256 with each row.

A reply counts as kept when its row is committed; `kill -9` loses no committed row. SQLite notices neither a flipped
byte nor a hand-edited row, so each row carries its own checksum, and one that fails it is as if it were not there.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from druqa.errors import JournalError
from druqa.models.base import Reply
from druqa.models.replies import SCHEMA_VERSION
from druqa.prompts import PromptText

LAYOUT = 1
_CHUNK = 500
_GATHER_S = 0.02
"""How long a commit waits for further replies to share it."""


def reply_key(model: str, parameters: Mapping[str, Any], prompt: PromptText) -> str:
    """The key of a paid reply: model, parameters, whole prompt and reply schema version, hashed."""
    parts = [model, dict(parameters), prompt.instruction, prompt.data, SCHEMA_VERSION]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace")).hexdigest()


class Journal:
    """The paid replies in one SQLite file, shared by every run on this machine."""

    def __init__(self, path: Path) -> None:
        """Open or create the journal.

        Raises:
            JournalError: if the file cannot be written, is no journal, or is of another layout.

        """
        self.path = path
        self.damaged = 0
        """Rows met so far whose checksum failed; they are asked again."""
        self._waiting: list[tuple[tuple[str, str, str], asyncio.Future[None]]] = []
        self._flusher: asyncio.Task[None] | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise JournalError(
                f"the journal of paid replies cannot be written ({error}); nothing was asked, nothing was paid",
                where=str(path),
                mend="set DRUQA_HOME to a folder that you may write, or mend its permissions",
            ) from None

    def _prepare(self) -> None:
        (layout,) = self._db.execute("PRAGMA user_version").fetchone()
        if layout not in (0, LAYOUT):
            raise sqlite3.DatabaseError(f"its layout is {layout}, this druqa writes {LAYOUT}: move the file away")
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS replies(key TEXT PRIMARY KEY, reply TEXT NOT NULL, sha256 TEXT NOT NULL)"
            " WITHOUT ROWID"
        )
        self._db.execute(f"PRAGMA user_version={LAYOUT}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def kept(self, keys: Iterable[str]) -> dict[str, Reply]:
        """The replies that were paid before, by key. Rows whose checksum fails are left out and counted.

        Raises:
            JournalError: if the file is damaged.

        """
        wanted, found = list(keys), {}
        for start in range(0, len(wanted), _CHUNK):
            for key, text, checksum in self._rows(wanted[start : start + _CHUNK]):
                if (reply := self._checked(key, text, checksum)) is not None:
                    found[key] = reply
        return found

    def _rows(self, keys: list[str]) -> list[tuple[str, str, str]]:
        query = f"SELECT key, reply, sha256 FROM replies WHERE key IN ({','.join('?' * len(keys))})"  # noqa: S608
        try:
            return self._db.execute(query, keys).fetchall()
        except sqlite3.Error as error:
            mend = "move the file away; its replies are lost to druqa and would be paid again"
            raise JournalError(f"the journal is damaged: {error}", where=str(self.path), mend=mend) from None

    def _checked(self, key: str, text: str, checksum: str) -> Reply | None:
        if _checksum(key, text) == checksum:
            try:
                return Reply.model_validate(json.loads(text))
            except (ValueError, ValidationError):
                pass  # whole, but of another druqa's making: as good as absent
        self.damaged += 1
        return None

    async def keep(self, key: str, reply: Reply) -> None:
        """Keep a paid reply. Returns once it is committed.

        Raises:
            JournalError: if it could not be committed.

        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((_row(key, reply), done))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())
        await done

    async def _flush(self) -> None:
        """Commit what has gathered, in one transaction: one-row commits are some ten times slower."""
        while self._waiting:
            await asyncio.sleep(_GATHER_S)
            batch, self._waiting = self._waiting, []
            failure = self._commit([row for row, _ in batch])
            for _, done in batch:
                if done.cancelled():
                    continue
                if failure:
                    done.set_exception(failure)
                else:
                    done.set_result(None)

    async def drain(self) -> None:
        """Wait until everything handed in so far is committed, or has failed."""
        if self._flusher is not None:
            await self._flusher

    def _commit(self, rows: list[tuple[str, str, str]]) -> JournalError | None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT OR REPLACE INTO replies VALUES (?, ?, ?)", rows)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            return JournalError(f"a paid reply could not be kept: {error}", where=str(self.path))
        return None


def _row(key: str, reply: Reply) -> tuple[str, str, str]:
    # ASCII: a lone surrogate in a reply is no UTF-8, and must not keep the reply from being kept.
    text = json.dumps(reply.model_dump(), ensure_ascii=True)
    return key, text, _checksum(key, text)


def _checksum(key: str, text: str) -> str:
    return hashlib.sha256(f"{key}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()
