"""What a model inside the process may do instead of answering."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from druqa.models.base import ModelFailure
from tests.faults.hostile.words import CANARY, Honest, Means, always

Act = Callable[[], Any]
"""Gives what to return in place of a reply, raises, or is awaited."""


@dataclass(frozen=True)
class ModelFault:
    """One way in which a model's `complete` goes wrong."""

    name: str
    act: Act
    means: Means = Means.NOTHING
    fits: Callable[[Honest], bool] = always
    weight: float = 1.0


def _raising(error: Callable[[], BaseException]) -> Act:
    def act() -> Any:
        raise error()

    return act


async def _stubborn() -> NoReturn:
    """Will not be cancelled, for a while."""
    for _ in range(10):
        try:
            await asyncio.sleep(0.03)
        except asyncio.CancelledError:
            continue
    raise ValueError("too late")


def _failure(*args: Any, **kwargs: Any) -> Act:
    return _raising(lambda: ModelFailure(*args, **kwargs))


MODEL: tuple[ModelFault, ...] = (
    ModelFault("fails", _failure("scripted failure")),
    ModelFault("fails and says no more", _failure("")),
    ModelFault("fails with a lone surrogate", _failure("scripted \ud800 \x1b[31m failure")),
    ModelFault("fails and echoes the key", _failure(f"Incorrect API key provided: {CANARY}")),
    ModelFault("fails for now", _failure("busy", retryable=True), weight=0.3),
    ModelFault("a bug", _raising(lambda: ZeroDivisionError("oops \ud800"))),
    ModelFault("a bug without words", _raising(ValueError)),
    ModelFault("no Reply but a text", lambda: "no_interaction"),
    ModelFault("no Reply but None", lambda: None),
)
# These eat time: each as long as the model's timeout.
SLOW: tuple[ModelFault, ...] = (
    ModelFault("never comes back", lambda: asyncio.sleep(3600), weight=0.02),
    ModelFault("will not be cancelled", _stubborn, weight=0.02),
)
