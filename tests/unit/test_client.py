"""The door to litellm: what it reads of litellm's inside, and what it makes of replies and errors."""

from __future__ import annotations

from types import SimpleNamespace as Obj

import pytest

from druqa.models.base import ModelFailure
from druqa.models.client import LitellmModel
from druqa.models.provider import price_of
from druqa.models.response import failure_of, reply_in
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


PRICE = price_of("openai/gpt-4o-mini")


def test_reads_a_reply_with_its_cost() -> None:
    read = reply_in(reply(content="{}"), PRICE)
    assert (read.text, read.finish_reason, read.answered_as, read.prompt_tokens) == ("{}", "stop", "served", 7)
    assert read.usd is not None
    assert read.usd > 0


@pytest.mark.parametrize(
    "empty",
    [
        Obj(choices=[], usage=None),
        Obj(choices=None),
        Obj(),
        *(reply(content=c) for c in (None, "", " \n", [{"text": "no"}])),
    ],
)
def test_a_response_without_a_reply_is_blank(empty: Obj) -> None:
    assert reply_in(empty, PRICE).is_blank


@pytest.mark.parametrize("finish", ["length", "content_filter", "tool_calls"])
def test_what_ended_without_words_for_a_reason_is_a_paid_reply(finish: str) -> None:
    read = reply_in(reply(content=None, finish=finish), PRICE)
    assert (read.text, read.finish_reason) == (None, finish)


def test_a_refusal_is_a_paid_reply() -> None:
    refused = reply(content=None, provider_specific_fields={"refusal": "I can't help with that."})
    assert reply_in(refused, PRICE).finish_reason == "refusal"


@pytest.mark.parametrize("native", ["error", "network_error", "MALFORMED_RESPONSE", "whatever"])
def test_an_end_that_litellm_calls_stop_is_called_by_its_own_name(native: str) -> None:
    response = reply(content="{}")
    response.choices[0].provider_specific_fields = {"native_finish_reason": native}
    assert reply_in(response, PRICE).finish_reason == native
    response.choices[0].provider_specific_fields = {"native_finish_reason": "end_turn"}
    assert reply_in(response, PRICE).finish_reason == "stop"


def test_several_choices_count_only_where_they_say_the_same() -> None:
    response = Obj(choices=[*reply(content="{}").choices, *reply(content="{}").choices], usage=None)
    assert reply_in(response, PRICE).finish_reason == "stop"
    response.choices[1].message.content = "yes"
    assert reply_in(response, PRICE).finish_reason == "it holds several different replies"


@pytest.mark.parametrize("odd", [-5, "many", None, 1.5e300])
def test_an_odd_count_of_tokens_is_none(odd: object) -> None:
    response = reply(content="{}")
    response.usage, response.model = Obj(prompt_tokens=odd, completion_tokens=odd), 7
    read = reply_in(response, PRICE)
    assert (read.prompt_tokens, read.completion_tokens, read.usd, read.answered_as) == (0, 0, 0.0, None)


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
    failure = failure_of("m", error)
    assert (failure.retryable, failure.fatal, failure.retry_after) == (bool(retryable), bool(fatal), 7.0)


@pytest.mark.parametrize("after", ["Wed, 21 Oct 2026 07:28:00 GMT", "soon", ""])
def test_a_retry_after_that_is_no_number_is_left_to_our_backoff(after: str) -> None:
    error = Exception("boom")
    error.status_code = 429  # type: ignore[attr-defined]
    error.response = Obj(headers={"retry-after": after})  # type: ignore[attr-defined]
    assert failure_of("m", error).retry_after is None


def test_headers_that_litellm_keeps_apart_are_read() -> None:
    error = Exception("boom")
    error.status_code, error.response = 429, Obj(headers={})  # type: ignore[attr-defined]
    error.litellm_response_headers = {"retry-after": "7"}  # type: ignore[attr-defined]
    assert failure_of("m", error).retry_after == 7.0


def test_a_key_that_is_meant_to_be_in_the_environment_and_is_not() -> None:
    with pytest.raises(ModelFailure, match="NO_SUCH_KEY"):
        LitellmModel("openai/x", ModelSettings(api_key_env="NO_SUCH_KEY")).prepare()
