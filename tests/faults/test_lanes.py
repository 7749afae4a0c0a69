"""Both lanes over real HTTP: the same reply, the same failure, and nothing that the wire does to one of them alone."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from druqa.models import wire
from druqa.models.base import ModelFailure, Reply
from druqa.models.client import LitellmModel
from druqa.models.replies import VerdictReply, json_schema
from druqa.prompts import PromptText
from druqa.settings import ModelSettings
from tests.support.loopback import Handler, Loopback, completion, serve

KEY = "sk-lanes-0123456789"
FORM = json_schema(VerdictReply)
PROMPT = PromptText(instruction="instruction", data="data")
PLAIN = completion("m", "{}")


@dataclass
class Scripted(Loopback):
    """Does to each request what it is told to, and remembers what was sent."""

    act: Callable[[Handler], None] = lambda handler: handler.send(200, {}, json.dumps(PLAIN).encode())
    sent: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)

    def respond(self, handler: Handler, request: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.sent.append((handler.path, headers, request))
        self.act(handler)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANES_KEY", KEY)


def ask(server: Loopback, times: int = 1, name: str = "openai/m", **parameters: Any) -> list[Reply | ModelFailure]:
    settings = ModelSettings(api_base=server.base, api_key_env="LANES_KEY", parameters=parameters)
    model = LitellmModel(name, settings)

    async def all_of_them() -> list[Any]:
        heard: list[Any] = []
        for _ in range(times):
            heard += await asyncio.gather(model.complete(PROMPT, FORM), return_exceptions=True)
        await model.run_ended()
        return heard

    return asyncio.run(all_of_them())


def through_both(act: Callable[[Handler], None]) -> tuple[Any, Any, Scripted]:
    """What came through the fast lane, and through the other, which a parameter that changes nothing opens."""
    with serve(Scripted(act=act)) as server:
        assert isinstance(server, Scripted)
        (fast,), (other,) = ask(server), ask(server, n=1)
    return fast, other, server


def sends(status: int, body: Any, **headers: str) -> Callable[[Handler], None]:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda handler: handler.send(status, {name.replace("_", "-"): v for name, v in headers.items()}, payload)


def in_turn(*acts: Callable[[Handler], None]) -> Callable[[Handler], None]:
    left = list(acts)

    def act(handler: Handler) -> None:
        left.pop(0)(handler)

    return act


def changed(**choice: Any) -> dict[str, Any]:
    (first,) = PLAIN["choices"]
    return {**PLAIN, "choices": [{**first, **choice}]}


def says(**message: Any) -> dict[str, Any]:
    return changed(message={"role": "assistant", **message})


BODIES: dict[str, Any] = {
    "plain": PLAIN,
    "cut": changed(finish_reason="length"),
    "filtered": changed(finish_reason="content_filter"),
    "no finish": changed(finish_reason=None),
    "a native finish": changed(native_finish_reason="MALFORMED_RESPONSE"),
    "a refusal": says(content=None, refusal="I can't help with that."),
    "thoughts": says(content="{}", reasoning_content="hm"),
    "thoughts inside": says(content="<think>hm</think>{}"),
    "parts": says(content=[{"type": "text", "text": "{}"}]),
    "a tool": says(
        content=None, tool_calls=[{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    ),
    "two choices": {**PLAIN, "choices": [*PLAIN["choices"], *PLAIN["choices"]]},
    "no choice": {**PLAIN, "choices": []},
    "nothing": says(content=None),
    "blanks": says(content=" \n"),
    "no usage": {**PLAIN, "usage": None},
    "odd usage": {**PLAIN, "usage": {"prompt_tokens": -1, "completion_tokens": 10**9, "total_tokens": 0}},
    "no model": {**PLAIN, "model": None},
    "an odd model": {**PLAIN, "model": "org/m\n\x1b[31m"},
    "a lone surrogate": says(content='{"a": "\ud800"}'),
    "an error": {"error": {"message": "overloaded", "type": "server_error", "code": 500}},
    "no JSON": b"<html>Bad Gateway</html>",
    "half of it": json.dumps(PLAIN).encode()[:50],
    "a list": [PLAIN],
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_both_lanes_read_the_same_reply(body: Any) -> None:
    fast, other, _ = through_both(sends(200, body))
    if isinstance(other, Reply):
        assert fast == other
    else:
        assert (fast.retryable, fast.fatal, fast.busy) == (other.retryable, other.fatal, other.busy)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 408, 409, 413, 418, 429, 500, 502, 503, 504, 529])
@pytest.mark.parametrize("after", ["", "7", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_both_lanes_fail_alike(status: int, after: str) -> None:
    echo = {"error": {"message": f"scripted {status}, key {KEY}", "type": "scripted"}}
    fast, other, _ = through_both(sends(status, echo, **({"Retry_After": after} if after else {})))
    assert isinstance(fast, ModelFailure)
    assert (fast.retryable, fast.fatal, fast.retry_after) == (other.retryable, other.fatal, other.retry_after)
    assert fast.busy == other.busy
    for failure in (fast, other):
        assert f"scripted {status}" in failure.reason
        assert failure.reason.startswith("openai/m: ")
        assert KEY not in failure.reason


def test_both_lanes_send_the_same_over_the_wire() -> None:
    _, _, server = through_both(sends(200, PLAIN))
    (path, headers, body), (other_path, other_headers, other_body) = server.sent
    assert other_body.pop("n") == 1
    assert (path, body) == (other_path, other_body)
    for name in ("authorization", "content-type"):
        assert headers[name] == other_headers[name]


def test_a_server_that_refuses_a_parameter_is_asked_again_by_litellm() -> None:
    refusal = {
        "error": {"message": "x", "type": "x", "param": None, "code": None},
        "detail": [{"loc": ["body", "seed"]}],
    }
    with serve(Scripted(act=in_turn(sends(422, refusal), sends(200, PLAIN)))) as server:
        (heard,) = ask(server, seed=7)
    assert isinstance(heard, Reply)


def test_packed_bodies_are_unpacked() -> None:
    fast, other, _ = through_both(sends(200, gzip.compress(json.dumps(PLAIN).encode()), Content_Encoding="gzip"))
    assert (
        fast
        == other
        == Reply(text="{}", finish_reason="stop", answered_as="m-as-served", prompt_tokens=100, completion_tokens=20)
    )


@pytest.mark.parametrize("packed", [False, True])
def test_of_a_body_no_more_is_read_than_can_be_a_reply(packed: bool) -> None:
    endless = b" " * (3 * wire.LONGEST_BODY)
    act = sends(200, gzip.compress(endless), Content_Encoding="gzip") if packed else sends(200, endless)
    with serve(Scripted(act=act)) as server:
        (heard,) = ask(server)
    assert isinstance(heard, ModelFailure)
    assert "longer than 8,000,000 bytes" in heard.reason
    assert not heard.retryable


def test_no_redirect_is_followed_and_no_cookie_kept() -> None:
    moving = sends(307, b"", Location="/v1/elsewhere", Set_Cookie="a=1")
    with serve(Scripted(act=in_turn(moving, sends(200, PLAIN)))) as server:
        assert isinstance(server, Scripted)
        moved, heard = ask(server, times=2)
    assert isinstance(moved, ModelFailure)
    assert "status 307" in moved.reason
    assert isinstance(heard, Reply)
    assert [path for path, _, _ in server.sent] == ["/v1/chat/completions"] * 2
    assert all("cookie" not in headers for _, headers, _ in server.sent)


def test_one_connection_serves_question_after_question_and_a_new_run_opens_its_own() -> None:
    ports = []
    with serve(Scripted(act=lambda h: (ports.append(h.client_address), sends(200, PLAIN)(h))[1])) as server:
        model = LitellmModel("openai/m", ModelSettings(api_base=server.base, api_key_env="LANES_KEY"))

        async def run() -> None:
            for _ in range(3):
                await model.complete(PROMPT, FORM)
            await model.run_ended()

        asyncio.run(run())
        asyncio.run(run())
    assert len(ports) == 6
    assert len(set(ports)) == 2


def test_connections_that_another_run_uses_stay_open() -> None:
    with serve(Scripted(act=lambda h: (asyncio.run(asyncio.sleep(0.3)), sends(200, PLAIN)(h))[1])) as server:
        model = LitellmModel("openai/m", ModelSettings(api_base=server.base, api_key_env="LANES_KEY"))

        async def both() -> Reply:
            slow = asyncio.create_task(model.complete(PROMPT, FORM))
            await asyncio.sleep(0.1)
            await model.run_ended()
            reply = await slow
            await model.run_ended()
            return reply

        assert asyncio.run(both()).text == "{}"


def test_the_environments_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(Scripted()) as proxy:
        assert isinstance(proxy, Scripted)
        monkeypatch.setenv("http_proxy", proxy.base.removesuffix("/v1"))
        monkeypatch.delenv("no_proxy", raising=False)
        model = LitellmModel("openai/m", ModelSettings(api_base="http://model.invalid/v1", api_key_env="LANES_KEY"))

        async def run() -> Reply:
            try:
                return await model.complete(PROMPT, FORM)
            finally:
                await model.run_ended()

        assert asyncio.run(run()).text == "{}"
    assert proxy.sent[0][0] == "http://model.invalid/v1/chat/completions"
