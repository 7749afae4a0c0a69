"""What a hostile model's reply is made of, and what druqa may make of it. Known without druqa's own reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any

from druqa.models.base import Reply
from tests.support.script import Asked

CANARY = "sk-canary-HOSTILE-0123456789abcdef"
"""The key that the campaign's models are reached with: it may stand in no report."""
NEGATIVE = "No clinically relevant"
"""How an answer begins that finds nothing."""


class Voice(StrEnum):
    """What an honest reply means for its pair."""

    NO = "no"
    YES = "yes"
    UNCLEAR = "unclear"
    NONE = "none"
    """Further names, or a written answer: no voice about a pair, but `NONE` is needed as much as a no is."""


class Means(StrEnum):
    """What druqa may make of a reply with a fault."""

    SAME = "as it was meant"
    MAY = "as it was meant, or no vote"
    UNSURE = "a voice or no vote, never a no"
    NOTHING = "no vote"


@dataclass(frozen=True)
class Honest:
    """A question with the reply that a well-behaved model would give."""

    asked: Asked
    reply: dict[str, Any]
    voice: Voice
    severity: str = "unknown"


@dataclass(frozen=True)
class Said:
    """One reply as it stands on the wire: the text, and what goes with it."""

    text: str | None
    finish: str | None = "stop"
    model: Any = None
    """How the model calls itself, where it is not as usual."""
    message: dict[str, Any] = field(default_factory=dict)
    """Further fields of the message: a refusal, tool calls."""
    choices: tuple[str, ...] | None = None
    """The texts of all choices, where there is not exactly one."""
    usage: Any = None

    def as_reply(self, model: str) -> Reply:
        """What an in-process model hands over. The wire's further fields do not exist there."""
        text = self.text if self.choices is None else (self.choices[0] if self.choices else None)
        return Reply(
            text=text,
            finish_reason=self.finish,
            answered_as=self.model if isinstance(self.model, str) else model,
            prompt_tokens=10,
            completion_tokens=5,
            usd=2e-5,
        )


def always(_: Honest) -> bool:
    return True


@dataclass(frozen=True)
class Fault:
    """One way in which a reply goes wrong."""

    name: str
    means: Means
    make: Callable[[Honest, Random], Said]
    fits: Callable[[Honest], bool] = always
    wire: bool = False
    """Whether it shows only over HTTP."""
    weight: float = 1.0
