"""The one door to litellm, and so to every hosted model. Nothing else in druqa imports it.

litellm takes seconds to import and looks for the network when it does, so it is imported at the first question, with
its local price map. It is asked in three ways: to make a call of its own (`call`), to write a request that is caught
before it leaves the process (`caught`), and to read a body that we received ourselves (`read`). Neither of the last
two can reach a network: what litellm holds for a connection is ours.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
import json
import os
import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from druqa.models.base import Price

if TYPE_CHECKING:
    import ssl

# What the host application hangs on litellm (callbacks that log, a cache) is for its own calls, not for ours. No
# parameter of a call turns off hooks that litellm calls before a request: the README says so.
_PRIVATE: dict[str, Any] = {
    "no-log": True,
    "turn_off_message_logging": True,
    "cache": {"no-cache": True, "no-store": True},
}

# Providers for which litellm takes an HTTP client of ours, and those for which it takes a client of OpenAI's SDK. For
# any other it might ignore what it is given and send the request: they are never caught. A test holds both lists.
BY_HTTP = frozenset(
    """
    anthropic deepseek fireworks_ai gemini groq hosted_vllm minimax mistral ollama ollama_chat openrouter ovhcloud
    together_ai xai
    """.split()  # noqa: SIM905 - one name a line would be fifty lines
)
BY_SDK = frozenset(
    """
    aiml baseten cerebras codestral custom_openai dashscope deepinfra docker_model_runner featherless_ai friendliai
    galadriel github hyperbolic inception lambda_ai litellm_proxy llamafile lm_studio meta_llama moonshot morph
    nebius novita nscale nvidia_nim openai perplexity sambanova scaleway v0 vercel_ai_gateway volcengine wandb
    xinference zai
    """.split()  # noqa: SIM905 - one name a line would be fifty lines
)


@dataclass(frozen=True)
class Caught:
    """A request as litellm would have sent it. Its headers hold a key: they are in no representation."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class _Leaving(BaseException):
    """A request was about to leave. No error that litellm could catch, map, log or retry."""

    def __init__(self, caught: Caught) -> None:
        self.caught = caught
        super().__init__()


@lru_cache(maxsize=1)
def load() -> Any:
    """litellm, quiet and offline."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    # Else it asks a server in the internet which headers Anthropic's models take.
    os.environ["LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS"] = "True"
    # A debug log of litellm holds whole prompts.
    os.environ["LITELLM_LOG"] = "ERROR"
    # What pydantic has to say of litellm's own types is nothing that a user can mend.
    warnings.filterwarnings("ignore", message=r"Items? .* on TypedDict", category=UserWarning)
    # A call that is cut off by our clock leaves a coroutine of litellm's behind that never began.
    warnings.filterwarnings("ignore", message=r"coroutine 'OpenAIChatCompletion", category=RuntimeWarning)
    # Such a warning quotes the reply that it is about.
    warnings.filterwarnings("ignore", message=r"Pydantic serializer warnings", category=UserWarning)
    import litellm  # noqa: PLC0415 - takes seconds: only when a model is asked

    litellm.suppress_debug_info = True
    litellm.telemetry = False
    return litellm


def _quiet() -> Any:
    """litellm, with its deprecated switch off by which it prints requests, keys and replies, past every log filter."""
    litellm = load()
    litellm.set_verbose = False
    return litellm


def named(model: str, api_base: str | None) -> tuple[str, str]:
    """The provider of a model and the model's name there; two empty texts for a name that litellm does not know."""
    litellm = _quiet()
    try:
        name, provider, _, _ = litellm.get_llm_provider(model, api_base=api_base)
    except litellm.BadRequestError:
        return "", ""
    return str(provider), str(name)


def takes_our_client(model_id: str, provider: str) -> bool:
    """Whether litellm sends the chat requests for a model over a connection of ours, and nothing past it."""
    litellm = _quiet()
    if provider not in BY_HTTP | BY_SDK or litellm.route_all_chat_openai_to_responses:
        return False
    try:
        mode = litellm.get_model_info(model_id, custom_llm_provider=provider).get("mode")
    except Exception:  # noqa: BLE001 - it raises a bare Exception for a model that it does not know
        mode = None
    # Those of mode `responses` are sent to another end of the API, by a client that is not ours.
    return mode in (None, "chat") and not model_id.startswith("responses/")


