"""How many calls go at once: halved when a model is busy, grown again by what succeeds, never above its limits."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from time import monotonic
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from druqa.models.base import Limits, ModelFailure
from druqa.models.line import Line
from tests.support.script import ScriptedModel

BUSY = ModelFailure("429", retryable=True, busy=True)


def line(concurrency: int) -> Line:
    model: Any = ScriptedModel()
    model.limits = Limits(concurrency=concurrency)
    return Line(model)


def test_a_burst_halves_once_and_successes_grow_it_back() -> None:
    one = line(16)
    began = monotonic()
    for _ in range(16):
        one.failed(BUSY, began)
    assert one.at_once == 8
    one.failed(BUSY, monotonic())
    assert one.at_once == 4
    for _ in range(4):
        one.succeeded()
    assert one.at_once == 4
    one.succeeded()
    assert one.at_once == 5
    for _ in range(1_000):
        one.succeeded()
    assert one.at_once == 16


def test_other_failures_do_not_halve() -> None:
    one = line(16)
    one.failed(ModelFailure("500", retryable=True), monotonic())
    one.failed(ModelFailure("400"), monotonic())
    assert one.at_once == 16


def test_at_least_one_call_goes() -> None:
    one = line(2)
    for _ in range(4):
        one.failed(BUSY, monotonic())
    assert one.at_once == 1


async def enter(one: Line) -> AsyncExitStack:
    stack = AsyncExitStack()
    await asyncio.wait_for(stack.enter_async_context(one.slot()), 1)
    return stack


async def give_up_as_the_turn_comes(one: Line, held: AsyncExitStack) -> None:
    slot = one.slot()
    waiting = asyncio.ensure_future(slot.__aenter__())
    await asyncio.sleep(0)
    await held.aclose()
    waiting.cancel()
    await asyncio.wait([waiting])
    if not waiting.cancelled():
        await slot.__aexit__(None, None, None)


async def as_many_can_go_as_are_allowed(one: Line) -> None:
    held = [await enter(one) for _ in range(one.at_once)]
    waiting = asyncio.ensure_future(one.slot().__aenter__())
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
    for stack in held:
        await stack.aclose()


@given(st.integers(1, 9), st.lists(st.sampled_from(["enter", "leave", "give up", "busy", "success"]), max_size=60))
def test_no_place_is_lost_and_none_made_up(concurrency: int, events: list[str]) -> None:
    async def live() -> None:
        one, held = line(concurrency), list[AsyncExitStack]()
        for event in events:
            if event == "enter" and len(held) < one.at_once:
                held.append(await enter(one))
            elif event == "give up" and held:
                await give_up_as_the_turn_comes(one, held.pop())
            elif event == "leave" and held:
                await held.pop().aclose()
            elif event in ("busy", "success"):
                one.failed(BUSY, monotonic()) if event == "busy" else one.succeeded()
        for stack in held:
            await stack.aclose()
        await as_many_can_go_as_are_allowed(one)

    asyncio.run(live())
