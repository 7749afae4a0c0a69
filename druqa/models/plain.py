"""Reads the commonest bodies of providers without litellm: one whole reply, and nothing beside it.

Each reader gives None for whatever is not as plain as that; litellm is then asked what it makes of the body. So these
say nothing that litellm does not say, and a test holds them to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PlainReply:
    """What stands in a plain body."""

    text: str
    finish: str
    """`stop` or `length`."""
    model: str
    """As the provider calls it."""
    prompt_tokens: int
    completion_tokens: int


PlainReader = Callable[[Any], PlainReply | None]

STOPS = ("stop", "STOP", "stop_sequence", "end_turn", "eos", "eos_token", "COMPLETE")
"""By these words providers say that a reply is whole."""
_BESIDE = ("role", "content")


def of_openai(body: Any) -> PlainReply | None:
    """A chat completion of the OpenAI protocol, with one choice that holds a text and nothing else."""
    choices, usage = _within(body, "choices", list), _within(body, "usage", dict)
    if not choices or len(choices) != 1 or not usage or body.get("error"):
        return None
    choice, message = choices[0], _within(choices[0], "message", dict)
    if not message or any(value for name, value in message.items() if name not in _BESIDE):
        return None
    finish, native = choice.get("finish_reason"), choice.get("native_finish_reason")
    if native is not None and not (finish == "stop" and native in STOPS):
        return None
    sent, written, total = (usage.get(f"{kind}_tokens") for kind in ("prompt", "completion", "total"))
    if not (_is_count(sent) and _is_count(written) and total == sent + written):
        return None
    return _plain(message.get("content"), finish, body.get("model"), sent, written)


def of_anthropic(body: Any) -> PlainReply | None:
    """A message of Anthropic's protocol, with one block of text and nothing read from or written to a cache."""
    blocks, usage = _within(body, "content", list), _within(body, "usage", dict)
    if not blocks or len(blocks) != 1 or not usage or body.get("error"):
        return None
    block = blocks[0]
    if not isinstance(block, dict) or block.get("type") != "text" or block.get("citations"):
        return None
    sent, written = usage.get("input_tokens"), usage.get("output_tokens")
    if any(value for name, value in usage.items() if "cache" in name or name == "server_tool_use"):
        return None
    if not (_is_count(sent) and _is_count(written)):
        return None
    finish = {"end_turn": "stop", "max_tokens": "length"}.get(str(body.get("stop_reason")))
    return _plain(block.get("text"), finish, body.get("model"), sent, written)


def _plain(text: Any, finish: Any, model: Any, sent: int, written: int) -> PlainReply | None:
    if finish not in ("stop", "length") or not isinstance(text, str) or not text.strip():
        return None
    # litellm takes thoughts out of a text.
    if "<think" in text or "thinking>" in text or not isinstance(model, str) or not model:
        return None
    return PlainReply(text, finish, model, sent, written)


def _within(value: Any, name: str, kind: type) -> Any:
    inner = value.get(name) if isinstance(value, Mapping) else None
    return inner if isinstance(inner, kind) else None


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


SAMPLES: tuple[tuple[PlainReader, dict[str, Any]], ...] = (
    (
        of_openai,
        {
            "id": "sample",
            "object": "chat.completion",
            "created": 1,
            "model": "sample-as-served",
            "service_tier": "default",  # litellm stumbles over an answer of Groq's without it
            "choices": [
                {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": '{"a": "sample"}'}}
            ],
            "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
        },
    ),
    (
        of_anthropic,
        {
            "id": "sample",
            "type": "message",
            "role": "assistant",
            "model": "sample-as-served",
            "content": [{"type": "text", "text": '{"a": "sample"}'}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 7, "output_tokens": 5},
        },
    ),
)
"""A body for each reader, to find out which of them reads what litellm reads, for a model."""
