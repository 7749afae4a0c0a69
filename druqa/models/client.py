"""The one door to litellm, and so to every hosted model. Nothing else in druqa imports it.

litellm takes seconds to import and looks for the network when it does, so it is imported at the first question, with
its local price map, by `prepare`. Its own retries and timeouts are off: they act per read, not by the clock.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import warnings
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from druqa.models.base import Limits, ModelFailure, Price, Reply
from druqa.models.families import family_of
from druqa.prompts import PromptText
from druqa.scrubbing import KEY_VARIABLES
from druqa.settings import ModelSettings

DEFAULT_PARAMETERS: dict[str, Any] = {"temperature": 0, "max_tokens": 600}

# What an HTTP status says of further tries: litellm's exception classes carry the provider's status.
_FATAL = {401: "the key was refused", 402: "payment is required", 403: "access was refused", 404: "no such model"}
# What the host application hangs on litellm (callbacks that log, a cache) is for its own calls, not for ours. No
# parameter of a call turns off hooks that litellm calls before a request: the README says so.
_PRIVATE: dict[str, Any] = {
    "no-log": True,
    "turn_off_message_logging": True,
    "cache": {"no-cache": True, "no-store": True},
}
_RETRYABLE = {408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529}

# By these words providers say that a reply is whole.
_STOPS = {"stop", "STOP", "stop_sequence", "end_turn", "eos", "eos_token", "COMPLETE"}


class LitellmModel:
    """A model that litellm can reach, under litellm's name for it."""

    def __init__(self, name: str, settings: ModelSettings) -> None:
        self.name = name
        self.family = settings.family or family_of(name)
        self.limits = Limits(
            concurrency=settings.concurrency,
            requests_per_minute=settings.requests_per_minute,
            timeout_s=settings.timeout_s,
        )
        self._sent = {**DEFAULT_PARAMETERS, **settings.parameters}
        self.parameters = {**self._sent, "api_base": settings.api_base}
        self.price = price_of(name)
        self._api_base = settings.api_base
        self._key_env = settings.api_key_env
        if self._key_env:
            KEY_VARIABLES.add(self._key_env)

    def prepare(self) -> None:
        """Import litellm, quiet and offline."""
        _litellm()
        if self._key_env and not os.environ.get(self._key_env):
            raise ModelFailure(
                f"the environment variable {self._key_env}, meant to hold the key, is not set", fatal=True
            )

    async def complete(self, prompt: PromptText, schema: Mapping[str, Any]) -> Reply:
        """Send one prompt through litellm."""
        outcome = await self._outcome(prompt, schema)
        # Raised here, where no error of litellm's is being handled and the request is out of sight: neither the chain
        # of the failure nor the variables of its traceback hold a key or a prompt.
        del prompt, schema
        if isinstance(outcome, ModelFailure):
            raise outcome
        return outcome

    async def _outcome(self, prompt: PromptText, schema: Mapping[str, Any]) -> Reply | ModelFailure:
        try:
            response = await _quiet().acompletion(**self._request(prompt, schema))
            if hasattr(response, "__aiter__"):
                response = await _gathered(response)
            return self._reply(response)
        except ModelFailure as failure:
            return failure
        except Exception as error:  # noqa: BLE001 - litellm raises many kinds; each is a failure with its reason
            return _failure(self.name, error)

    def _request(self, prompt: PromptText, schema: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **self._sent,
            "model": self.name,
            "messages": [
                {"role": "system", "content": prompt.instruction},
                {"role": "user", "content": prompt.data},
            ],
            "response_format": {"type": "json_schema", "json_schema": dict(schema)},
            "drop_params": True,
            "api_base": self._api_base,
            "timeout": self.limits.timeout_s,
            "max_retries": 0,
            "num_retries": 0,
            **_PRIVATE,
            **({"api_key": os.environ[self._key_env]} if self._key_env else {}),
        }

    def _reply(self, response: Any) -> Reply:
        """The reply in a response of litellm's.

        Raises:
            ModelFailure: if there is none in it. It is not kept as one, so that it is asked for again, now or later.

        """
        choices = getattr(response, "choices", None) or [None]
        message = getattr(choices[0], "message", None)
        usage = getattr(response, "usage", None)
        sent, written = (_count(getattr(usage, k, 0)) for k in ("prompt_tokens", "completion_tokens"))
        text, finish = getattr(message, "content", None), _finish(choices)
        if finish in ("stop", "missing") and not (isinstance(text, str) and text.strip()):
            if not (getattr(message, "provider_specific_fields", None) or {}).get("refusal"):
                raise ModelFailure(f"{self.name}: a response without a reply in it", retryable=True)
            finish = "refusal"
        name = getattr(response, "model", None)
        return Reply(
            text=text if isinstance(text, str) else None,
            finish_reason=finish,
            answered_as=name if isinstance(name, str) and name else None,
            prompt_tokens=sent,
            completion_tokens=written,
            usd=sent * self.price.prompt + written * self.price.completion if self.price else None,
        )


async def _gathered(stream: Any) -> Any:
    """The whole response of a stream, which the settings may ask for where a server can do nothing else."""
    chunks = [chunk async for chunk in stream]
    whole = _litellm().stream_chunk_builder(chunks)
    # Where a stream breaks off, litellm makes up a `stop` of its own.
    received = getattr(stream, "received_finish_reason", None) or getattr(stream, "intermittent_finish_reason", None)
    if not received:
        raise ModelFailure("the stream of the reply broke off", retryable=True)
    if whole is not None and whole.choices and received not in _STOPS:
        whole.choices[0].finish_reason = received
    return whole


def _finish(choices: list[Any]) -> str:
    """Why the reply ended, in the server's own word where litellm put `stop` in place of one."""
    contents = [getattr(getattr(choice, "message", None), "content", None) for choice in choices]
    if any(content != contents[0] for content in contents):
        return "it holds several different replies"
    native = (getattr(choices[0], "provider_specific_fields", None) or {}).get("native_finish_reason")
    finish = str(getattr(choices[0], "finish_reason", None) or "missing")
    return str(native) if native and finish == "stop" and native not in _STOPS else finish


def _count(tokens: Any) -> int:
    """A number of tokens, if it is one."""
    return max(0, tokens) if isinstance(tokens, int) else 0


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


@lru_cache(maxsize=1)
def _litellm() -> Any:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    # A debug log of litellm holds whole prompts.
    os.environ["LITELLM_LOG"] = "ERROR"
    # What pydantic has to say of litellm's own types is nothing that a user can mend.
    warnings.filterwarnings("ignore", message=r"Item .* on TypedDict", category=UserWarning)
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
    litellm = _litellm()
    litellm.set_verbose = False
    return litellm


def _failure(model: str, error: Exception) -> ModelFailure:
    status = getattr(error, "status_code", None)
    # litellm makes a bare response of its own for some errors, and keeps the headers apart.
    headers = getattr(error, "litellm_response_headers", None) or {}
    headers = headers or getattr(getattr(error, "response", None), "headers", None) or {}
    detail = f"{model}: {_FATAL.get(status, type(error).__name__)} ({error})" if status else f"{model}: {error}"
    no_status = status is None and type(error).__name__ in ("APIConnectionError", "Timeout")
    return ModelFailure(
        detail,
        retryable=status in _RETRYABLE or no_status,
        fatal=status in _FATAL,
        retry_after=_seconds(headers.get("retry-after")),
    )


def _seconds(value: str | None) -> float | None:
    try:
        return max(0.0, float(value)) if value else None
    except ValueError:
        return None  # a date: our own backoff serves as well
