"""Requests into files: split by each provider's limits, the same bytes in whatever order the questions came."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from druqa.batch.provider.formats import ANTHROPIC, OPENAI, Limit, format_for
from druqa.batch.provider.index import opened
from druqa.batch.provider.request_files import RequestFiles
from druqa.batch.provider.wanted import Request, Wants
from druqa.models.collector import Wanted
from druqa.models.journal import reply_key
from druqa.prompts import PromptText
from druqa.records import question_id
from tests.support.batch_provider import FiledModel

SCHEMA = {"name": "VerdictReply", "schema": {}}
ALPHA = FiledModel("openai/alpha", "alpha")
BETA = FiledModel("anthropic/beta", "beta", provider="anthropic")
MODELS = {model.name: model for model in (ALPHA, BETA)}


def request(no: int, model: str, data: str = "data") -> Request:
    return Request(no, f"q{no:016x}", model, PromptText(instruction="View.", data=data), SCHEMA)


def wanted(question: str, said: str = "", model: FiledModel = ALPHA) -> Wanted:
    prompt = PromptText(instruction="View.", data=f'question_id: "{question_id(question)}"\n{said}')
    return Wanted(reply_key(model.name, model.parameters, prompt), model, prompt, SCHEMA)


def ids(db: object, wants: Sequence[Wanted]) -> dict[str, str]:
    """Key to id, as one export gives them."""
    collected = Wants(db)  # type: ignore[arg-type]
    for want in wants:
        collected.add(want)
    collected.number()
    return dict(db.execute("SELECT key, custom_id FROM numbered").fetchall())  # type: ignore[attr-defined]


def test_a_line_is_what_the_provider_wants() -> None:
    body = {"model": "alpha", "messages": []}
    assert json.loads(OPENAI.line("q1", body)) == {
        "custom_id": "q1",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": body,
    }
    assert json.loads(ANTHROPIC.line("q1", body)) == {"custom_id": "q1", "params": body}
    assert [format_for(provider) for provider in ("openai", "hosted_vllm", "anthropic")] == [OPENAI, OPENAI, ANTHROPIC]
    assert OPENAI.line("q1", {"lone": "\ud800"}).isascii()


def test_the_limits_are_the_providers() -> None:
    assert OPENAI.limit == Limit(50_000, 200_000_000)
    assert ANTHROPIC.limit == Limit(100_000, 256_000_000)


@given(
    st.lists(st.integers(0, 300), max_size=30),
    st.integers(1, 8),
    st.integers(1, 3_000),
)
def test_files_hold_every_request_once_in_order_and_never_more_than_the_limit(
    sizes: list[int], most: int, most_bytes: int
) -> None:
    requests = [request(no, ALPHA.name, "x" * size) for no, size in enumerate(sizes, start=1)]
    with TemporaryDirectory() as folder:
        files = RequestFiles(Path(folder), 1, {OPENAI.name: Limit(most, most_bytes)})
        files.write(requests, MODELS)
        lines = [(Path(folder) / file.name).read_bytes().splitlines(keepends=True) for file in files.written]
    assert [json.loads(line)["custom_id"] for part in lines for line in part] == [r.custom_id for r in requests]
    for part, file, following in zip(lines, files.written, [*lines[1:], []], strict=False):
        size = sum(map(len, part))
        assert (file.requests, file.bytes) == (len(part), size)
        assert len(part) == 1 or (len(part) <= most and size <= most_bytes)
        # And it is filled: the next line would have been too much.
        assert not following or len(part) == most or size + len(following[0]) > most_bytes
    assert [file.first for file in files.written] == [sum(map(len, lines[:at])) + 1 for at in range(len(lines))]


def test_names_tell_round_model_and_part(tmp_path: Path) -> None:
    files = RequestFiles(tmp_path, 2, {OPENAI.name: Limit(2, 10_000), ANTHROPIC.name: Limit(1, 10_000)})
    files.write([*(request(no, BETA.name) for no in (1, 2)), *(request(no, ALPHA.name) for no in (3, 4, 5))], MODELS)
    assert [(file.name, file.requests) for file in files.written] == [
        ("002-anthropic_beta-001.jsonl", 1),
        ("002-anthropic_beta-002.jsonl", 1),
        ("002-openai_alpha-001.jsonl", 2),
        ("002-openai_alpha-002.jsonl", 1),
    ]


def test_models_whose_names_look_alike_in_a_file_name_share_no_file(tmp_path: Path) -> None:
    models = {name: FiledModel(name, "alpha") for name in ("openai/a_b", "openai/a:b")}
    files = RequestFiles(tmp_path, 1)
    files.write([request(1, "openai/a:b"), request(2, "openai/a_b")], models)
    assert [file.name for file in files.written] == ["001-openai_a_b-001.jsonl", "001-openai_a_b-002.jsonl"]


@settings(max_examples=8)
@given(st.permutations(range(12)))
def test_the_order_in_which_questions_come_changes_no_byte(order: list[int]) -> None:
    wants = [wanted(f"{n % 5}", f"wording {n}", BETA if n % 3 else ALPHA) for n in range(12)]

    def written(wants: list[Wanted]) -> dict[str, bytes]:
        with TemporaryDirectory() as folder, opened(Path(folder)) as (db, partial):
            collected = Wants(db)
            for want in wants:
                collected.add(want)
            collected.number()
            files = RequestFiles(partial, 1, {OPENAI.name: Limit(3, 10_000), ANTHROPIC.name: Limit(3, 10_000)})
            files.write(collected.requests(), MODELS)
            return {file.name: (partial / file.name).read_bytes() for file in files.written}

    assert written([wants[n] for n in order]) == written(wants)


@settings(max_examples=12)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 4)), unique=True, max_size=8))
def test_an_id_is_the_question_and_the_key_in_every_export_and_folder(asked: list[tuple[str, int]]) -> None:
    """Whatever else is asked or was: a result that turns up in another folder can be put to no other prompt."""
    wants = [wanted(question, f"wording {n}") for question, n in asked]
    plain = {w.key: f"{question_id(q)}-{w.key[:16]}" for (q, _), w in zip(asked, wants, strict=True)}
    with TemporaryDirectory() as folder:
        for some in (wants[:3], wants):
            with opened(Path(folder)) as (db, _):
                assert ids(db, some) == {want.key: plain[want.key] for want in some}
                db.execute("INSERT INTO idx.asked SELECT custom_id, key, model, 1, 'file' FROM numbered")
    assert len(set(plain.values())) == len(plain)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", id_) for id_ in plain.values())
