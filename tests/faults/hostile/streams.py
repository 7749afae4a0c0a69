"""Streamed replies, and what may go wrong in the middle of one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.faults.hostile.wire import Wire
from tests.faults.hostile.words import CANARY, Means, Said

DONE = b"data: [DONE]\n\n"
_ERROR = {"error": {"message": f"overloaded, key {CANARY}", "type": "server_error", "code": 500}}


@dataclass(frozen=True)
class StreamFault:
    """A change to the events of a stream. None among them is a silence."""

    name: str
    means: Means
    change: Callable[[list[bytes | None], Random], list[bytes | None]]
    weight: float = 1.0
    says: str = "openai/alpha|stream"


def _event(data: Any) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def chunks_of(model: str, said: Said, rng: Random) -> list[bytes | None]:
    """The events of a stream that brings what was said: role, text in pieces, finish reason, usage, the end."""
    base = {"id": "chatcmpl-hostile", "object": "chat.completion.chunk", "created": 0}
    base["model"] = f"{model}-as-served" if said.model is None else said.model

    def choice(delta: dict[str, Any], finish: str | None = None, index: int = 0) -> bytes:
        return _event({**base, "choices": [{"index": index, "delta": delta, "finish_reason": finish}]})

    events: list[bytes | None] = [choice({"role": "assistant", "content": "", **said.message})]
    for index, text in enumerate((said.text,) if said.choices is None else said.choices):
        events += [choice({"content": piece}, index=index) for piece in _pieces(text or "", rng)]
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    last = {**base, "choices": [], "usage": usage if said.usage is None else said.usage}
    return [*events, choice({}, said.finish), _event(last), DONE]


def _pieces(text: str, rng: Random) -> Iterator[str]:
    size = max(1, len(text) // rng.choice([1, 2, 5, 9]))
    for start in range(0, len(text), size):
        yield text[start : start + size]


def streamed(wire: Wire, events: Iterable[bytes | None], fault: StreamFault | None) -> None:
    """Send the events, changed by the fault if there is one, and close."""
    changed = list(events) if fault is None else fault.change(list(events), wire.rng)
    wire.handler.close_connection = True
    wire.handler.send_response(200)
    wire.handler.send_header("Content-Type", "text/event-stream")
    wire.handler.end_headers()
    for event in changed:
        if event is None:
            wire.hang()
            return
        wire.handler.wfile.write(event)
    wire.handler.wfile.flush()


def _body(events: list[bytes | None]) -> int:
    """How many events bring the text: all but the finish reason, the usage and the end."""
    return len(events) - 3


def _cut(events: list[bytes | None], rng: Random) -> list[bytes | None]:
    return events[: rng.randrange(1, _body(events) + 1)]


def _without(events: list[bytes | None], rng: Random) -> list[bytes | None]:
    return [*events[: _body(events)], *events[-2:]] if rng.random() < 0.5 else events[: _body(events)]


def _into(what: bytes | None) -> Callable[[list[bytes | None], Random], list[bytes | None]]:
    def change(events: list[bytes | None], rng: Random) -> list[bytes | None]:
        place = rng.randrange(1, _body(events) + 1)
        return [*events[:place], what, *events[place:]]

    return change


STREAM: tuple[StreamFault, ...] = (
    StreamFault("stream cut in the middle", Means.NOTHING, _cut, 3),
    StreamFault("stream without a finish reason", Means.NOTHING, _without, 3),
    StreamFault("stream with an error in it", Means.NOTHING, _into(_event(_ERROR)), 3),
    StreamFault("stream with rubbish in it", Means.NOTHING, _into(b'data: {"id": "x", "cho\n\n'), 3),
    StreamFault(
        "stream that falls silent", Means.NOTHING, _into(None), 0.1, "no whole reply within|stream|openai/alpha"
    ),
    StreamFault("stream that nothing ends", Means.MAY, lambda events, rng: events[:-1], 1),
    StreamFault("comments in the stream", Means.SAME, _into(b": keep-alive\n\n"), 1),
)
