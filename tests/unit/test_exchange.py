"""Deadlines by the clock, retries that help, lines that close, and every distinct prompt bought once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from druqa.models import line as module
from druqa.models.asker import Asker, Status
from druqa.models.base import Limits, ModelFailure, Price, Reply
from druqa.models.exchange import Exchange
from druqa.models.journal import Journal, reply_key
from druqa.models.replies import VerdictReply
from druqa.prompts import PromptText
from druqa.scrubbing import scrub

ECHO = {"question_id": "q1", "drug_1": "a", "drug_2": "b"}
NO = json.dumps({**ECHO, "outcome": "no_interaction", "severity": None, "mechanism": "", "reason": "none"})
PROMPT = PromptText(instruction="i", data='question_id: "q1"')


class Model:
    name, family = "stub/one", "stub"
    parameters: Mapping[str, Any] = {}
    price: Price | None = None

    def __init__(self, answer: Callable[[int], Any], limits: Limits | None = None) -> None:
        self.limits, self._answer, self.calls = limits or Limits(), answer, 0

    def prepare(self) -> None: ...

    async def complete(self, prompt: PromptText, schema: Mapping[str, Any]) -> Reply:
        self.calls += 1
        said = self._answer(self.calls)
        if asyncio.iscoroutine(said):
            said = await said
        if isinstance(said, Exception):
            raise said
        return Reply(text=said, finish_reason="stop")


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_WAIT_S", 0.001)


def ask(model: Model, times: int = 1, deadline_s: float | None = None, same: bool = False) -> tuple[list[Any], Asker]:
    async def all_of_them() -> tuple[list[Any], Asker]:
        exchange = Exchange({model.name: model}, None, deadline_s)
        asker = Asker(exchange, 10_000)
        prompts = [PROMPT if same else PromptText(instruction="i", data=f"{PROMPT.data}\n{n}") for n in range(times)]
        heard = await asyncio.gather(*(asker.ask(model.name, "screener", p, VerdictReply, ECHO) for p in prompts))
        await exchange.close()
        return heard, asker

    return asyncio.run(all_of_them())


def test_a_passing_failure_is_asked_again() -> None:
    model = Model(lambda call: ModelFailure("busy", retryable=True) if call < 3 else NO)
    (heard,), asker = ask(model)
    assert heard.status is Status.ANSWERED
    assert (model.calls, asker.tally.calls, asker.tally.answered) == (3, 1, 1)


def test_a_lasting_failure_is_a_failed_question_with_its_reason() -> None:
    (heard,), asker = ask(Model(lambda call: ModelFailure("bad request")))
    assert (heard.status, heard.problem) == (Status.FAILED, "bad request")
    assert asker.tally.failed == 1


def test_a_malformed_reply_is_asked_again_once() -> None:
    mended = Model(lambda call: "no" if call == 1 else NO)
    (heard,), _ = ask(mended)
    assert (heard.status, mended.calls) == (Status.ANSWERED, 2)
    hopeless = Model(lambda call: "no")
    (heard,), asker = ask(hopeless)
    assert (heard.status, hopeless.calls) == (Status.UNPARSED, 2)
    assert asker.tally.failed == 1


def test_the_deadline_of_a_call_is_by_the_clock_even_if_the_model_will_not_be_cancelled() -> None:
    async def stubborn() -> str:
        for _ in range(20):
            try:
                await asyncio.sleep(0.05)
            except asyncio.CancelledError:
                continue
        return NO

    began = monotonic()
    (heard,), _ = ask(Model(lambda call: stubborn(), Limits(timeout_s=0.05)), deadline_s=0.2)
    assert heard.status is Status.FAILED
    assert "0.05 s" in heard.problem or "deadline" in heard.problem
    assert monotonic() - began < 5


def test_what_is_asked_after_the_deadline_is_not_asked() -> None:
    async def slow() -> str:
        await asyncio.sleep(10)
        return NO

    async def run() -> tuple[Any, Any, int]:
        model = Model(lambda call: slow())
        exchange = Exchange({model.name: model}, None, 0.05)
        asker = Asker(exchange, 10_000)
        first = await asker.ask(model.name, "screener", PROMPT, VerdictReply, ECHO)
        late = await asker.ask(model.name, "screener", PROMPT, VerdictReply, ECHO)
        await exchange.close()
        return first, late, asker.tally.not_asked

    first, late, not_asked = asyncio.run(run())
    assert first.status is Status.FAILED
    assert (late.status, not_asked) == (Status.NOT_ASKED, 1)


def test_a_wait_longer_than_patience_is_a_failure_at_once() -> None:
    model = Model(lambda call: ModelFailure("429", retryable=True, retry_after=3600))
    (heard,), _ = ask(model)
    assert (heard.status, model.calls) == (Status.FAILED, 1)


def test_a_refused_key_closes_the_line() -> None:
    model = Model(lambda call: ModelFailure("the key was refused", fatal=True), Limits(concurrency=1))
    heard, _ = ask(model, times=20)
    assert model.calls == 1
    assert {h.problem for h in heard} == {"the key was refused"}


def test_a_model_that_is_down_is_not_asked_forever() -> None:
    model = Model(lambda call: ModelFailure("connection refused", retryable=True), Limits(concurrency=2))
    heard, asker = ask(model, times=200)
    assert model.calls < 60
    assert asker.tally.failed == 200
    assert "connection refused" in heard[-1].problem


@pytest.mark.parametrize("blank", [None, "", " \n"])
def test_a_response_without_a_reply_is_a_failure_that_may_pass_and_nothing_to_keep(
    blank: str | None, tmp_path: Path
) -> None:
    (heard,), _ = ask(Model(lambda call: blank if call < 3 else NO))
    assert heard.status is Status.ANSWERED

    async def kept_of(model: Model) -> Reply | None:
        with Journal(tmp_path / "journal.sqlite") as journal:
            exchange = Exchange({model.name: model}, journal, None)
            with pytest.raises(ModelFailure, match="without a reply"):
                await exchange.reply(model.name, PROMPT, {})
            await exchange.close()
            return await journal.take(reply_key(model.name, model.parameters, PROMPT))

    assert asyncio.run(kept_of(Model(lambda call: blank))) is None


def test_a_server_that_takes_fewer_at_once_than_the_limits_say_loses_no_question() -> None:
    under_way = 0

    async def crowded() -> str:
        nonlocal under_way
        if under_way >= 5:
            raise ModelFailure("429", retryable=True, busy=True)
        under_way += 1
        await asyncio.sleep(0.003)
        under_way -= 1
        return NO

    model = Model(lambda call: crowded(), Limits(concurrency=64))
    heard, asker = ask(model, times=400)
    assert {h.status for h in heard} == {Status.ANSWERED}
    assert asker.tally.answered == 400


def test_one_prompt_that_many_ask_is_bought_once() -> None:
    async def slow() -> str:
        await asyncio.sleep(0.02)
        return NO

    model = Model(lambda call: slow())
    heard, asker = ask(model, times=10, same=True)
    assert {h.status for h in heard} == {Status.ANSWERED}
    assert (model.calls, asker.tally.calls, asker.tally.answered) == (1, 1, 10)


def test_a_bug_in_a_model_is_a_failed_question() -> None:
    (heard,), _ = ask(Model(lambda call: ZeroDivisionError("oops")))
    assert (heard.status, heard.problem) == (Status.FAILED, "ZeroDivisionError: oops")


@pytest.mark.parametrize(
    "text",
    ["Incorrect API key provided: sk-proj-abc123def456", "Bearer eyJhbGciOi.abc", "the key CANARY-12345 was refused"],
)
def test_keys_are_scrubbed_from_failures(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "CANARY-12345")
    assert "[secret]" in ModelFailure(text).reason
    assert not {"abc123def456", "eyJhbGciOi", "CANARY-12345"} & set(scrub(text).replace("-", " ").split())
    assert "CANARY-12345" not in scrub(text)


@pytest.mark.parametrize(
    ("said", "reason"), [("", "it gave no reason"), (" \n", "it gave no reason"), ("\ud800 x", "\\ud800 x")]
)
def test_a_failure_has_a_reason_that_can_be_written_down(said: str, reason: str) -> None:
    assert ModelFailure(said).reason == reason


def test_of_a_reply_no_more_is_kept_than_can_be_read() -> None:
    assert Reply(text=" " * 1_000_000 + NO).text == NO
    assert len(Reply(text="x" * 5_000_000).text or "") == 50_001
    odd = Reply(text=NO, answered_as="m\ud800\n" * 1_000, finish_reason="f\n" * 1_000)
    odd.model_dump_json()
    assert len(odd.answered_as or "") < 310
    assert len(odd.finish_reason or "") < 310


@pytest.mark.parametrize("behind", [" ", "x", " {}"])
def test_a_reply_that_was_cut_is_never_taken_for_a_whole_one(behind: str) -> None:
    from druqa.models.base import LONGEST_REPLY  # noqa: PLC0415
    from druqa.models.replies import UnparsedReplyError, read_reply  # noqa: PLC0415

    padded = NO[:-1] + " " * (LONGEST_REPLY - len(NO)) + "}"
    reply = Reply(text=padded + behind + "but it may cause bleeding", finish_reason="stop")
    for _ in range(3):
        with pytest.raises(UnparsedReplyError, match="more than"):
            read_reply(reply, VerdictReply, ECHO)
        reply = Reply.model_validate_json(reply.model_dump_json())
