"""What litellm's responses and errors, and the answers of servers, come to: a reply, or a failure with its reason."""

from __future__ import annotations

import json
from typing import Any

from druqa.models import provider
from druqa.models.base import ModelFailure, Price, Reply
from druqa.models.plain import STOPS
from druqa.models.wire import Answer

# What an HTTP status says of further tries: litellm's exception classes carry the provider's status.
_FATAL = {401: "the key was refused", 402: "payment is required", 403: "access was refused", 404: "no such model"}
_RETRYABLE = {408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529}
_BUSY = {429, 503, 529}
# What litellm calls them, and so do its users.
_NAMES = {
    400: "BadRequestError",
    408: "Timeout",
    422: "UnprocessableEntityError",
    429: "RateLimitError",
    500: "InternalServerError",
    503: "ServiceUnavailableError",
}
_LONGEST_MESSAGE = 2_000


def reply_in(response: Any, price: Price | None) -> Reply:
    """The reply in a response of litellm's; an empty one if there is none in it."""
    choices = getattr(response, "choices", None) or [None]
    message = getattr(choices[0], "message", None)
    usage = getattr(response, "usage", None)
    sent, written = (_count(getattr(usage, k, 0)) for k in ("prompt_tokens", "completion_tokens"))
    text, finish = getattr(message, "content", None), _finish(choices)
    reply = Reply(
        text=text if isinstance(text, str) else None,
        finish_reason=finish,
        answered_as=_name(getattr(response, "model", None)),
        prompt_tokens=sent,
        completion_tokens=written,
        usd=cost(price, sent, written),
    )
    refused = (getattr(message, "provider_specific_fields", None) or {}).get("refusal")
    return reply.model_copy(update={"finish_reason": "refusal"}) if refused and reply.is_blank else reply


def cost(price: Price | None, prompt_tokens: int, completion_tokens: int) -> float | None:
    """US dollars for a reply; None where no price is known."""
    return prompt_tokens * price.prompt + completion_tokens * price.completion if price else None


async def gathered(stream: Any) -> Any:
    """The whole response of a stream, which the settings may ask for where a server can do nothing else.

    Raises:
        ModelFailure: if the stream broke off.

    """
    chunks = [chunk async for chunk in stream]
    whole = provider.gather(chunks)
    # Where a stream breaks off, litellm makes up a `stop` of its own.
    received = getattr(stream, "received_finish_reason", None) or getattr(stream, "intermittent_finish_reason", None)
    if not received:
        raise ModelFailure("the stream of the reply broke off", retryable=True)
    if whole is not None and whole.choices and received not in STOPS:
        whole.choices[0].finish_reason = received
    return whole


def failure_of(model: str, error: Exception) -> ModelFailure:
    """The failure that an error of litellm's is."""
    status = getattr(error, "status_code", None)
    # litellm makes a bare response of its own for some errors, and keeps the headers apart.
    headers = getattr(error, "litellm_response_headers", None) or {}
    headers = headers or getattr(getattr(error, "response", None), "headers", None) or {}
    if status:
        return _by_status(model, status, type(error).__name__, str(error), headers.get("retry-after"))
    no_status = type(error).__name__ in ("APIConnectionError", "Timeout")
    return ModelFailure(f"{model}: {error}", retryable=no_status)


def refusal_of(model: str, answer: Answer) -> ModelFailure:
    """The failure that an answer with another status than success is."""
    name = _NAMES.get(answer.status, f"status {answer.status}")
    return _by_status(model, answer.status, name, _message(answer.body), answer.headers.get("retry-after"))


def _by_status(model: str, status: int, name: str, message: str, retry_after: str | None) -> ModelFailure:
    return ModelFailure(
        f"{model}: {_FATAL.get(status, name)} ({message})",
        retryable=status in _RETRYABLE,
        fatal=status in _FATAL,
        busy=status in _BUSY,
        retry_after=_seconds(retry_after),
    )


def _message(body: bytes) -> str:
    """What a server says of its refusal: the message in its JSON, else the beginning of its text."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    for name in ("error", "message", "detail"):
        if isinstance(said, dict) and said.get(name):
            said = said[name]
    return said if isinstance(said, str) else body[:_LONGEST_MESSAGE].decode("utf-8", "replace")


def _finish(choices: list[Any]) -> str:
    """Why the reply ended, in the server's own word where litellm put `stop` in place of one."""
    contents = [getattr(getattr(choice, "message", None), "content", None) for choice in choices]
    if any(content != contents[0] for content in contents):
        return "it holds several different replies"
    native = (getattr(choices[0], "provider_specific_fields", None) or {}).get("native_finish_reason")
    finish = str(getattr(choices[0], "finish_reason", None) or "missing")
    return str(native) if native and finish == "stop" and native not in STOPS else finish


def _name(model: Any) -> str | None:
    return model if isinstance(model, str) and model else None


def _count(tokens: Any) -> int:
    """A number of tokens, if it is one."""
    return max(0, tokens) if isinstance(tokens, int) else 0


def _seconds(value: str | None) -> float | None:
    try:
        return max(0.0, float(value)) if value else None
    except ValueError:
        return None  # a date: our own backoff serves as well
