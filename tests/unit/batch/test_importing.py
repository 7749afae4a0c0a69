"""Importing results: every id and every line is accounted for, and no line ends the rest."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from druqa.batch.provider import Account, import_files
from druqa.batch.provider.account import FATES, ResultFile
from druqa.batch.provider.index import FILE, append, opened
from druqa.errors import UsageError
from druqa.models.journal import Journal
from druqa.settings import journal_path
from druqa.views.batch_files import account_lines
from tests.support.batch_provider import FiledModel
from tests.support.loopback import completion

ALPHA = FiledModel("openai/alpha", "alpha")
BETA = FiledModel("anthropic/beta", "beta", provider="anthropic")
MODELS = {model.name: model for model in (ALPHA, BETA)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to which three questions were exported for one model and one for the other."""
    folder = tmp_path / "requests"
    export(folder, 1, [(f"q{n}", f"key{n}", ALPHA.name) for n in (1, 2, 3)])
    export(folder, 1, [("q4", "key4", BETA.name)])
    return folder


def export(folder: Path, round_: int, asked: Sequence[tuple[str, str, str]]) -> None:
    rows = [(*each, round_, f"{round_:03d}-{each[2].replace('/', '_')}-001.jsonl") for each in asked]
    with opened(folder) as (db, _):
        append(db, "idx.asked", rows)


def openai(id_: str, text: str | None = "yes", **error: Any) -> dict[str, Any]:
    if error:
        return {"id": "r", "custom_id": id_, "response": None, "error": error}
    body = completion("alpha", text or "")
    return {
        "id": "r",
        "custom_id": id_,
        "response": {"status_code": 200, "request_id": "r", "body": body},
        "error": None,
    }


def anthropic(id_: str, text: str = "yes") -> dict[str, Any]:
    content = [{"type": "text", "text": text}]
    message = {"model": "beta-1", "content": content, "stop_reason": "end_turn"}
    return {"custom_id": id_, "result": {"type": "succeeded", "message": message}}


def results(file: Path, *lines: dict[str, Any] | bytes) -> str:
    file.write_bytes(b"".join((x if isinstance(x, bytes) else json.dumps(x).encode()) + b"\n" for x in lines))
    return str(file)


def imported(folder: Path, *inputs: str) -> Account:
    return import_files(inputs, folder, MODELS.__getitem__)


def replies(*keys: str) -> dict[str, str | None]:
    async def take(journal: Journal) -> dict[str, str | None]:
        found = {key: await journal.take(key) for key in keys}
        return {key: reply.text for key, reply in found.items() if reply}

    with Journal(journal_path(), claims=False) as journal:
        return asyncio.run(take(journal))


def counts(file: ResultFile) -> dict[str, int]:
    return {name: count for name, count in file.model_dump(exclude={"file"}).items() if count}


def test_replies_go_under_their_keys_whichever_provider_and_file_they_come_from(folder: Path, tmp_path: Path) -> None:
    one = results(tmp_path / "one.jsonl", anthropic("q4", "four"), openai("q2", "two"))
    (tmp_path / "other.jsonl.gz").write_bytes(gzip.compress(json.dumps(openai("q1", "one")).encode()))
    account = imported(folder, one, str(tmp_path / "other.jsonl.gz"))
    assert replies("key1", "key2", "key3", "key4") == {"key1": "one", "key2": "two", "key4": "four"}
    assert (account.questions, account.answered, account.new, account.exit_code) == (4, 3, 3, 4)
    assert [(f.model, f.questions, f.succeeded, f.missing) for f in account.requests] == [
        (BETA.name, 1, 1, 0),
        (ALPHA.name, 3, 2, 1),
    ]


def test_every_line_counts_as_one_thing(folder: Path, tmp_path: Path) -> None:
    file = results(
        tmp_path / "output.jsonl",
        openai("q1", "first"),
        openai("q1", "first"),
        openai("q1", "second"),
        openai("q2", message="no", code="server_error"),
        openai("q3", code="batch_expired"),
        anthropic("q9"),
        b"{",
        b"",
        {"custom_id": "q4", "result": {"type": "canceled"}},
    )
    account = imported(folder, file)
    assert [counts(f) for f in account.results] == [
        {"lines": 8, "succeeded": 1, "duplicated": 2, "differing": 1, "errored": 1, "expired": 1, "canceled": 1}
        | {"unknown": 1, "unreadable": 1}
    ]
    assert account.errors == {"server_error: no": 1}
    assert [(bad.file, bad.line) for bad in account.unreadable] == [(file, 7)]
    assert replies("key1") == {"key1": "first"}
    alpha = account.requests[1]
    assert (alpha.succeeded, alpha.errored, alpha.expired, alpha.canceled, alpha.missing) == (1, 1, 1, 0, 0)
    assert account.requests[0].canceled == 1


