"""The ways into druqa that a hostile model has: straight into the stages, through the exchange, or over HTTP."""

from __future__ import annotations

import asyncio
import inspect
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from druqa import ModelSettings, Settings, acheck, check_many
from druqa.flow import _check, run
from druqa.models import line as line_module
from druqa.models.asker import Asker
from druqa.models.base import ChatModel, ModelFailure, Reply
from druqa.models.client import LitellmModel
from druqa.models.journal import reply_key
from druqa.prompts import PromptText
from druqa.report import Report
from druqa.setup import read_medications, set_up
from tests.faults.hostile.ledger import Dealt, Ledger
from tests.faults.hostile.models import ModelFault
from tests.faults.hostile.server import Hostile, said_of
from tests.faults.hostile.words import CANARY, Means
from tests.support.loopback import serve
from tests.support.script import ScriptedModel

KEY = "HOSTILE_KEY"
_WORLDS = count()
ALPHA, BETA = "openai/alpha", "openai/beta"


@dataclass
class HostileModel(ScriptedModel):
    """A model inside the process that deals what the ledger says."""

    ledger: Ledger | None = None

    async def complete(self, prompt: PromptText, schema: Mapping[str, Any]) -> Reply:
        assert self.ledger is not None
        asked = self._reader.read(prompt)
        key, honest, fault, rng, _ = self.ledger.draw(self.name, asked)
        said = said_of(honest, fault, rng)
        dealt = Dealt(honest, fault.name if fault else None, fault.means if fault else Means.SAME)
        self.ledger.enter(key, dealt, said.text)
        if isinstance(fault, ModelFault):
            result = fault.act()
            return await result if inspect.isawaitable(result) else result
        return said.as_reply(self.name)


class Straight:
    """In place of the exchange: no journal, no waiting, no limits. What is left of druqa is what decides."""

    ended, closed, damaged, unkept = "", (), 0, 0

    def __init__(self, models: Mapping[str, ChatModel]) -> None:
        self._models = models

    def model(self, name: str) -> ChatModel:
        return self._models[name]

    async def reply(self, name: str, prompt: PromptText, schema: Mapping[str, Any]) -> tuple[str, Reply]:
        model = self._models[name]
        try:
            reply = await model.complete(prompt, schema)
        except ModelFailure:
            raise
        except Exception as error:
            raise ModelFailure(f"{type(error).__name__}: {error}") from None
        if not isinstance(reply, Reply):
            raise ModelFailure(f"{name} returned a {type(reply).__name__}")
        return reply_key(name, model.parameters, prompt), reply


@dataclass(frozen=True)
class Outcome:
    """What came of a world: its reports, how long each run may take and took, and who was asked."""

    reports: Sequence[Report]
    took_s: float
    deadline_s: float
    screeners: Sequence[str]
    rivals: Sequence[str]


def models_of(ledger: Ledger, timeout_s: float = 30) -> dict[str, list[Any]]:
    """One or two screeners and a rival of another family."""
    cascade = ledger.world.cascade
    names = [ALPHA, "openai/gamma"][: 1 + (len(ledger.world.seed) + ledger.world.shape.evaluators) % 2]
    made = [HostileModel(name=name, family=name, cascade=cascade, ledger=ledger) for name in (*names, BETA)]
    for model in made:
        model.limits = model.limits.model_copy(update={"timeout_s": timeout_s})
    return {"screener": made[:-1], "rival": made[-1:]}


def _named(bound: Mapping[str, Sequence[ChatModel]], role: str) -> list[str]:
    return [model.name for model in bound[role]]


def straight(ledger: Ledger, deadline_s: float) -> Outcome:
    """The first list of a world through the flow, without an exchange."""
    bound = models_of(ledger)
    setup = set_up(ledger.world.path, bound, Settings())
    asker = Asker(Straight(setup.binding.models), 50_000)  # type: ignore[arg-type]
    began = time.monotonic()
    # Not asyncio.run: it prints the whole report into nowhere when it takes its signal handler back.
    loop = asyncio.new_event_loop()
    try:
        report = loop.run_until_complete(_check(read_medications(ledger.world.lists[0]), setup, asker))
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
    return Outcome([report], time.monotonic() - began, deadline_s, _named(bound, "screener"), _named(bound, "rival"))


def in_process(ledger: Ledger, deadline_s: float, budget: int = 50_000) -> Outcome:
    """The lists of a world through `acheck` or `check_many`, with exchange and journal."""
    bound = models_of(ledger, timeout_s=0.1)
    settings = Settings(deadline_s=deadline_s, budget_calls=budget)
    began = time.monotonic()
    reports = _checked(ledger, settings, bound)
    took = time.monotonic() - began
    return Outcome(reports, took, deadline_s, _named(bound, "screener"), _named(bound, "rival"))


def _checked(ledger: Ledger, settings: Settings, bound: Any = None) -> list[Report]:
    lists, path = ledger.world.lists, ledger.world.path
    if len(lists) == 1:
        return [run(acheck(lists[0], cascade=path, models=bound, settings=settings))]
    return check_many(lists, cascade=path, models=bound, settings=settings)


def http_settings(base: str, deadline_s: float, timeout_s: float, *, stream: bool) -> Settings:
    """Settings by which both models are reached at one address."""
    model = ModelSettings(
        api_base=base,
        api_key_env=KEY,
        timeout_s=timeout_s,
        concurrency=8,
        # Part of the key of a paid reply: no two worlds may share a journal's rows.
        parameters={"seed": next(_WORLDS), **({"stream": True} if stream else {})},
    )
    roles = {"screener": (ALPHA,), "rival": (BETA,)}
    return Settings(roles=roles, models={ALPHA: model, BETA: model}, deadline_s=deadline_s)  # type: ignore[arg-type]


def run_with(ledger: Ledger, settings: Settings) -> Outcome:
    """The lists of a world, with models that the settings reach."""
    began = time.monotonic()
    reports = _checked(ledger, settings)
    return Outcome(reports, time.monotonic() - began, settings.deadline_s or 0.0, [ALPHA], [BETA])


@dataclass
class Web:
    """One hostile server that stays up, world after world: starting one takes time."""

    server: Hostile
    timeout_s: float = 1.0

    def check(self, ledger: Ledger, deadline_s: float, *, stream: bool) -> Outcome:
        """The lists of a world over HTTP, through litellm."""
        self.server.enter_world(ledger)
        return run_with(ledger, http_settings(self.server.base, deadline_s, self.timeout_s, stream=stream))


@contextmanager
def web(ledger: Ledger, timeout_s: float = 1.0, due: Sequence[str] = ()) -> Iterator[Web]:
    """Serve while the context lasts, and hold the key to it."""
    os.environ[KEY] = CANARY
    # litellm takes seconds to import: not on the clock of the first world.
    LitellmModel(ALPHA, ModelSettings()).prepare()
    hostile = Hostile(cascade=ledger.world.cascade, ledger=ledger, timeout_s=timeout_s, due=list(due))
    with serve(hostile) as server:
        assert isinstance(server, Hostile)
        yield Web(server, timeout_s)


@contextmanager
def short_waits(first_s: float) -> Iterator[None]:
    """Druqa waits less before it asks again, so that a campaign is not spent on waiting."""
    before = line_module._FIRST_WAIT_S
    line_module._FIRST_WAIT_S = first_s
    try:
        yield
    finally:
        line_module._FIRST_WAIT_S = before
