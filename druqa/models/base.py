"""What a model is to druqa: something with a name and a family that answers one prompt at a time."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, Protocol

from druqa.prompts import PromptText
from druqa.records import Record, Written, writable


class Reply(Record):
    """What came back from a model, before anyone has read it. It was paid for, whatever it says."""

    text: str | None
    finish_reason: str | None = None
    answered_as: Written | None = None
    """The name that the model gave itself."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float | None = None
    """None where no price is known; 0.0 only where it is known to be free."""


class Limits(Record):
    """How hard one model may be driven."""

    concurrency: int = 16
    requests_per_minute: float | None = None
    timeout_s: float = 60.0
    """Wall-clock seconds for one call, however slowly its bytes arrive."""


class Price(Record):
    """US dollars for one token in and one token out."""

    prompt: float
    completion: float


class ModelFailure(Exception):  # noqa: N818 - the field's word for it, and users raise it
    """No reply came. `retryable` says whether asking again may help; `fatal` that this model can answer nothing."""

    def __init__(
        self, reason: str, *, retryable: bool = False, fatal: bool = False, retry_after: float | None = None
    ) -> None:
        self.reason = scrub(reason) or "no reason was given"
        self.retryable, self.fatal, self.retry_after = retryable, fatal, retry_after
        super().__init__(self.reason)


class ChatModel(Protocol):
    """A utility that turns a prompt into a reply. Interchangeable: hosted, local, or scripted in a test."""

    name: str
    family: str
    limits: Limits

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What else shapes its replies (temperature, endpoint ...): part of the key of a paid reply."""

    @property
    def price(self) -> Price | None:
        """What a token costs; None where that is not known."""

    def prepare(self) -> None:
        """Load what is slow to load. Called once, off the event loop; the run's deadline is already running.

        Raises:
            ModelFailure: if the model can never answer.

        """

    async def complete(self, prompt: PromptText, schema: Mapping[str, Any]) -> Reply:
        """Answer one prompt with JSON of the given schema.

        Raises:
            ModelFailure: if no reply came.

        """


_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)
_SECRET_SHAPE = re.compile(r"\b(?:sk|pk|rk|key|gsk|xai|hf|AIza)[-_][A-Za-z0-9_\-*.]{6,}|\bAIza[\w-]{10,}|Bearer\s+\S+")
_LONGEST_REASON = 300


KEY_VARIABLES: set[str] = set()
"""Environment variables that the settings name as holding a key, whatever they are called."""


def scrub(text: str) -> str:
    """Remove keys and tokens from a text: those in the environment, and whatever has the shape of one."""
    for name, value in os.environ.items():
        if len(value) >= 6 and (name in KEY_VARIABLES or _SECRET_NAME.search(name)):
            text = text.replace(value, "[secret]")
    text = " ".join(_SECRET_SHAPE.sub("[secret]", writable(text)).split())
    return text if len(text) <= _LONGEST_REASON else text[:_LONGEST_REASON] + " ..."