Said = tuple[str, str]
KINDS: dict[str, Any] = {
    "succeeded": lambda id_: openai(id_, "one"),
    "otherwise": lambda id_: openai(id_, "other"),
    "errored": lambda id_: openai(id_, message="no"),
    "expired": lambda id_: openai(id_, code="batch_expired"),
    "canceled": lambda id_: openai(id_, code="batch_cancelled"),
    "unreadable": lambda _: b"{",
}
SAID = st.tuples(st.sampled_from(["q1", "q2", "q3", "q9"]), st.sampled_from(list(KINDS)))


@settings(max_examples=12)
@given(st.lists(st.lists(SAID, max_size=8), min_size=1, max_size=3))
def test_the_account_is_that_of_a_plain_walk_over_the_lines(files: list[list[Said]]) -> None:
    with TemporaryDirectory() as home:
        os.environ["DRUQA_HOME"] = home
        export(Path(home) / "requests", 1, [(f"q{n}", f"key{n}", ALPHA.name) for n in (1, 2, 3)])
        inputs = [
            results(Path(home) / f"{n}.jsonl", *(KINDS[kind](id_) for id_, kind in said))
            for n, said in enumerate(files)
        ]
        account = imported(Path(home) / "requests", *inputs)
    first: dict[str, str] = {}
    last: dict[str, str] = {}
    for said, file in zip(files, account.results, strict=True):
        expected: Counter[str] = Counter(lines=len(said))
        for id_, kind in said:
            if kind == "unreadable" or id_ == "q9":
                expected["unreadable" if kind == "unreadable" else "unknown"] += 1
            elif kind in ("succeeded", "otherwise"):
                expected["duplicated" if id_ in first else "succeeded"] += 1
                expected["differing"] += first.setdefault(id_, kind) != kind
            else:
                expected[kind] += 1
                last[id_] = kind
        assert counts(file) == dict(+expected)
    fates = Counter("succeeded" if id_ in first else last.get(id_, "missing") for id_ in ("q1", "q2", "q3"))
    (requests,) = account.requests
    assert {fate: getattr(requests, fate) for fate in FATES} == {fate: fates[fate] for fate in FATES}
    assert (account.answered, account.new) == (len(first), len(first))


def test_the_last_word_on_a_question_is_remembered_until_it_has_a_reply(folder: Path, tmp_path: Path) -> None:
    imported(folder, results(tmp_path / "errors.jsonl", openai("q1", message="no")))
    later = imported(folder, results(tmp_path / "nothing.jsonl"))
    assert (later.requests[1].errored, later.requests[1].missing, later.errors) == (1, 2, {"no": 1})
    export(folder, 2, [("q1", "key1", ALPHA.name)])
    again = imported(folder, results(tmp_path / "second.jsonl", openai("q1", "at last")))
    assert [(f.round, f.succeeded, f.missing) for f in again.requests if f.model == ALPHA.name] == [
        (1, 1, 2),
        (2, 1, 0),
    ]


def test_a_question_that_is_asked_again_is_counted_where_it_was_asked_last(folder: Path, tmp_path: Path) -> None:
    export(folder, 2, [("q1", "key1", ALPHA.name)])
    account = imported(folder, results(tmp_path / "nothing.jsonl"))
    assert [(f.round, f.missing, f.asked_again) for f in account.requests if f.model == ALPHA.name] == [
        (1, 2, 1),
        (2, 1, 0),
    ]
    assert (account.questions, account.answered) == (4, 0)


def test_the_same_again_changes_nothing(folder: Path, tmp_path: Path) -> None:
    lines = [openai(f"q{n}", f"said {n}") for n in (1, 2, 3)] + [anthropic("q4", "said 4")]
    file = results(tmp_path / "output.jsonl", *lines)
    first, second = imported(folder, file), imported(folder, file, file)
    assert (first.new, second.new) == (4, 0)
    assert first.exit_code == second.exit_code == 0
    assert second.requests == first.requests
    assert replies("key3") == {"key3": "said 3"}


@pytest.mark.parametrize("body", [None, [], "text", {"choices": []}, {"choices": [{"message": {"content": ""}}]}])
def test_what_holds_no_reply_is_errored_and_not_kept(folder: Path, tmp_path: Path, body: Any) -> None:
    line = openai("q1")
    line["response"]["body"] = body
    account = imported(folder, results(tmp_path / "output.jsonl", line))
    assert account.requests[1].errored == 1
    assert replies("key1") == {}


def test_a_refusal_without_text_is_a_reply(folder: Path, tmp_path: Path) -> None:
    """Were it not kept, it would be asked again and paid again for ever."""

    class Refusing(FiledModel):
        def read_response(self, body: bytes) -> Any:
            return super().read_response(body).model_copy(update={"text": None, "finish_reason": "content_filter"})

    file = results(tmp_path / "output.jsonl", openai("q1"))
    account = import_files([file], folder, lambda name: Refusing(name, "alpha"))
    assert account.requests[1].succeeded == 1


