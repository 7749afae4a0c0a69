"""What a model is to druqa: something with a name and a family that answers one prompt at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Protocol

from pydantic import AfterValidator

from druqa.prompts import PromptText
from druqa.records import Record
from druqa.scrubbing import scrub

_USUAL = (None, "stop", "length")
_AS_IF_WHOLE = (None, "stop", "missing")
LONGEST_REPLY = 50_000
"""Letters of a reply. What is longer is no answer, and only so much of it is kept."""


class Reply(Record):
    """What came back from a model, before anyone has read it. It was paid for, whatever it says."""

    text: Annotated[str | None, AfterValidator(lambda text: text and _cut(text))]
    finish_reason: Annotated[
        str | None, AfterValidator(lambda reason: reason if reason in _USUAL else scrub(reason))
    ] = None
    answered_as: Annotated[str | None, AfterValidator(lambda name: name and scrub(name))] = None
    """The name that the model gave itself."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float | None = None
    """None where no price is known; 0.0 only where it is known to be free."""

    @property
    def is_blank(self) -> bool:
        """Whether nothing came: no words, and none on why."""
        return self.finish_reason in _AS_IF_WHOLE and not (self.text or "").strip()


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
    """No reply came.

    `retryable` says whether asking again may help, `fatal` that this model can answer nothing, `busy` that it was asked
    too much at once, `retry_after` how many seconds it wants to be left alone.
    """

    def __init__(
        self,
        reason: str,
        *,
        retryable: bool = False,
        fatal: bool = False,
        busy: bool = False,
        retry_after: float | None = None,
    ) -> None:
        self.reason = scrub(reason) or "it gave no reason"
        self.retryable, self.fatal, self.busy, self.retry_after = retryable, fatal, busy, retry_after
        super().__init__(self.reason)


def whole(reply: Reply, model: str) -> Reply:
    """A reply that came, if anything did.

    Raises:
        ModelFailure: for a blank one, so that it is not kept, and asked for again, now or later.

    """
    if reply.is_blank:
        raise ModelFailure(f"{model}: a response without a reply in it", retryable=True)
    return reply


class ChatModel(Protocol):
    """A utility that turns a prompt into a reply. Interchangeable: hosted, local, or scripted in a test.

    One that holds something open may have an `async def run_ended(self)`: it is awaited at the end of each run.
    """

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


def _cut(text: str) -> str:
    """A reply of some megabytes, most of it blanks or not, down to what can still be read or refused.

    What is cut stays too long, however often it is written and read: its beginning must never pass for a whole reply.
    """
    if not text.isascii():
        # Two halves of one character become one here as in every file.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    if len(text) <= LONGEST_REPLY:
        return text
    whole = text.strip()
    return whole if len(whole) <= LONGEST_REPLY else whole[:LONGEST_REPLY] + "\u2026"
