"""Asks one question of one model and says how it came out; counts every question and every reply it used."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar, cast

from druqa.models.base import ModelFailure, Reply
from druqa.models.exchange import Exchange
from druqa.models.replies import ModelReply, UnparsedReplyError, json_schema, read_reply
from druqa.prompts import PromptText

T = TypeVar("T", bound=ModelReply)
Answered = TypeVar("Answered")


class Status(StrEnum):
    """What became of a question to a model."""

    ANSWERED = "answered"
    UNPARSED = "unparsed"
    FAILED = "failed"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True)
class Heard(Generic[T]):
    """A model's reply, read; or the reason why there is none."""

    model: str
    family: str
    status: Status
    reply: T | None = None
    problem: str = ""
    """Why there is no reply; beside one, how the reply before it contradicted itself."""
    usd: float | None = 0.0
    """What its replies cost, one that could not be read included; None where a price is not known."""


@dataclass
class Tally:
    """What a report's questions came to. Replies from the journal count like bought ones: the same report again."""

    planned: int = 0
    answered: int = 0
    failed: int = 0
    not_asked: int = 0
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float | None = 0.0
    answered_as: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Role to the names by which its models called themselves."""
    within: Tally | None = None
    """A wider count that this one is part of."""
    _seen: set[str] = field(default_factory=set)

    def count(self, status: Status) -> None:
        """Count one more question by what became of it."""
        self.planned += 1
        if status is Status.ANSWERED:
            self.answered += 1
        elif status is Status.NOT_ASKED:
            self.not_asked += 1
        else:
            self.failed += 1
        if self.within:
            self.within.count(status)

    def skip(self, questions: int) -> None:
        """Count questions that were due and not asked, for want of money."""
        self.planned += questions
        self.not_asked += questions
        if self.within:
            self.within.skip(questions)

    def use(self, key: str, role: str, reply: Reply) -> None:
        """Count a reply and what it cost, once however many questions share it."""
        if self.within:
            self.within.use(key, role, reply)
        if reply.answered_as:
            self.answered_as[role].add(reply.answered_as)
        if key in self._seen:
            return
        self._seen.add(key)
        self.calls += 1
        self.prompt_tokens += reply.prompt_tokens
        self.completion_tokens += reply.completion_tokens
        self.usd = _sum(self.usd, reply.usd)


class Asker:
    """Asks on behalf of one report, or of one part of a run, and never more often than the budget allows."""

    def __init__(self, exchange: Exchange, budget_calls: int) -> None:
        self.exchange = exchange
        self._left = [budget_calls]
        """Shared with every part of the run."""
        self.reasons_not_asked: set[str] = set()
        """Apart from the end of the run, which the exchange tells."""
        self.tally = Tally()

    def part(self) -> Asker:
        """An asker with a count of its own, which this one's count includes, and with the same budget."""
        part = Asker(self.exchange, 0)
        part._left, part.reasons_not_asked = self._left, self.reasons_not_asked
        part.tally = Tally(within=self.tally)
        return part

    async def ask(
        self, model: str, role: str, prompt: PromptText, expected: type[T], echo: Mapping[str, str]
    ) -> Heard[T]:
        """Ask, and ask once more if the reply cannot be read or contradicts itself. Never raises for what a model does.

        One that contradicts itself twice is a voice. Where it cannot be asked again it is none: were it one, a larger
        budget or a later deadline could take a flag away.
        """
        family = self.exchange.model(model).family
        usd: float | None = 0.0
        status, problem = self._may_ask()
        taken_back = ""
        for is_last in (False, True) if status is None else ():
            if self._may_ask()[0]:
                break
            self._left[0] -= 1
            try:
                key, reply = await self.exchange.reply(model, _ask_again(prompt, problem), json_schema(expected))
            except ModelFailure as failure:
                status, problem = Status.FAILED, failure.reason
                break
            self.tally.use(key, role, reply)
            usd = _sum(usd, reply.usd)
            try:
                read = read_reply(reply, expected, echo)
            except UnparsedReplyError as error:
                problem = str(error)
                continue
            if read.contradiction and not is_last:
                problem = taken_back = read.contradiction
                continue
            self.tally.count(Status.ANSWERED)
            return Heard(model, family, Status.ANSWERED, read, taken_back, usd)
        status = status or Status.UNPARSED
        self.tally.count(status)
        if status is Status.NOT_ASKED and not self.exchange.ended:
            self.reasons_not_asked.add(problem)
        return Heard(model, family, status, None, problem, usd)

    def skipped(self, model: str) -> Heard[Any]:
        """A question that was due and is not asked, for want of money."""
        self.tally.skip(1)
        return Heard(model, self.exchange.model(model).family, Status.NOT_ASKED)

    def _may_ask(self) -> tuple[Status | None, str]:
        """None if a call may be made now; else that it is not asked, and why."""
        if ended := self.exchange.ended:
            return Status.NOT_ASKED, f"{ended} before every question was asked"
        if self._left[0] <= 0:
            return Status.NOT_ASKED, "the budget of model calls was spent before every question was asked"
        return None, ""


async def together(questions: Iterable[Awaitable[Answered]]) -> list[Answered]:
    """Ask all of them at once. Every one comes to its end before an error of any is raised: none is left behind."""
    outcomes = await asyncio.gather(*questions, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return cast("list[Answered]", outcomes)


def _sum(one: float | None, other: float | None) -> float | None:
    """A sum of US dollars; unknown where a part is."""
    return None if one is None or other is None else one + other


def _ask_again(prompt: PromptText, problem: str) -> PromptText:
    """The same prompt, with a word on why the last reply was of no use. The instruction stays as it is."""
    if not problem:
        return prompt
    note = f"\nYour last reply could not be used ({problem}). Reply again with the one JSON object only."
    return PromptText(instruction=prompt.instruction, data=prompt.data + note)