def test_a_key_of_the_environment_in_a_reply_is_concealed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-abcdefgh-12345678")
    imported(folder, results(tmp_path / "output.jsonl", openai("q1", "your key is sk-abcdefgh-12345678")))
    assert "abcdefgh" not in str(replies("key1"))


def test_long_lines_and_files_that_are_cut_off_end_nothing(folder: Path, tmp_path: Path) -> None:
    file = results(tmp_path / "a.jsonl", openai("q1"), b'{"custom_id": "' + b"x" * 10_000_001, openai("q2"))
    packed = gzip.compress(b"".join(json.dumps(openai("q3", "y" * 1_000)).encode() + b"\n" for _ in range(2_000)), 0)
    (tmp_path / "b.jsonl.gz").write_bytes(packed[:-100])
    account = imported(folder, file, str(tmp_path / "b.jsonl.gz"))
    assert [(bad.line, bad.problem.partition(":")[0]) for bad in account.unreadable] == [
        (2, "it is longer than 10 MB"),
        (None, "damaged or cut off, what follows is lost"),
    ]
    assert account.requests[1].succeeded == 3


def test_what_is_printed_says_what_is_open_and_why(folder: Path, tmp_path: Path) -> None:
    file = results(
        tmp_path / "out\x1b[2J.jsonl",
        openai("q1"),
        openai("q1", "other"),
        openai("q2", message="no\x1b[2J"),
        anthropic("q9"),
        b"{",
    )
    told = "\n".join(account_lines(imported(folder, file)))
    assert "\x1b" not in told
    for part in (
        "errored, 1 questions: no",
        ".jsonl, line 5: it is not one JSON object",
        "1 questions were answered again, and otherwise",
        "1 results have an id that is in no export",
        "1 of 4 questions have a reply, 1 of them new",
        "is wanted again by the next druqa batch export",
    ):
        assert part in told
    rows = [line.split() for line in told.splitlines() if line.startswith(ALPHA.name)]
    assert rows == [[ALPHA.name, "001-openai_alpha-001.jsonl", "3", "1", "1", "0", "0", "1", "0"]]


def test_ids_that_cannot_be_ours_are_unknown_whatever_they_hold(folder: Path, tmp_path: Path) -> None:
    odd = [openai(id_) for id_ in ("\ud800", "q1\0", "'; DROP TABLE ids", "x" * 100_000)]
    account = imported(folder, results(tmp_path / "output.jsonl", *odd, openai("q1")))
    assert counts(account.results[0]) == {"lines": 5, "succeeded": 1, "unknown": 4}


def test_a_folder_may_hold_the_requests_too(folder: Path) -> None:
    results(folder / "001-openai_alpha-001.jsonl", {"custom_id": "q1", "body": {}})
    results(folder / "output.jsonl", openai("q1"))
    account = imported(folder, str(folder))
    assert [(Path(f.file).name, f.lines) for f in account.results] == [("output.jsonl", 1)]


def test_an_import_that_is_broken_off_keeps_what_it_took_and_the_next_one_takes_the_rest(tmp_path: Path) -> None:
    count, folder = 6_000, tmp_path / "requests"
    export(folder, 1, [(f"q{n}", f"key{n}", ALPHA.name) for n in range(count)])
    file = results(tmp_path / "output.jsonl", *(openai(f"q{n}") for n in range(count)))

    class Broken(FiledModel):
        left = count - 10

        def read_response(self, body: bytes) -> Any:
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt
            return super().read_response(body)

    broken = Broken(ALPHA.name, "alpha")
    with pytest.raises(KeyboardInterrupt):
        import_files([file], folder, lambda _: broken)
    account = imported(folder, file)
    assert 0 < account.new < count
    assert account.answered == count
    assert sorted(left.name for left in folder.iterdir()) == [FILE]


def test_one_command_at_a_time_works_in_a_folder(folder: Path, tmp_path: Path) -> None:
    with opened(folder), pytest.raises(UsageError, match="cannot be opened"):
        imported(folder, results(tmp_path / "output.jsonl"))


def test_a_damaged_index_is_no_traceback(folder: Path, tmp_path: Path) -> None:
    (folder / FILE).write_bytes(b"no database" * 1_000)
    with pytest.raises(UsageError, match="cannot be opened"):
        imported(folder, results(tmp_path / "output.jsonl"))


def test_what_a_killed_command_left_is_swept_up(folder: Path, tmp_path: Path) -> None:
    (folder / "partial-killed").mkdir()
    (folder / "partial-killed" / "work.duckdb").write_bytes(b"half")
    imported(folder, results(tmp_path / "output.jsonl"))
    assert [file.name for file in folder.iterdir()] == [FILE]


def test_a_folder_without_an_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing was exported"):
        imported(tmp_path, results(tmp_path / "output.jsonl"))
    assert [file.name for file in tmp_path.iterdir()] == ["output.jsonl"]