async def call(request: Mapping[str, Any]) -> Any:
    """Have litellm make a call from beginning to end; a stream is gathered by whoever gets it."""
    return await _quiet().acompletion(**request, **_PRIVATE)


def caught(request: Mapping[str, Any], provider: str) -> Caught | None:
    """The HTTP request that litellm makes of a request; None if it makes none."""
    import httpx  # noqa: PLC0415 - comes with litellm

    def leave(leaving: httpx.Request) -> httpx.Response:
        raise _Leaving(Caught(str(leaving.url), dict(leaving.headers), leaving.read()))

    try:
        _through(httpx.MockTransport(leave), request, provider)
    except _Leaving as leaving:
        return leaving.caught
    return None


def read(request: Mapping[str, Any], provider: str, body: bytes) -> Any:
    """What litellm reads in the body that came for a request."""
    import httpx  # noqa: PLC0415 - comes with litellm

    headers = {"content-type": "application/json"}
    return _through(
        httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, content=body)), request, provider
    )


def _through(transport: Any, request: Mapping[str, Any], provider: str) -> Any:
    """A call of litellm's, over a transport of ours."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        # Here litellm would make an event loop for the thread, and leave it open: it gets a thread to itself.
        with ThreadPoolExecutor(max_workers=1) as thread:
            return thread.submit(copy_context().run, _called, transport, request, provider).result()
    return _called(transport, request, provider)


def _called(transport: Any, request: Mapping[str, Any], provider: str) -> Any:
    import httpx  # noqa: PLC0415 - comes with litellm

    with httpx.Client(transport=transport) as http:
        return _quiet().completion(**request, **_PRIVATE, client=_client(http, request, provider))


def _client(http: Any, request: Mapping[str, Any], provider: str) -> Any:
    """The client that litellm takes for a provider."""
    if provider in BY_HTTP:
        from litellm.llms.custom_httpx.http_handler import HTTPHandler  # noqa: PLC0415 - takes seconds

        return HTTPHandler(client=http)
    if provider not in BY_SDK:
        raise ValueError(f"litellm takes no client of ours for {provider}")
    from openai import OpenAI  # noqa: PLC0415 - comes with litellm

    litellm = load()
    given = request.get("api_key")
    _, _, key, base = litellm.get_llm_provider(request["model"], api_base=request.get("api_base"), api_key=given)
    key = key or given or litellm.api_key or litellm.openai_key or os.environ.get("OPENAI_API_KEY")
    base = base or litellm.api_base or os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_BASE")
    return OpenAI(api_key=key, base_url=base, http_client=http, max_retries=0)


def trust() -> ssl.SSLContext | bool:
    """Which certificates litellm trusts, by its own settings and the environment."""
    load()
    from litellm.llms.custom_httpx.http_handler import get_ssl_configuration  # noqa: PLC0415 - takes seconds

    trusted: ssl.SSLContext | bool = get_ssl_configuration()
    return trusted


def gather(stream_chunks: list[Any]) -> Any:
    """The whole response of the chunks of a stream."""
    return load().stream_chunk_builder(stream_chunks)


def price_of(model: str) -> Price | None:
    """The price of a model by litellm's local price map; None where it has none.

    Read from the file, so that a plan needs no import of litellm.
    """
    prices = _price_map()
    entry = prices.get(model) or prices.get(model.partition("/")[2]) or {}
    if "input_cost_per_token" not in entry or "output_cost_per_token" not in entry:
        return None
    return Price(prompt=entry["input_cost_per_token"], completion=entry["output_cost_per_token"])


def price_map() -> str:
    """Which map of prices `price_of` reads, by litellm's version: it is as old as that."""
    return f"the price map of litellm {importlib.metadata.version('litellm')}"


@lru_cache(maxsize=1)
def _price_map() -> dict[str, Any]:
    spec = importlib.util.find_spec("litellm")
    if spec is None or spec.origin is None:
        return {}
    file = Path(spec.origin).parent / "model_prices_and_context_window_backup.json"
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}
