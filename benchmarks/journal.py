"""How fast paid replies are kept and found, beside what plain sqlite3 does with the same rows in the same run.

    python benchmarks/journal.py [--rows 1000000] [--at-once 4000] [--folder DIR]

Ratios are to the limit above them: `executemany`, 100 rows to a transaction, or one SELECT by join for 2,000 keys. Both
only move rows; druqa also writes and reads the JSON, holds the checksum against it, claims, and hands each reply to the
task that waits for it. `CPU` is of all threads, for one reply; its inverse is what one core does. `cold` is after the
system was asked to drop the file from memory. A resumed run asks for its replies in the order in which they were kept.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from druqa.models.base import Reply
from druqa.models.journal import Journal
from druqa.models.rows import Row, row_of
from druqa.models.threads import LooseThreads

KEEPS = 100_000
LOOK_UPS = 50_000
WORDS = {
    "drug_1": "warfarin",
    "drug_2": "aspirin",
    "outcome": "interaction",
    "severity": "major",
    "mechanism": "Aspirin inhibits platelets and may damage the gastric mucosa, warfarin inhibits clotting factors.",
    "reason": "Together they raise the risk of bleeding; avoid them unless there is a compelling indication.",
}
JOIN = "SELECT replies.* FROM wanted CROSS JOIN replies USING (key)"


def key_of(n: int) -> str:
    return hashlib.sha256(str(n).encode()).hexdigest()


def reply_of(n: int) -> Reply:
    said = json.dumps({"question_id": f"q{n}", **WORDS})
    return Reply(text=said, finish_reason="stop", prompt_tokens=812, completion_tokens=96, usd=0.00018)


class Lines:
    """Prints lines of rates, each with its ratio to the last limit."""

    limit = 1.0

    @contextmanager
    def line(self, title: str, count: int, *, is_limit: bool = False) -> Iterator[None]:
        """Time what is done inside, for so many replies."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        rate = count / (time.perf_counter() - wall)
        spent = (time.process_time() - cpu) / count
        self.limit = rate if is_limit else self.limit
        on_one_core = f"CPU {spent * 1e3:.4f} ms, one core {1 / spent:,.0f}/s"
        print(f"{title:<52}{rate:>9,.0f}/s{rate / self.limit:>7.2f}   {on_one_core}", flush=True)


def expect(wanted: object, found: object) -> None:
    """End here where a figure would be that of work not done."""
    if found != wanted:
        sys.exit(f"{wanted} was expected, not {found}")


def ask(path: Path, workers: int, ids: Sequence[int], work: Callable[[Journal, int], Awaitable[object]]) -> None:
    """Work on each through the asynchronous door, so many at the same time, in an event loop like that of a run."""
    rest = iter(ids)

    async def run() -> None:
        asyncio.get_running_loop().set_default_executor(LooseThreads())
        with Journal(path) as journal:

            async def one_by_one() -> None:
                for n in rest:
                    await work(journal, n)

            await asyncio.gather(*(one_by_one() for _ in range(workers)))
            await journal.drain(None)

    asyncio.run(run())


async def take(journal: Journal, n: int) -> None:
    if await journal.take(key_of(n)) is None:
        sys.exit(f"the reply {n} is not there")


def plain_writes(db: sqlite3.Connection, rows: Sequence[Row]) -> None:
    for start in range(0, len(rows), 100):
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO replies VALUES (?, ?, ?)", rows[start : start + 100])
        db.execute("COMMIT")


def plain_look_ups(db: sqlite3.Connection, ids: Sequence[int]) -> int:
    found = 0
    db.execute("CREATE TEMPORARY TABLE IF NOT EXISTS wanted(key TEXT PRIMARY KEY) WITHOUT ROWID")
    for start in range(0, len(ids), 2000):
        db.execute("BEGIN")
        db.execute("DELETE FROM wanted")
        db.executemany("INSERT INTO wanted VALUES (?)", [(key_of(n),) for n in ids[start : start + 2000]])
        found += len(db.execute(JOIN).fetchall())
        db.execute("COMMIT")
    return found


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous=NORMAL")
    yield db
    db.close()


