"""Both lanes send the same request and read the same reply: what this says of litellm's inside must be seen to move."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import aiohttp
import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from druqa.errors import SettingsError
from druqa.models import provider
from druqa.models.base import ModelFailure, Reply
from druqa.models.client import LitellmModel
from druqa.models.plain import SAMPLES, of_anthropic, of_openai
from druqa.models.replies import AnswerReply, VerdictReply, json_schema
from druqa.prompts import PromptText
from druqa.settings import ModelSettings

KEY = "sk-lanes-0123456789"
FORM = json_schema(VerdictReply)
PROMPT = PromptText(
    instruction="You check one pair.\n\nReply with one JSON object only.",
    data='question_id: "q1"\nDrug 1: "Caf\u00e9"\nDrug 2: "a \\"b\\""',
)
NAMES = {
    "anthropic": "claude-3-5-sonnet-20241022",
    "gemini": "gemini-2.0-flash",
    "groq": "llama-3.1-8b-instant",
    "mistral": "mistral-small-latest",
    "ollama": "llama3",
    "openai": "gpt-4o-mini",
    "openrouter": "openai/gpt-4o-mini",
}
# With a model of each kind that litellm writes otherwise: without response_format, with a tool in its place, reasoning.
MORE = [
    "openai/gpt-3.5-turbo",
    "openai/o3-mini",
    "openai/gpt-5-mini",
    "anthropic/claude-sonnet-4-5",
    "groq/openai/gpt-oss-20b",
]
MODELS = sorted(f"{name}/{NAMES.get(name, 'some-model')}" for name in provider.BY_HTTP | provider.BY_SDK) + MORE
OF_A_CONNECTION = {"host", "content-length", "connection", "accept", "accept-encoding", "user-agent"}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANES_KEY", KEY)


def model_of(name: str, api_base: str | None = None, **parameters: Any) -> LitellmModel:
    model = LitellmModel(name, ModelSettings(api_base=api_base, api_key_env="LANES_KEY", parameters=parameters))
    model.prepare()
    return model


class Sent(BaseException):
    """What a session of aiohttp's was about to send."""


Request = tuple[str, Any, dict[str, str]]


