"""The file of paid replies: SQLite in WAL mode, a sha256 with each row, and who is buying which reply now.

SQLite notices neither a flipped byte nor a hand-edited row, so each row carries its own checksum, and one that fails it
is as if it were not there. Nothing here is asynchronous: see `druqa.models.journal`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from enum import Enum
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import TypeVar

from druqa.errors import JournalError
from druqa.models.base import Reply
from druqa.models.layout import open_to_read, open_to_write
from druqa.models.owners import Owner
from druqa.models.rows import Row, reply_in

_CHUNK = 2000
"""Rows to a transaction, and keys to a look-up, where many are given at once."""

T = TypeVar("T")


class Claim(Enum):
    """What a key without a reply comes to."""

    OURS = "ours"
    HELD = "held"
    """Another process is buying it."""


Taken = Reply | Claim | JournalError


class Ledger:
    """One file, shared by every run on this machine."""

    def __init__(self, path: Path, *, claims: bool = True) -> None:
        """Open or create the file; without claims it is only read, and one that is not there holds nothing.

        Raises:
            JournalError: if it cannot be used, is no journal, or is of another layout.

        """
        self.path = path
        self._in_use, self._abandoned = Lock(), False
        self.damaged: set[str] = set()
        """Keys met so far whose row failed its checksum."""
        try:
            self._db = open_to_write(path) if claims else open_to_read(path)
            self._owner = Owner(path.with_name(path.name + ".owners")) if claims else None
        except (OSError, sqlite3.Error) as error:
            damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
            mend = "set DRUQA_HOME to a folder that you may write, or mend its permissions"
            raise JournalError(
                f"the journal of paid replies cannot be used ({error}); nothing was asked, nothing was paid",
                where=str(path),
                mend="move the file away; its replies would be paid again" if damaged else mend,
            ) from None

    def close(self) -> None:
        """Close the file, and let others take over what this run had claimed."""
        self._db.close()
        if self._owner:
            self._owner.close()

    def settle(
        self, keep: Sequence[Row], release: Sequence[str], take: Sequence[str]
    ) -> tuple[dict[str, Taken], JournalError | None]:
        """Write replies, look keys up, and claim what nobody has.

        Returns:
            What each key to take comes to, and the failure if nothing could be written. A key that has no reply and
            is not to be claimed is left out.

        """
        failure = None
        with self._in_use:
            try:
                if keep or release:
                    self._in_transaction(partial(self._write, keep, release))
            except JournalError as error:
                failure = error
            taken = self._take(take)
        if self._abandoned:
            self.abandon()
        return taken, failure

    def put_many(self, rows: Iterable[Row]) -> int:
        """Keep rows, so many to a transaction; returns how many had no whole reply before.

        Raises:
            JournalError: if they cannot be written; the transactions before this one stand.

        """
        new = 0
        for some in _chunks(rows):
            with self._in_use:
                new += self._in_transaction(partial(self._write, some, ()))
        return new

    def known(self, keys: Iterable[str]) -> set[str]:
        """Those of the keys that have a whole reply."""
        known: set[str] = set()
        for some in _chunks(keys):
            with self._in_use:
                known |= {key for key, found in self._find(some).items() if isinstance(found, Reply)}
        return known

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
        if self._owner:
            with suppress(sqlite3.Error):
                self._db.execute("PRAGMA busy_timeout = 0")
                self._db.execute("DELETE FROM claims WHERE owner = ?", (self._owner.id,))

    def _in_transaction(self, work: Callable[[], T]) -> T:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            done = work()
            self._db.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise JournalError(
                f"the journal of paid replies cannot be written: {error}", where=str(self.path)
            ) from None
        return done

    def _write(self, keep: Sequence[Row], release: Sequence[str]) -> int:
        """In the open transaction: keep replies and give back claims; returns how many replies are new.

        The reply that was paid first stays, others may have read it. Only a row that is not whole gives way.
        """
        new = self._insert("OR IGNORE INTO replies VALUES (?, ?, ?)", keep)
        if new < len(keep):
            found = self._find([row[0] for row in keep])
            lost = {row[0]: row for row in reversed(keep) if not isinstance(found.get(row[0]), Reply)}
            self._insert("OR REPLACE INTO replies VALUES (?, ?, ?)", list(lost.values()))
            new += len(lost)
        settled = [(key,) for key in (*(row[0] for row in keep), *release)]
        self._db.executemany("DELETE FROM claims WHERE key = ?", settled)
        return new

    def _insert(self, into: str, rows: Sequence[tuple[str, ...]]) -> int:
        before = self._db.total_changes
        self._db.executemany(f"INSERT {into}", rows)
        return self._db.total_changes - before

    def _take(self, keys: Sequence[str]) -> dict[str, Taken]:
        """Look keys up, whatever became of the writing, and claim those without a reply."""
        taken = self._find(keys)
        missing = [key for key in dict.fromkeys(keys) if key not in taken]
        if missing and self._owner and not self._abandoned:
            try:
                taken |= self._in_transaction(partial(self._find_or_claim, missing, self._owner))
            except JournalError as refused:
                taken |= dict.fromkeys(missing, refused)
        return taken

    def _find(self, keys: Sequence[str]) -> dict[str, Taken]:
        """The replies that were paid before, by key. Rows whose checksum fails are left out and counted."""
        found: dict[str, Taken] = {}
        try:
            for row in self._joined("replies", keys):
                if (reply := reply_in(row)) is None:
                    self.damaged.add(row[0])
                else:
                    found[row[0]] = reply
        except sqlite3.Error as error:
            if len(keys) == 1:
                return {keys[0]: JournalError(f"the journal is damaged: {error}", where=str(self.path))}
            half = len(keys) // 2  # one bad page must not hide what lies on the good ones
            return self._find(keys[:half]) | self._find(keys[half:])
        return found

    def _find_or_claim(self, keys: Sequence[str], owner: Owner) -> dict[str, Taken]:
        """In the open transaction: another run may have kept or claimed them since they were looked up."""
        found = self._find(keys)
        return found | self._claim([key for key in keys if key not in found], owner)

    def _claim(self, keys: Sequence[str], owner: Owner) -> dict[str, Taken]:
        """Claim keys in the open transaction; those of a run that died are taken over."""
        claim = "OR IGNORE INTO claims VALUES (?, ?)"
        mine = [(key, owner.id) for key in keys]
        if self._insert(claim, mine) == len(keys):
            return dict.fromkeys(keys, Claim.OURS)
        for other in {held for _, held in self._joined("claims", keys)} - {owner.id}:
            if owner.is_dead(other):
                self._db.execute("DELETE FROM claims WHERE owner = ?", (other,))
        self._insert(claim, mine)
        owners = dict(self._joined("claims", keys))
        return {key: Claim.OURS if owners[key] == owner.id else Claim.HELD for key in keys}

    def _joined(self, table: str, keys: Sequence[str]) -> sqlite3.Cursor:
        """The rows of these keys, by one join."""
        query = f"SELECT {table}.* FROM json_each(?) AS wanted CROSS JOIN {table} ON {table}.key = wanted.value"  # noqa: S608
        return self._db.execute(query, (json.dumps(keys),))


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, _CHUNK)):
        yield some
