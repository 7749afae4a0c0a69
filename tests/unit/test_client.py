"""The door to litellm: what it reads of litellm's inside, and what it makes of replies and errors."""

from __future__ import annotations

from types import SimpleNamespace as Obj

import pytest

from druqa.models.base import ModelFailure
from druqa.models.client import LitellmModel, _failure, price_of
from druqa.settings import ModelSettings


def test_the_price_map_lies_where_it_is_looked_for() -> None:
    price = price_of("gpt-4o-mini")
    assert price is not None
    assert 0 < price.prompt < price.completion < 1e-3
    assert price_of("openai/gpt-4o-mini") == price
    assert price_of("openai/no-such-model") is None


def reply(**message: object) -> Obj:
    choice = Obj(message=Obj(**message), finish_reason=message.pop("finish", "stop"))
    return Obj(choices=[choice], usage=Obj(prompt_tokens=7, completion_tokens=None), model="served")


MODEL = LitellmModel("openai/gpt-4o-mini", ModelSettings())


def test_reads_a_reply_with_its_cost() -> None:
    read = MODEL._reply(reply(content="{}"))
    assert (read.text, read.finish_reason, read.answered_as, read.prompt_tokens) == ("{}", "stop", "served", 7)
    assert read.usd is not None
    assert read.usd > 0


@pytest.mark.parametrize(
    "empty",
    [Obj(choices=[], usage=None), Obj(choices=None), Obj(), reply(content=None), reply(content=[{"text": "no"}])],
)
def test_a_reply_without_content_is_a_paid_reply_without_text(empty: Obj) -> None:
    assert MODEL._reply(empty).text is None


@pytest.mark.parametrize(
    ("status", "retryable", "fatal"),
    [
        (401, False, True),
        (404, False, True),
        (400, False, False),
        (429, True, False),
        (503, True, False),
        (529, True, False),
    ],
)
def test_errors_by_status(status: int, retryable: int, fatal: int) -> None:
    error = Exception("boom")
    error.status_code = status  # type: ignore[attr-defined]
    error.response = Obj(headers={"retry-after": "7"})  # type: ignore[attr-defined]
    failure = _failure("m", error)
    assert (failure.retryable, failure.fatal, failure.retry_after) == (bool(retryable), bool(fatal), 7.0)


@pytest.mark.parametrize("after", ["Wed, 21 Oct 2026 07:28:00 GMT", "soon", ""])
def test_a_retry_after_that_is_no_number_is_left_to_our_backoff(after: str) -> None:
    error = Exception("boom")
    error.status_code = 429  # type: ignore[attr-defined]
    error.response = Obj(headers={"retry-after": after})  # type: ignore[attr-defined]
    assert _failure("m", error).retry_after is None


def test_a_key_that_is_meant_to_be_in_the_environment_and_is_not() -> None:
    with pytest.raises(ModelFailure, match="NO_SUCH_KEY"):
        LitellmModel("openai/x", ModelSettings(api_key_env="NO_SUCH_KEY")).prepare()