def sent_by_acompletion(model: LitellmModel) -> Request:
    """The request that litellm's own call really makes, in its last moment before the network."""
    found: list[Request] = []

    async def from_httpx(request: httpx.Request) -> httpx.Response:
        found.append((str(request.url), json.loads(await request.aread()), dict(request.headers)))
        raise Sent

    async def from_aiohttp(request: aiohttp.ClientRequest, _: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        body = request.body if isinstance(request.body, bytes) else await request.body.as_bytes()
        found.append((str(request.url), json.loads(body), dict(request.headers)))
        raise Sent

    async def call() -> None:
        from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler  # noqa: PLC0415

        if model.provider in provider.BY_HTTP:
            handler = AsyncHTTPHandler()
            await handler.client.aclose()
            handler.client = httpx.AsyncClient(transport=httpx.MockTransport(from_httpx))
            more: dict[str, Any] = {"client": handler}
        else:
            more = {"shared_session": aiohttp.ClientSession(middlewares=(from_aiohttp,))}
        with pytest.raises(Sent):
            await provider.call({**model._request(PROMPT, FORM), **more})
        if session := more.get("shared_session"):
            await session.close()

    # litellm keeps clients by their settings: each model is to get this session.
    provider.load().in_memory_llm_clients_cache.flush_cache()
    asyncio.run(call())
    (request,) = found
    return request


def named(headers: Mapping[str, str]) -> dict[str, str]:
    lower = {name.lower(): value for name, value in headers.items()}
    return {
        name: value.partition(";")[0]
        for name, value in lower.items()
        if name not in OF_A_CONNECTION and not name.startswith("x-stainless")
    }


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("api_base", [None, "http://127.0.0.1:9/v1"])
def test_the_fast_lane_sends_what_litellm_sends(name: str, api_base: str | None) -> None:
    model = model_of(name, api_base)
    template = model._template(FORM)
    assert template is not None, model._why_not
    url, body, headers = sent_by_acompletion(model)
    assert template.url == url
    assert json.loads(template.body(PROMPT)) == body == model.request_body(PROMPT, FORM)
    assert named(template.headers) == named(headers)
    assert KEY in str(dict(template.headers))
    assert KEY not in repr(template)


# A prompt as druqa makes them: with something in it, and no blanks around it.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).map(str.strip).filter(bool)
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("name", ["openai", "anthropic", "mistral", "ollama", "gemini"])
@SLOW
@given(TEXTS, TEXTS)
@example("instruction", "data")
@example("the same", "the same")
@example('"', "\\")
def test_the_template_is_what_litellm_writes_for_any_prompt(name: str, instruction: str, data: str) -> None:
    model = model_of(f"{name}/{NAMES[name]}", "http://127.0.0.1:9/v1")
    prompt = PromptText(instruction=instruction, data=data)
    written = provider.caught(model._request(prompt, FORM), model.provider)
    assert written is not None
    assert json.loads(written.body) == model.request_body(prompt, FORM)


def test_parameters_that_shape_the_request_are_in_it_and_a_form_has_its_own() -> None:
    model = model_of("openai/gpt-4o-mini", seed=7, extra_body={"guided": True}, extra_headers={"x-team": "pharmacy"})
    assert model.request_body(PROMPT, FORM) == sent_by_acompletion(model)[1]
    assert model.request_body(PROMPT, FORM)["guided"] is True
    template = model._template(FORM)
    assert template is not None
    assert named(template.headers)["x-team"] == "pharmacy"
    other = model.request_body(PROMPT, json_schema(AnswerReply))
    assert other["response_format"]["json_schema"]["name"] == "AnswerReply"
    assert (model.provider, model.model_id) == ("openai", "gpt-4o-mini")


def test_a_model_that_knows_no_response_format_gets_none() -> None:
    assert "response_format" not in model_of("openai/gpt-4").request_body(PROMPT, FORM)


@pytest.mark.parametrize(
    ("name", "parameters", "why"),
    [
        ("azure/x", {}, "azure"),
        ("vertex_ai/gemini-2.0-flash", {}, "vertex_ai"),
        ("watsonx/ibm/granite", {}, "watsonx"),
        ("no-such-provider/x", {}, "no-such-provider"),
        ("openai/o1-pro", {}, "openai"),
        ("openai/responses/gpt-4o", {}, "openai"),
        ("openai/gpt-4o-mini", {"stream": True}, "stream"),
        ("openai/gpt-4o-mini", {"fallbacks": ["openai/gpt-4o"]}, "fallbacks"),
        ("openai/gpt-5", {"reasoning_effort": "low", "extra_body": {"reasoningSummary": "auto"}}, "reasoning_effort"),
    ],
)
def test_what_only_litellm_can_send_takes_the_other_lane_and_says_why(
    name: str, parameters: dict[str, Any], why: str
) -> None:
    model = model_of(name, **parameters)
    with pytest.raises(SettingsError, match=why):
        model.request_body(PROMPT, FORM)
    with pytest.raises(SettingsError, match=why):
        model.read_response(b"{}")
    assert model._template(FORM) is None


def test_without_a_key_litellm_itself_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    model = LitellmModel("openai/gpt-4o-mini", ModelSettings())
    with pytest.raises(ModelFailure, match=r"the key was refused|api_key"):
        asyncio.run(model.complete(PROMPT, FORM))


# Reading.

COUNTS = st.one_of(st.integers(-1, 9), st.none(), st.just("7"), st.booleans())
WORDS = st.one_of(st.none(), st.sampled_from(["", " \\n", "{}", "no <think>x</think>", "\u00e9 \\ud800", "long " * 99]))
FINISHES = st.sampled_from(["stop", "length", "content_filter", "tool_calls", "eos", "error", "", None, "odd"])


def sometimes(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=values)


def merged(sample: dict[str, Any]) -> Any:
    return lambda changes: {**sample, **changes}


(_, OPENAI), (_, ANTHROPIC) = SAMPLES
MESSAGES = st.fixed_dictionaries(
    {"role": st.just("assistant"), "content": WORDS},
    optional={
        "refusal": st.sampled_from([None, "I can't"]),
        "reasoning_content": st.sampled_from([None, "", "thinking"]),
        "tool_calls": st.sampled_from([None, []]),
        "annotations": st.just([]),
    },
)
CHOICES = st.fixed_dictionaries(
    {"index": st.just(0), "message": MESSAGES},
    optional={"finish_reason": FINISHES, "native_finish_reason": FINISHES, "logprobs": st.none()},
)
OPENAI_BODIES = sometimes(
    choices=st.lists(CHOICES, max_size=2),
    usage=st.one_of(
        st.none(),
        st.fixed_dictionaries({"prompt_tokens": COUNTS, "completion_tokens": COUNTS, "total_tokens": COUNTS}),
        st.builds(
            lambda a, b: {"prompt_tokens": a, "completion_tokens": b, "total_tokens": a + b},
            st.integers(0, 9),
            st.integers(0, 9),
        ),
    ),
    model=st.sampled_from(["m", "", None, "org/m:free", "sample-as-served"]),
    error=st.sampled_from([None, {"message": "overloaded", "code": 500}]),
    system_fingerprint=st.none(),
).map(merged(OPENAI))
ANTHROPIC_BODIES = sometimes(
    content=st.lists(
        st.one_of(
            st.fixed_dictionaries({"type": st.just("text"), "text": WORDS}),
            st.just({"type": "thinking", "thinking": "hm", "signature": "x"}),
            st.just({"type": "tool_use", "id": "1", "name": "json_tool_call", "input": {"a": 1}}),
        ),
        max_size=2,
    ),
    stop_reason=st.sampled_from(["end_turn", "max_tokens", "refusal", "stop_sequence", "tool_use", None]),
    usage=sometimes(
        input_tokens=COUNTS, output_tokens=COUNTS, cache_read_input_tokens=COUNTS, cache_creation_input_tokens=COUNTS
    ),
    model=st.sampled_from(["claude", "", None]),
).map(merged(ANTHROPIC))


def reads_as_litellm(name: str, body: dict[str, Any]) -> None:
    model = READERS.setdefault(name, model_of(name))
    raw = json.dumps(body).encode()
    assert model._reading is not None
    plain = model._reading.read(raw)
    if plain is not None:
        theirs = model._by_litellm(raw)
        assert isinstance(theirs, Reply), theirs
        assert model._read(raw) == theirs


READERS: dict[str, LitellmModel] = {}


@pytest.mark.parametrize(
    "name",
    [
        "openai/gpt-4o-mini",
        "mistral/mistral-small-latest",
        "groq/llama-3.1-8b-instant",
        "openrouter/openai/gpt-4o-mini",
        "together_ai/x",
        "deepseek/deepseek-chat",
        "xai/grok-2",
        "hosted_vllm/x",
        "perplexity/sonar",
        "fireworks_ai/x",
    ],
)
@SLOW
@given(body=OPENAI_BODIES)
def test_what_is_plain_in_the_openai_protocol_is_read_as_litellm_reads_it(name: str, body: dict[str, Any]) -> None:
    reads_as_litellm(name, body)


@pytest.mark.parametrize("name", ["anthropic/claude-3-5-sonnet-20241022", "anthropic/claude-sonnet-4-5"])
@SLOW
@given(body=ANTHROPIC_BODIES)
def test_what_is_plain_in_anthropics_protocol_is_read_as_litellm_reads_it(name: str, body: dict[str, Any]) -> None:
    reads_as_litellm(name, body)


def test_most_of_the_providers_are_read_without_litellm() -> None:
    read = {name: model_of(name)._reading for name in MODELS}
    readers = {name: reading.reader for name, reading in read.items() if reading}
    assert {name.partition("/")[0] for name in set(MODELS) - set(readers)} == {"gemini", "ollama", "ollama_chat"}
    assert {name.partition("/")[0] for name, reader in readers.items() if reader is of_anthropic} == {"anthropic"}
    assert set(readers.values()) == {of_openai, of_anthropic}


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'{"choices": []}', b"\xff", b"<html>", b'{"error": {"message": "no"}}']
)
def test_a_body_without_a_reply_is_a_failure(body: bytes) -> None:
    with pytest.raises(ModelFailure):
        model_of("openai/gpt-4o-mini").read_response(body)


def test_a_body_is_read_for_a_file_of_replies() -> None:
    model = model_of("openai/gpt-4o-mini")
    read = model.read_response(json.dumps(OPENAI).encode())
    assert (read.text, read.finish_reason, read.answered_as) == ('{"a": "sample"}', "stop", "sample-as-served")
    assert (read.prompt_tokens, read.completion_tokens) == (7, 5)
    assert read.usd is not None
    assert read.usd > 0