def prepare(path: Path, *, cold: bool) -> str:
    """Have the system drop the file from memory, where it can be asked to; or read it all."""
    with path.open("rb") as file:
        if cold:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            return "cold"
        while file.read(1 << 24):
            pass
    return "warm"


def keeps(path: Path, lines: Lines, first: int, workers: int) -> None:
    """Further replies for a journal that holds many; each set is kept in the same file."""
    sets = [range(first + n * KEEPS, first + (n + 1) * KEEPS) for n in range(4)]
    rows = [row_of(key_of(n), reply_of(n)) for n in sets[0]]
    with opened(path) as db, lines.line("limit: executemany, 100 rows to a transaction", KEEPS, is_limit=True):
        plain_writes(db, rows)
    replies = {key_of(n): reply_of(n) for some in sets[1:] for n in some}
    with Journal(path) as journal, lines.line("Journal.put_many", KEEPS):
        expect(KEEPS, journal.put_many((key, replies[key]) for key in map(key_of, sets[1])))
    with lines.line(f"Journal.keep, {workers:,} at once", KEEPS):
        ask(path, workers, sets[2], lambda journal, n: journal.keep(key_of(n), replies[key_of(n)]))

    async def buy(journal: Journal, n: int) -> None:
        expect(None, await journal.take(key_of(n)))
        await journal.keep(key_of(n), replies[key_of(n)])

    with lines.line(f"Journal.take, claimed, then keep, {workers:,} at once", KEEPS):
        ask(path, workers, sets[3], buy)


def look_ups(path: Path, lines: Lines, rows: int, workers: int, *, cold: bool) -> None:
    """Replies that are there, in random order; other keys for each line, so that none warms the file for the next."""
    ids = random.Random(rows).sample(range(rows), 3 * LOOK_UPS)  # noqa: S311 - a fixed draw
    plain, taken, known = (ids[n * LOOK_UPS : (n + 1) * LOOK_UPS] for n in range(3))
    how = prepare(path, cold=cold)
    with opened(path) as db, lines.line(f"limit: SELECT by join, random order, {how}", LOOK_UPS, is_limit=True):
        expect(LOOK_UPS, plain_look_ups(db, plain))
    prepare(path, cold=cold)
    with lines.line(f"Journal.take, random order, {workers:,} at once, {how}", LOOK_UPS):
        ask(path, workers, taken, take)
    prepare(path, cold=cold)
    with Journal(path, claims=False) as journal, lines.line(f"Journal.known, random order, {how}", LOOK_UPS):
        expect(LOOK_UPS, len(journal.known([key_of(n) for n in known])))


def resume(path: Path, lines: Lines, rows: int, workers: int) -> None:
    """Every reply, in the order in which they were kept, from a file that is not in memory at first."""
    prepare(path, cold=True)
    with opened(path) as db, lines.line("limit: SELECT by join, all as kept, cold", rows, is_limit=True):
        expect(rows, plain_look_ups(db, range(rows)))
    prepare(path, cold=True)
    with lines.line(f"Journal.take, all as kept, {workers:,} at once, cold", rows):
        ask(path, workers, range(rows), take)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--at-once", type=int, default=4000)
    parser.add_argument("--folder", type=Path, help="where the journal lies meanwhile; on a disk, not in memory")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=wanted.folder) as folder:
        path, lines = Path(folder) / "journal.sqlite", Lines()
        with Journal(path) as journal, lines.line("replies made and put into a new file", wanted.rows, is_limit=True):
            expect(wanted.rows, journal.put_many((key_of(n), reply_of(n)) for n in range(wanted.rows)))
        print(f"{wanted.rows:,} replies, {path.stat().st_size / 1e6:,.0f} MB\n")
        keeps(path, lines, wanted.rows, wanted.at_once)
        print()
        for cold in (True, False):
            look_ups(path, lines, wanted.rows, wanted.at_once, cold=cold)
        resume(path, lines, wanted.rows, wanted.at_once)


if __name__ == "__main__":
    main()
