"""The desk without a cluster: what waits, what comes late, what is given up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from druqa.batch.dask_desk import Desk
from druqa.batch.dask_messages import Question
from druqa.models.base import ModelFailure, Reply
from druqa.prompts import PromptText

MODEL = "scripted/alpha"


def question(key: str) -> Question:
    return Question(key, PromptText(instruction="Is it?", data=key), {"name": "reply"})


def reply(text: str) -> Reply:
    return Reply(text=text, finish_reason="stop")


def with_desk(work: Callable[[Desk, dict[str, str], set[str]], Awaitable[None]]) -> None:
    async def run() -> None:
        given_up: dict[str, str] = {}
        notes: set[str] = set()
        await work(Desk({}, {}, given_up.__setitem__, notes), given_up, notes)

    asyncio.run(run())


async def asked(desk: Desk, *keys: str) -> list[asyncio.Task[Reply]]:
    tasks = [asyncio.create_task(desk.ask(MODEL, question(key))) for key in keys]
    await asyncio.sleep(0)
    return tasks


def test_questions_are_given_out_in_their_order_and_what_comes_back_goes_first() -> None:
    async def work(desk: Desk, given_up: dict[str, str], notes: set[str]) -> None:
        tasks = await asked(desk, "a", "b", "c", "d")
        one, two = desk.take(MODEL, 2)
        assert [one.key, two.key] == ["a", "b"]
        desk.give_back(MODEL, [two])
        assert desk.waiting(MODEL) == 3
        assert [each.key for each in desk.take(MODEL, 9)] == ["b", "c", "d"]
        desk.settle([("a", reply("yes")), ("b", reply("no"))], [("c", "the server was down"), ("d", "likewise")])
        assert [(await task).text for task in tasks[:2]] == ["yes", "no"]
        with pytest.raises(ModelFailure, match="the server was down"):
            await tasks[2]
        with pytest.raises(ModelFailure, match="likewise"):
            await tasks[3]

    with_desk(work)


def test_a_reply_that_nobody_waits_for_is_not_lost() -> None:
    async def work(desk: Desk, given_up: dict[str, str], notes: set[str]) -> None:
        (task,) = await asked(desk, "a")
        desk.take(MODEL, 1)
        task.cancel()
        desk.settle([("a", reply("yes")), ("unknown", reply("no"))], [("unknown", "no matter")])
        await asyncio.sleep(0)
        assert [(key, late.text) for key, late in desk.late] == [("a", "yes"), ("unknown", "no")]

    with_desk(work)


def test_a_model_that_no_worker_can_ask_is_given_up_and_one_that_some_can_is_not() -> None:
    async def work(desk: Desk, given_up: dict[str, str], notes: set[str]) -> None:
        (task,) = await asked(desk, "a")
        desk.close("one", MODEL, "no key")
        assert desk.able(MODEL, ["one", "two"]) == ["two"]
        assert notes == {"not asked any more by a worker: no key"}
        await asyncio.sleep(0)
        assert not task.done()
        desk.close("two", MODEL, "no key")
        assert desk.able(MODEL, ["one", "two"]) == []
        with pytest.raises(ModelFailure, match="no key"):
            await task
        assert given_up == {MODEL: "no key"}
        assert not notes
        assert not desk.take(MODEL, 1)

    with_desk(work)
