"""An exchange that buys nothing: it gives what was paid before, and notes what is still to be asked.

So the next stage of a cascade can be asked elsewhere, in a provider's batch or by other machines, and the run goes on
once the replies are in the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from druqa.errors import JournalError
from druqa.models.base import ChatModel, ModelFailure, Reply
from druqa.models.exchange import Exchange, Line
from druqa.models.journal import Journal
from druqa.prompts import PromptText


class Pending(Exception):  # noqa: N818 - nothing is wrong: the reply is still to come
    """No reply was paid yet: what rests on it must wait."""


@dataclass(frozen=True)
class Wanted:
    """A prompt that is to be asked of a model, with the key by which its reply is kept."""

    key: str
    model: ChatModel
    prompt: PromptText
    schema: Mapping[str, Any]


class Collector(Exchange):
    """Hands what is still to be asked to `want`; or, without it, takes what was not paid for as lost."""

    def __init__(
        self, models: Mapping[str, ChatModel], journal: Journal, want: Callable[[Wanted], None] | None
    ) -> None:
        """Needs a running event loop."""
        super().__init__(models, journal, None)
        self._paid, self._want = journal, want
        self.wanted: set[str] = set()
        """The keys handed on so far: each once, however many questions share it."""

    async def _get(self, line: Line, key: str, prompt: PromptText, schema: Mapping[str, Any]) -> Reply:
        try:
            kept = await self._paid.take(key)
        except JournalError as error:
            raise ModelFailure(str(error)) from None
        if kept is not None:
            return kept
        if self._want is None:
            raise ModelFailure(f"{line.model.name}: no reply to it was paid for, and this run buys none")
        if key not in self.wanted:
            self.wanted.add(key)
            self._want(Wanted(key, line.model, prompt, schema))
        raise Pending
