"""Lines of results: each kind that providers write, and whatever else may stand in such a file."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from druqa.batch.provider.result_lines import numbered_lines
from druqa.batch.provider.results import NoResultError, State, read_result

BODY = {"choices": [{"message": {"content": "{}"}}]}


def openai(status: int | None = 200, body: Any = None, error: Any = None) -> dict[str, Any]:
    response = None if status is None else {"status_code": status, "request_id": "r", "body": body}
    return {"id": "batch_req_1", "custom_id": "q1", "response": response, "error": error}


def anthropic(**result: Any) -> dict[str, Any]:
    return {"custom_id": "q1", "result": result}


@pytest.mark.parametrize(
    ("line", "state", "reason"),
    [
        (openai(body=BODY), State.SUCCEEDED, ""),
        (anthropic(type="succeeded", message=BODY), State.SUCCEEDED, ""),
        (openai(None, error={"code": "batch_expired", "message": "too late"}), State.EXPIRED, ""),
        (anthropic(type="expired"), State.EXPIRED, ""),
        (openai(None, error={"code": "batch_cancelled", "message": "stopped"}), State.CANCELED, ""),
        (anthropic(type="canceled"), State.CANCELED, ""),
        (
            openai(429, {"error": {"message": "slow down", "type": "requests", "code": "rate_limit_exceeded"}}),
            State.ERRORED,
            "429 requests: rate_limit_exceeded: slow down",
        ),
        (
            anthropic(type="errored", error={"type": "error", "error": {"type": "api_error", "message": "sorry"}}),
            State.ERRORED,
            "api_error: sorry",
        ),
        # vLLM: the body is null and the error stands beside it, wrapped or not.
        (
            openai(400, None, {"error": {"message": "too long", "type": "BadRequestError", "code": 400}}),
            State.ERRORED,
            "400 BadRequestError: 400: too long",
        ),
        (openai(200, None, "it broke"), State.ERRORED, "it broke"),
        # A status of 200 beside an error, or without a body, is no reply.
        (openai(200, BODY, {"message": "no"}), State.ERRORED, "no"),
        (openai(200, {"error": {"message": "no"}}), State.ERRORED, "no"),
        (openai(200, None), State.ERRORED, "it gives no reason"),
        (openai(503, BODY), State.ERRORED, "503 it gives no reason"),
        (anthropic(type="errored", error=None), State.ERRORED, "it gives no reason"),
    ],
)
def test_a_line_says_what_became_of_its_request(line: dict[str, Any], state: State, reason: str) -> None:
    result = read_result(json.dumps(line).encode())
    assert (result.custom_id, result.state, result.reason) == ("q1", state, reason)
    assert result.body == (BODY if state is State.SUCCEEDED else None)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", "it is not one JSON object"),
        (b"\xff\xfe{", "it is not one JSON object"),
        (b'"custom_id"', "it is not one JSON object"),
        (b"[" * 100_000, "it is not one JSON object"),
        (b"{}", "it has no custom_id"),
        (b'{"custom_id": 7, "response": {}}', "it has no custom_id"),
        (b'{"custom_id": "q1"}', "it holds no result"),
        (b'{"custom_id": "q1", "body": {}}', "it is a request, not a result"),
        (b'{"custom_id": "q1", "params": {}}', "it is a request, not a result"),
        (b'{"custom_id": "q1", "result": {"type": "odd"}}', "its result is of no known type"),
    ],
)
def test_what_is_no_result_is_refused_with_the_reason(line: bytes, why: str) -> None:
    with pytest.raises(NoResultError, match=why):
        read_result(line)


def test_a_key_in_an_error_is_not_repeated() -> None:
    line = openai(401, {"error": {"message": "Incorrect API key provided: sk-abcdefgh12345678"}})
    assert "abcdefgh" not in read_result(json.dumps(line).encode()).reason


ANYTHING: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["custom_id", "response", "error", "result", "type", "body", "message", "status_code", "code"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(ANYTHING)
def test_no_line_raises_anything_else(said: Any) -> None:
    with suppress(NoResultError):
        assert read_result(json.dumps(said).encode()).custom_id


@given(st.lists(st.binary(max_size=12).map(lambda b: b.replace(b"x", b"\n")), max_size=12), st.integers(0, 8))
def test_lines_are_those_of_the_whole_file_however_it_is_cut(blocks: list[bytes], longest: int) -> None:
    lines = b"".join(blocks).split(b"\n")
    if not lines[-1]:
        lines.pop()
    expected = [(no, None if len(line) > longest else line) for no, line in enumerate(lines, start=1)]
    assert list(numbered_lines(blocks, longest)) == expected
