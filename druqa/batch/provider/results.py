"""Reads one line of a provider's results. Files of several providers may be mixed: the line decides for itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from druqa.scrubbing import scrub

_EXPIRED = ("batch_expired", "expired")
_CANCELED = ("batch_cancelled", "batch_canceled", "cancelled", "canceled")


class State(StrEnum):
    """What became of a request, by its result."""

    SUCCEEDED = "succeeded"
    ERRORED = "errored"
    EXPIRED = "expired"
    CANCELED = "canceled"


@dataclass(frozen=True)
class Result:
    """What a line says of a request."""

    custom_id: str
    state: State
    body: Any = None
    """The provider's answer to one that succeeded."""
    reason: str = ""
    """Why one errored, on one line."""


class NoResultError(ValueError):
    """The line is no result; the message says why."""


def read_result(line: bytes) -> Result:
    """The result in a line.

    Raises:
        NoResultError: if there is none in it.

    """
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        raise NoResultError("it is not one JSON object") from None
    if not isinstance(said, dict):
        raise NoResultError("it is not one JSON object")
    custom_id = said.get("custom_id")
    if not isinstance(custom_id, str) or not custom_id:
        raise NoResultError("it has no custom_id")
    if isinstance(said.get("result"), dict):
        return _anthropic(custom_id, said["result"])
    if "response" in said or "error" in said:
        return _openai(custom_id, said.get("response"), said.get("error"))
    kind = "it is a request, not a result" if "body" in said or "params" in said else "it holds no result"
    raise NoResultError(kind)


def _anthropic(custom_id: str, result: Mapping[str, Any]) -> Result:
    kind = result.get("type")
    if kind == "succeeded":
        return Result(custom_id, State.SUCCEEDED, result.get("message"))
    if kind in (State.EXPIRED, State.CANCELED):
        return Result(custom_id, State(kind))
    if kind == "errored":
        return Result(custom_id, State.ERRORED, reason=_reason(result.get("error")))
    raise NoResultError(f"its result is of no known type: {scrub(str(kind))}")


def _openai(custom_id: str, response: Any, error: Any) -> Result:
    response = response if isinstance(response, dict) else {}
    body, status = response.get("body"), response.get("status_code")
    inner = _innermost(error or (body.get("error") if isinstance(body, dict) else None))
    if not inner and isinstance(body, dict) and status in (None, 200):
        return Result(custom_id, State.SUCCEEDED, body)
    code = _word(inner.get("code"))
    if code in _EXPIRED:
        return Result(custom_id, State.EXPIRED)
    if code in _CANCELED:
        return Result(custom_id, State.CANCELED)
    numbered = f"{status} " if isinstance(status, int) and status != 200 else ""
    return Result(custom_id, State.ERRORED, reason=numbered + _reason(inner))


def _innermost(error: Any) -> dict[str, Any]:
    """What is said of an error; some providers wrap it, and wrap that."""
    while isinstance(error, dict) and isinstance(error.get("error"), dict):
        error = error["error"]
    return error if isinstance(error, dict) else {"message": error} if error else {}


def _reason(error: Any) -> str:
    inner = _innermost(error)
    told = dict.fromkeys(_word(inner.get(name)) for name in ("type", "code", "message"))
    return scrub(": ".join(filter(None, told))) or "it gives no reason"


def _word(value: Any) -> str:
    return str(value) if isinstance(value, str | int) else ""
