"""Runs that end before their work is done, and callers that come back: nothing is taken away, nothing stays behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from druqa.cascade_files import load_cascade
from druqa.flow import acheck, check
from druqa.models.base import Limits, Reply
from druqa.models.interruption import Interruption
from druqa.report import DecisionKind, Report
from druqa.settings import Settings, journal_path
from tests.faults.test_machine import HELD_UP_S, wait_for
from tests.support.cascades import write_cascade
from tests.support.loopback import Loopback, serve
from tests.support.process import Druqa
from tests.support.script import Asked, ScriptedModel

PAIR = ["metformin", "zzqadrine"]


@pytest.fixture
def cascade(tmp_path: Path) -> Path:
    return write_cascade(tmp_path / "small", evaluators=1, auditors=1)


def model(cascade: Path, says: Any = lambda asked: None, **more: Any) -> ScriptedModel:
    return ScriptedModel(says, cascade=load_cascade(cascade), parameters={"test": "early ends"}, **more)


class TakesBack(ScriptedModel):
    """Names a harm beside its no, and takes it back when it is asked again."""

    async def complete(self, prompt: Any, schema: Any) -> Reply:
        reply = await super().complete(prompt, schema)
        if "Your last reply" in prompt.data or reply.text is None:
            return reply
        return reply.model_copy(update={"text": reply.text.replace("none known", "May cause fatal bleeding.")})


def test_no_larger_budget_takes_a_flag_away(cascade: Path) -> None:
    kinds = []
    for budget in range(4, 14):
        torn = TakesBack(cascade=load_cascade(cascade), parameters={"test": "torn"})
        report = check(PAIR, cascade=cascade, models={"screener": torn}, settings=Settings(budget_calls=budget))
        kinds.append(report.pairs[0].decision)
    assert kinds == sorted(kinds, key=[DecisionKind.NOT_CHECKED, DecisionKind.NONE_FOUND].index)
    assert kinds[-1] is DecisionKind.NONE_FOUND
    # What was taken back is told.
    assert all("May cause fatal bleeding" in verdict.reason for verdict in report.pairs[0].verdicts)


def test_a_run_that_ended_while_the_journal_was_locked_leaves_no_claim_behind(cascade: Path) -> None:
    async def runs() -> Report:
        await acheck(PAIR[:1], cascade=cascade, models={"screener": model(cascade)}, settings=Settings())
        await acheck(["warfarin", "cetirizine"], cascade=cascade, models={"screener": model(cascade)})
        holder = sqlite3.connect(journal_path(), isolation_level=None, check_same_thread=False)
        holder.execute("BEGIN IMMEDIATE")
        early = await acheck(
            PAIR, cascade=cascade, models={"screener": model(cascade)}, settings=Settings(deadline_s=0.5)
        )
        assert early.ended_early
        holder.execute("COMMIT")
        holder.close()
        later = acheck(PAIR, cascade=cascade, models={"screener": model(cascade)}, settings=Settings())
        return await asyncio.wait_for(later, HELD_UP_S)

    report = asyncio.run(runs())
    assert report.pairs[0].decision is DecisionKind.NONE_FOUND


def test_a_run_with_nothing_to_write_does_not_wait_for_a_locked_journal(cascade: Path) -> None:
    def again() -> Report:
        return check(PAIR, cascade=cascade, models={"screener": model(cascade)}, settings=Settings())

    first = again()
    holder = sqlite3.connect(journal_path(), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    assert again() == first
    holder.close()
    assert time.monotonic() - began < HELD_UP_S


def test_a_caller_that_gives_up_does_not_wait_for_a_locked_journal(cascade: Path) -> None:
    async def gives_up() -> float:
        await acheck(["warfarin", "cetirizine"], cascade=cascade, models={"screener": model(cascade)})
        holder = sqlite3.connect(journal_path(), isolation_level=None, check_same_thread=False)
        holder.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(acheck(PAIR, cascade=cascade, models={"screener": model(cascade)}), 0.5)
        holder.close()
        return time.monotonic() - began

    assert asyncio.run(gives_up()) < HELD_UP_S


def test_a_signal_ends_the_check_though_nobody_reads_what_it_says(tmp_path: Path, cascade: Path) -> None:
    def slowly(asked: Asked) -> None:
        time.sleep(0.3)

    with serve(Loopback(says=slowly, cascade=load_cascade(cascade))) as server:
        reader, writer = os.pipe()
        victim = Druqa(tmp_path / "home", server, cascade, [*PAIR, "cetirizine"]).start(stderr=writer)
        os.close(writer)
        wait_for(lambda: bool(server.asked), victim)
        os.close(reader)
        victim.send_signal(signal.SIGTERM)
        out, _ = victim.communicate(timeout=60)
    assert Report.model_validate_json(out).ended_early == "the run was interrupted by SIGTERM"


def test_an_interruption_outlives_the_runs_that_it_was_given_to() -> None:
    stop, told = Interruption(), []

    async def ended() -> None:
        with stop.stops(told.append):
            pass

    loop = asyncio.new_event_loop()
    context = stop.stops(told.append)

    async def entered() -> None:
        context.__enter__()

    loop.run_until_complete(entered())
    loop.close()
    stop.now("late")  # the loop is closed: there is nobody to tell, and no error
    asyncio.run(ended())
    assert told == ["late"]


def test_an_empty_reply_is_not_kept_and_is_asked_for_again(cascade: Path) -> None:
    empty = model(cascade, lambda asked: Reply(text="", finish_reason="stop"))
    first = check(PAIR, cascade=cascade, models={"screener": empty}, settings=Settings())
    assert first.pairs[0].decision is DecisionKind.NOT_CHECKED
    mended = check(PAIR, cascade=cascade, models={"screener": model(cascade)}, settings=Settings())
    assert mended.pairs[0].decision is DecisionKind.NONE_FOUND


class Unspeakable(Exception):  # noqa: N818
    def __str__(self) -> str:
        raise RuntimeError("no words")


class Odd:
    """A model whose every part is odd."""

    name, family, price, limits = "odd/one", "odd", None, Limits()

    def __init__(self, error: BaseException | None, parameters: Any) -> None:
        self.error, self.parameters = error, parameters

    def prepare(self) -> None: ...

    async def complete(self, prompt: Any, schema: Any) -> Reply:
        raise self.error or AssertionError


@pytest.mark.parametrize(
    ("error", "parameters"), [(Unspeakable(), {}), (SystemExit(3), {}), (None, {"a": {1, 2}}), (ValueError(), {})]
)
def test_whatever_a_model_raises_the_rest_goes_on(
    cascade: Path, error: BaseException | None, parameters: dict[str, Any]
) -> None:
    report = check(["warfarin", "aspirin", "zzqadrine"], cascade=cascade, models={"screener": Odd(error, parameters)})
    assert [pair.drugs for pair in report.of(DecisionKind.FLAGGED)] == [("aspirin", "warfarin")]
    assert len(report.of(DecisionKind.NOT_CHECKED)) == 2


def test_a_deadline_that_falls_as_a_model_loads_prints_nothing_but_the_report(tmp_path: Path, cascade: Path) -> None:
    with serve(Loopback(cascade=load_cascade(cascade))) as server:
        code, out, err = Druqa(tmp_path / "home", server, cascade, PAIR).finish("--deadline", "0.3")
    assert Report.model_validate_json(out).ended_early
    assert (code, err.count("\n")) == (4, 1), err


def test_help_into_a_full_device_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "druqa", "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith("druqa: the output cannot be written")
