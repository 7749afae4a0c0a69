"""How providers want a file of requests: what a line looks like, and how much a file may hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Limit:
    """The most that one file may hold."""

    requests: int
    bytes: int


@dataclass(frozen=True)
class Format:
    """A provider's kind of file, one request a line."""

    name: str
    limit: Limit
    frame: Callable[[str, Mapping[str, Any]], dict[str, Any]]
    """Puts a request's `custom_id` and its body together."""

    def line(self, custom_id: str, body: Mapping[str, Any]) -> bytes:
        """A request as a line, in ASCII: a text that is no UTF-8 must not end the file."""
        return json.dumps(self.frame(custom_id, body), separators=(",", ":")).encode("ascii") + b"\n"


def _openai(custom_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return {"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": body}


def _anthropic(custom_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return {"custom_id": custom_id, "params": body}


# Megabytes of a million bytes: whatever a provider means by them, the file is not too large.
OPENAI = Format("OpenAI batch", Limit(50_000, 200_000_000), _openai)
ANTHROPIC = Format("Anthropic Message Batches", Limit(100_000, 256_000_000), _anthropic)


def format_for(provider: str) -> Format:
    """The kind of file for a provider, by litellm's name for it."""
    return ANTHROPIC if provider == "anthropic" else OPENAI
