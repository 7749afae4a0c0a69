"""The file of paid replies: SQLite in WAL mode, a sha256 with each row, and who is buying which reply now.

SQLite notices neither a flipped byte nor a hand-edited row, so each row carries its own checksum, and one that fails it
is as if it were not there. Nothing here is asynchronous: see `druqa.models.journal`.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from enum import Enum
from pathlib import Path
from threading import Lock

from pydantic import ValidationError

from druqa.errors import JournalError
from druqa.models.base import Reply
from druqa.models.owners import Owner

LAYOUT = 1
_COLUMNS = {"key", "reply", "sha256"}
_CHUNK = 500

Row = tuple[str, str, str]


class Claim(Enum):
    """What a key without a reply comes to."""

    OURS = "ours"
    HELD = "held"
    """Another process is buying it."""


Taken = Reply | Claim | JournalError


class Ledger:
    """One file, shared by every run on this machine. Not for two threads at a time."""

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            JournalError: if it cannot be written, is no journal, or is of another layout.

        """
        self.path = path
        self._in_use, self._abandoned = Lock(), False
        self.damaged: set[str] = set()
        """Keys met so far whose row failed its checksum."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            # A flipped byte that leaves no UTF-8 must reach the checksum.
            self._db.text_factory = lambda raw: raw.decode("utf-8", "replace")
            self._prepare()
            self._owner = Owner(path.with_name(path.name + ".owners"))
        except (OSError, sqlite3.Error) as error:
            damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
            mend = "set DRUQA_HOME to a folder that you may write, or mend its permissions"
            raise JournalError(
                f"the journal of paid replies cannot be used ({error}); nothing was asked, nothing was paid",
                where=str(path),
                mend="move the file away; its replies would be paid again" if damaged else mend,
            ) from None

    def _prepare(self) -> None:
        (layout,) = self._db.execute("PRAGMA user_version").fetchone()
        columns = {name for _, name, *_ in self._db.execute("PRAGMA table_info(replies)")}
        if layout not in (0, LAYOUT) or columns not in (set(), _COLUMNS):
            said = f"its layout is {layout}" if layout not in (0, LAYOUT) else f"it holds {sorted(columns)}"
            raise sqlite3.DatabaseError(f"{said}, this druqa writes {LAYOUT}: move the file away")
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        tables = {name for (name,) in self._db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if layout == LAYOUT and {"replies", "claims"} <= tables:
            return
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS replies(key TEXT PRIMARY KEY, reply TEXT NOT NULL, sha256 TEXT NOT NULL)"
            " WITHOUT ROWID"
        )
        self._db.execute("CREATE TABLE IF NOT EXISTS claims(key TEXT PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID")
        self._db.execute(f"PRAGMA user_version={LAYOUT}")

    def close(self) -> None:
        """Close the file, and let others take over what this run had claimed."""
        self._db.close()
        self._owner.close()

    def settle(
        self, keep: Sequence[Row], release: Sequence[str], take: Sequence[str]
    ) -> tuple[dict[str, Taken], JournalError | None]:
        """Write replies, look keys up, and claim what nobody has.

        Returns:
            What each key to take comes to, and the failure if nothing could be written.

        """
        with self._in_use:
            failure = self._write(keep, release) if keep or release else None
            taken = self._find(take)
            missing = [key for key in take if key not in taken]
            if missing and not self._abandoned:
                refused = self._in_transaction(lambda: taken.update(self._find_or_claim(missing)))
                taken |= {key: refused for key in missing if refused}
        if self._abandoned:
            self.abandon()
        return taken, failure

    def _write(self, keep: Sequence[Row], release: Sequence[str]) -> JournalError | None:
        """Keep replies and give back claims, whatever becomes of the claims to come."""
        settled = [(key,) for key in (*(row[0] for row in keep), *release)]

        def write() -> None:
            self._db.executemany("INSERT OR REPLACE INTO replies VALUES (?, ?, ?)", keep)
            self._db.executemany("DELETE FROM claims WHERE key = ?", settled)

        return self._in_transaction(write)

    def _in_transaction(self, work: Callable[[], None]) -> JournalError | None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            work()
            self._db.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            return JournalError(f"the journal of paid replies cannot be written: {error}", where=str(self.path))
        return None

    def abandon(self) -> None:
        """Give back every claim and close the file; if a thread is at work in it, as soon as that is done."""
        self._abandoned = True
        if self._in_use.acquire(blocking=False):
            try:
                self._forget_claims()
                self.close()
            finally:
                self._in_use.release()

    def _forget_claims(self) -> None:
        """Give back every claim of this run, if that can be done at once: once its owner is gone, others take them."""
        with suppress(sqlite3.Error):
            self._db.execute("PRAGMA busy_timeout = 0")
            self._db.execute("DELETE FROM claims WHERE owner = ?", (self._owner.id,))

    def _find(self, keys: Sequence[str]) -> dict[str, Taken]:
        """The replies that were paid before, by key. Rows whose checksum fails are left out and counted."""
        found: dict[str, Taken] = {}
        for chunk in _chunks(keys):
            query = f"SELECT key, reply, sha256 FROM replies WHERE key IN ({_places(chunk)})"  # noqa: S608
            try:
                rows = self._db.execute(query, chunk).fetchall()
            except sqlite3.Error as error:
                if len(chunk) == 1:
                    found[chunk[0]] = JournalError(f"the journal is damaged: {error}", where=str(self.path))
                else:  # one bad page must not hide what lies on the good ones
                    for key in chunk:
                        found |= self._find([key])
                continue
            found |= {row[0]: reply for row in rows if (reply := self._checked(*row)) is not None}
        return found

    def _checked(self, key: str, text: str, checksum: str) -> Reply | None:
        try:
            if _checksum(key, text) == checksum:
                return Reply.model_validate(json.loads(text))
        except (TypeError, ValueError, ValidationError):
            pass  # whole, but of another druqa's making: as good as absent
        self.damaged.add(key)
        return None

    def _find_or_claim(self, keys: Sequence[str]) -> dict[str, Taken]:
        """In the open transaction: another run may have kept or claimed them since they were looked up."""
        found = self._find(keys)
        return found | self._claim([key for key in keys if key not in found])

    def _claim(self, keys: Sequence[str]) -> dict[str, Taken]:
        """Claim keys in the open transaction; those of a run that died are taken over."""
        mine = [(key, self._owner.id) for key in keys]
        self._db.executemany("INSERT OR IGNORE INTO claims VALUES (?, ?)", mine)
        for owner in set(self._owners(keys).values()) - {self._owner.id}:
            if self._owner.is_dead(owner):
                self._db.execute("DELETE FROM claims WHERE owner = ?", (owner,))
        self._db.executemany("INSERT OR IGNORE INTO claims VALUES (?, ?)", mine)
        owners = self._owners(keys)
        return {key: Claim.OURS if owners[key] == self._owner.id else Claim.HELD for key in keys}

    def _owners(self, keys: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for chunk in _chunks(keys):
            query = f"SELECT key, owner FROM claims WHERE key IN ({_places(chunk)})"  # noqa: S608
            found |= dict(self._db.execute(query, chunk).fetchall())
        return found


def row_of(key: str, reply: Reply) -> Row:
    """A reply as it is kept."""
    # ASCII: a lone surrogate in a reply is no UTF-8, and must not keep the reply from being kept.
    text = json.dumps(reply.model_dump(), ensure_ascii=True)
    return key, text, _checksum(key, text)


def _checksum(key: str, text: str) -> str:
    return hashlib.sha256(f"{key}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()


def _chunks(keys: Sequence[str]) -> Iterable[Sequence[str]]:
    return (keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK))


def _places(keys: Sequence[str]) -> str:
    return ",".join("?" * len(keys))
