"""A paid reply is kept once and for all; a damaged row is as if it were not there, and is counted."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from druqa.errors import JournalError
from druqa.models.base import Reply
from druqa.models.journal import Journal, reply_key
from druqa.models.rows import checksum_of, reply_in, row_of
from druqa.prompts import PromptText

REPLY = Reply(text="{}", finish_reason="stop", answered_as="served", prompt_tokens=3, completion_tokens=2, usd=1e-6)


def keep(path: Path, *keys: str) -> None:
    async def all_at_once() -> None:
        with Journal(path) as journal:
            await asyncio.gather(*(journal.keep(key, REPLY) for key in keys))

    asyncio.run(all_at_once())


def change(path: Path, sql: str) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript(sql)
    db.close()


def saying(text: str) -> Reply:
    return Reply(text=text, finish_reason="stop")


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


@pytest.mark.parametrize("how", ["reply = replace(reply, 'served', 'forged')", "sha256 = 'x'", "reply = '{}'"])
def test_a_damaged_row_is_not_used(tmp_path: Path, how: str) -> None:
    path = tmp_path / "journal.sqlite"
    keep(path, "good", "bad")
    change(path, f"UPDATE replies SET {how} WHERE key = 'bad'")
    found, damaged = kept(path, "good", "bad")
    assert (set(found), damaged) == ({"good"}, 1)


def test_a_row_moved_to_another_key_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    keep(path, "one")
    change(path, "UPDATE replies SET key = 'other'")
    assert kept(path, "other")[0] == {}


def test_says_what_is_wrong_with_a_file_that_is_no_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_text("this is not a database, but it is long enough to look at " * 40)
    with pytest.raises(JournalError, match="nothing was paid"):
        Journal(path)


def test_refuses_another_layout(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    change(path, "PRAGMA user_version=99")
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


# Rows
ANY_REPLY = st.builds(
    Reply,
    text=st.none() | st.text(st.characters(exclude_categories=())),
    finish_reason=st.sampled_from([None, "stop", "length", "content_filter"]) | st.text(),
    answered_as=st.none() | st.text(),
    prompt_tokens=st.integers(0),
    usd=st.none() | st.floats(0, allow_nan=False),
)


@given(reply=ANY_REPLY)
def test_a_reply_comes_out_of_its_row_as_it_would_be_made_anew(reply: Reply) -> None:
    key, text, checksum = row_of("k", reply)
    assert text == json.dumps(reply.model_dump())
    assert reply_in((key, text, checksum)) == Reply.model_validate(json.loads(text)) == reply
    assert reply_in(("other", text, checksum)) is None


@pytest.mark.parametrize("made", ['{"finish_reason": "stop"}', '{"text": "", "new": 1}', '{"text": 1}', "[]"])
def test_a_whole_row_of_another_making_is_as_if_it_were_not_there(tmp_path: Path, made: str) -> None:
    path = tmp_path / "journal.sqlite"
    keep(path, "k")
    change(path, f"UPDATE replies SET reply = '{made}', sha256 = '{checksum_of('k', made)}'")
    assert kept(path, "k") == ({}, 1)


def test_a_journal_of_older_tables_is_read_and_written(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    change(
        path,
        "CREATE TABLE replies(key TEXT PRIMARY KEY, reply TEXT NOT NULL, sha256 TEXT NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE claims(key TEXT PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID; PRAGMA user_version=1",
    )
    db = sqlite3.connect(path)
    with db:
        db.execute("INSERT INTO replies VALUES (?, ?, ?)", row_of("old", REPLY))
    db.close()
    keep(path, "new")
    assert kept(path, "old", "new", "none")[0] == {"old": REPLY, "new": REPLY}


def test_the_reply_that_was_paid_first_stays_and_a_damaged_one_gives_way(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with Journal(path) as journal:
        assert journal.put_many([("whole", saying("first")), ("damaged", saying("first"))]) == 2
    change(path, "UPDATE replies SET reply = replace(reply, 'first', 'forged') WHERE key = 'damaged'")

    async def again() -> None:
        with Journal(path) as journal:
            await asyncio.gather(*(journal.keep(key, saying("second")) for key in ("whole", "damaged", "new")))

    asyncio.run(again())
    texts = {key: reply.text for key, reply in kept(path, "whole", "damaged", "new")[0].items()}
    assert texts == {"whole": "first", "damaged": "second", "new": "second"}


# Many at once
def test_more_look_ups_than_one_batch_takes_are_all_answered(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    keys = [f"k{n}" for n in range(7000)]
    with Journal(path) as journal:
        assert journal.put_many((key, saying(key)) for key in keys) == 7000
    found, damaged = kept(path, *keys, *keys)
    assert (found, damaged) == ({key: saying(key) for key in keys}, 0)


@given(
    stored=st.dictionaries(st.integers(0, 9), st.booleans()),
    put=st.lists(st.integers(0, 9)),
    asked=st.lists(st.integers(0, 12)),
)
def test_the_doors_for_many_do_as_one_key_at_a_time(
    tmp_path_factory: pytest.TempPathFactory, stored: dict[int, bool], put: list[int], asked: list[int]
) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal.sqlite"
    keep(path, *map(str, stored))
    change(
        path, "".join(f"UPDATE replies SET sha256 = '' WHERE key = '{n}';" for n, whole in stored.items() if not whole)
    )
    twin = {str(n): REPLY for n, whole in stored.items() if whole}
    new = 0
    with Journal(path) as journal:
        for place, n in enumerate(put):
            new += str(n) not in twin
            twin.setdefault(str(n), saying(f"at {place}"))
        assert journal.put_many((str(n), saying(f"at {place}")) for place, n in enumerate(put)) == new
    with Journal(path, claims=False) as journal:
        assert journal.known(list(map(str, asked))) == {str(n) for n in asked} & set(twin)
    assert kept(path, *map(str, asked))[0] == {str(n): twin[str(n)] for n in asked if str(n) in twin}


def test_replies_that_are_put_end_the_wait_for_a_claim(tmp_path: Path) -> None:
    async def run() -> None:
        with Journal(tmp_path / "j.sqlite") as one, Journal(tmp_path / "j.sqlite") as other:
            assert await one.take("k") is None
            waiting = asyncio.create_task(other.take("k"))
            assert one.put_many([("k", REPLY)]) == 1
            assert await waiting == REPLY

    asyncio.run(run())


# Only read
def read(path: Path, keys: Sequence[str]) -> list[Reply | None]:
    async def all_at_once() -> list[Reply | None]:
        with Journal(path, claims=False) as journal:
            return await asyncio.gather(*(journal.take(key) for key in keys))

    return asyncio.run(all_at_once())


def test_a_journal_that_only_reads_claims_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"

    async def beside_a_buyer() -> None:
        with Journal(path) as buyer:
            assert (await buyer.keep("paid", REPLY), await buyer.take("claimed")) == (None, None)
            with Journal(path, claims=False) as reader:
                keys = ("paid", "claimed", "new")
                assert [await reader.take(key) for key in keys] == [REPLY, None, None]
                assert reader.known(keys) == {"paid"}
                with pytest.raises(JournalError, match="cannot be written"):
                    await reader.keep("new", REPLY)
                with pytest.raises(JournalError, match="cannot be written"):
                    reader.put_many([("new", REPLY)])

    asyncio.run(beside_a_buyer())
    before = path.read_bytes()
    assert read(path, ["paid", "new"]) == [REPLY, None]
    assert path.read_bytes() == before
    assert not list((tmp_path / "journal.sqlite.owners").iterdir())


@pytest.mark.parametrize("empty", [False, True])
def test_a_journal_that_only_reads_is_not_created(tmp_path: Path, empty: bool) -> None:
    path = tmp_path / "journal.sqlite"
    if empty:
        path.touch()
    assert read(path, ["k"]) == [None]
    with Journal(path, claims=False) as journal:
        assert journal.known(["k"]) == set()
    assert [file.stat().st_size for file in tmp_path.iterdir() if file.name != "home"] == [0] * empty


def test_a_journal_that_only_reads_refuses_what_is_no_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    change(path, "PRAGMA user_version=99")
    with pytest.raises(JournalError, match="layout is 99"):
        Journal(path, claims=False)


def test_a_file_that_another_process_is_just_creating_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    creator = sqlite3.connect(path, isolation_level=None)
    creator.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(Journal, path)
        time.sleep(0.2)
        assert not waiting.done()
        creator.execute("COMMIT")
        with waiting.result() as journal:
            assert journal.put_many([("k", REPLY)]) == 1
    creator.close()
