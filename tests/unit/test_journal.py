"""A paid reply is kept once and for all; a damaged row is as if it were not there, and is counted."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from druqa.errors import JournalError
from druqa.models.base import Reply
from druqa.models.journal import Journal, reply_key
from druqa.prompts import PromptText

REPLY = Reply(text="{}", finish_reason="stop", answered_as="served", prompt_tokens=3, completion_tokens=2, usd=1e-6)


def keep(path: Path, *keys: str) -> None:
    async def all_at_once() -> None:
        with Journal(path) as journal:
            await asyncio.gather(*(journal.keep(key, REPLY) for key in keys))

    asyncio.run(all_at_once())


def kept(path: Path, *keys: str) -> tuple[dict[str, Reply], int]:
    """What the journal holds of these keys, and how many damaged rows were met."""

    async def all_at_once() -> tuple[dict[str, Reply], int]:
        with Journal(path) as journal:
            taken = await asyncio.gather(*(journal.take(key) for key in keys))
            await journal.drain(None)
            return {key: reply for key, reply in zip(keys, taken, strict=True) if reply}, journal.damaged

    return asyncio.run(all_at_once())


def test_keeps_replies_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "journal.sqlite"
    keep(path, *(f"k{n}" for n in range(1200)))
    found, _ = kept(path, *(f"k{n}" for n in range(1201)))
    assert len(found) == 1200
    assert set(found.values()) == {REPLY}


@pytest.mark.parametrize("change", ["reply = replace(reply, 'served', 'forged')", "sha256 = 'x'", "reply = '{}'"])
def test_a_damaged_row_is_not_used(tmp_path: Path, change: str) -> None:
    path = tmp_path / "journal.sqlite"
    keep(path, "good", "bad")
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(f"UPDATE replies SET {change} WHERE key = 'bad'")
    db.close()
    found, damaged = kept(path, "good", "bad")
    assert (set(found), damaged) == ({"good"}, 1)


def test_a_row_moved_to_another_key_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    keep(path, "one")
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("UPDATE replies SET key = 'other'")
    db.close()
    assert kept(path, "other")[0] == {}


def test_says_what_is_wrong_with_a_file_that_is_no_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_text("this is not a database, but it is long enough to look at " * 40)
    with pytest.raises(JournalError, match="nothing was paid"):
        Journal(path)


def test_refuses_another_layout(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(JournalError, match="layout is 99"):
        Journal(path)


def test_says_where_it_may_not_write(tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("")
    with pytest.raises(JournalError, match="DRUQA_HOME"):
        Journal(blocked / "journal.sqlite")


def test_the_key_holds_all_that_shapes_a_reply() -> None:
    prompt = PromptText(instruction="i", data="d")
    keys = {
        reply_key("m", {"t": 0}, prompt),
        reply_key("n", {"t": 0}, prompt),
        reply_key("m", {"t": 1}, prompt),
        reply_key("m", {"t": 0}, PromptText(instruction="j", data="d")),
        reply_key("m", {"t": 0}, PromptText(instruction="i", data="e")),
        reply_key("m", {"t": 0}, PromptText(instruction="id", data="")),
    }
    assert len(keys) == 6
    assert reply_key("m", {"t": 0}, prompt) in keys
