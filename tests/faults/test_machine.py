"""Faults of the machine: signals, a full disk, a damaged journal, several processes, clocks, file handles, locks."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from druqa.cascade_files import load_cascade
from druqa.errors import JournalError
from druqa.flow import acheck
from druqa.models.journal import Journal
from druqa.models.ledger import Ledger
from druqa.report import DecisionKind, Report
from druqa.settings import Settings, journal_path
from tests.support.cascades import write_cascade
from tests.support.loopback import Loopback, serve
from tests.support.process import Druqa
from tests.support.script import Asked, ScriptedModel, yes

HELD_UP_S = 20
"""Whoever waits for the lock or the look-up that a test blocks takes longer. `tests.faults.machine` shows how exact a
deadline is where nothing else keeps the machine busy."""
LIST = ["warfarin", "aspirin", "metformin", "zzqadrine"]


def opinions(asked: Asked) -> Any:
    return yes(asked, "moderate") if asked.prompt == "view_1" and "metformin" in asked.names else None


@pytest.fixture
def cascade(tmp_path: Path) -> Path:
    return write_cascade(tmp_path / "small", evaluators=3, auditors=2, rivals=2, answer=True, name_prompts=1)


@contextmanager
def loopback(cascade: Path, pause_s: float = 0.0) -> Iterator[Loopback]:
    def says(asked: Asked) -> Any:
        time.sleep(pause_s)
        return opinions(asked)

    with serve(Loopback(says=says, cascade=load_cascade(cascade))) as server:
        yield server


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 90
    while not condition() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.005)
    assert condition(), process.communicate()


# Signals
def test_a_signal_ends_the_check_with_a_report_labelled_incomplete(tmp_path: Path, cascade: Path) -> None:
    with loopback(cascade, pause_s=0.1) as server:
        druqa = Druqa(tmp_path / "home", server, cascade, LIST, options=())
        victim = druqa.start()
        wait_for(lambda: sum(server.asked.values()) > 40, victim)
        began = time.monotonic()
        victim.send_signal(signal.SIGINT)
        out, err = victim.communicate(timeout=60)
        took = time.monotonic() - began
        before = Counter(server.asked)
        with sqlite3.connect(druqa.home / "journal.sqlite") as journal:
            (kept,) = journal.execute("SELECT count(*) FROM replies").fetchone()
            (claims,) = journal.execute("SELECT count(*) FROM claims").fetchone()
        whole = druqa.report("--json")
    assert took < 5
    assert victim.returncode == 3, err
    assert "SIGINT" in err
    assert "INCOMPLETE  the run was interrupted by SIGINT" in " ".join(out.split("\n")[1].split(" "))
    assert "aspirin + warfarin" in out
    assert "NOT CHECKED" in out
    assert "NONE FOUND" not in out
    # What was received is kept, nothing stays claimed, and the next run asks the rest.
    assert (kept > 0, claims) == (True, 0)
    assert sum(server.asked.values()) - len(server.asked) <= sum(before.values()) - kept
    assert (whole.ended_early, whole.questions.failed, whole.questions.not_asked) == ("", 0, 0)


def test_the_report_as_json_says_what_ended_it(tmp_path: Path, cascade: Path) -> None:
    with loopback(cascade, pause_s=0.1) as server:
        victim = Druqa(tmp_path / "home", server, cascade, LIST).start()
        wait_for(lambda: sum(server.asked.values()) > 5, victim)
        victim.send_signal(signal.SIGTERM)
        out, _ = victim.communicate(timeout=60)
    report = Report.model_validate_json(out)
    assert report.ended_early == "the run was interrupted by SIGTERM"
    assert not report.complete
    assert not report.of(DecisionKind.NONE_FOUND)
    assert all("SIGTERM" in " ".join(pair.reasons) for pair in report.of(DecisionKind.NOT_CHECKED))


# Several processes
def test_processes_that_share_a_journal_ask_each_question_once_in_total(tmp_path: Path, cascade: Path) -> None:
    with loopback(cascade, pause_s=0.01) as server:
        together(Druqa(tmp_path / "home", server, cascade, LIST), 2)


def together(druqa: Druqa, processes: int) -> None:
    """Run the same check so often at once; each question is asked once in total, and all reports are one."""
    running = [druqa.start() for _ in range(processes)]
    reports = {process.communicate(timeout=300)[0] for process in running}
    assert len(reports) == 1
    report = Report.model_validate_json(reports.pop())
    assert (report.questions.failed, report.questions.not_asked) == (0, 0)
    assert set(druqa.server.asked.values()) == {1}
    assert not list((druqa.home / "journal.sqlite.owners").iterdir())


def test_what_a_dead_process_had_claimed_is_taken_over(tmp_path: Path, cascade: Path) -> None:
    with loopback(cascade, pause_s=0.2) as server:
        druqa = Druqa(tmp_path / "home", server, cascade, LIST)
        first = druqa.start()
        wait_for(lambda: sum(server.asked.values()) > 2, first)
        second = druqa.start()
        time.sleep(0.5)
        first.kill()
        first.communicate()
        out, err = second.communicate(timeout=120)
    report = Report.model_validate_json(out)
    assert (report.questions.failed, report.questions.not_asked) == (0, 0), err


def test_a_claim_waits_for_the_other_and_gets_its_reply_or_its_turn(tmp_path: Path) -> None:
    from druqa.models.base import Reply  # noqa: PLC0415

    reply = Reply(text="{}", finish_reason="stop")

    async def run() -> None:
        with Journal(tmp_path / "j.sqlite") as one, Journal(tmp_path / "j.sqlite") as other:
            assert (await one.take("kept"), await one.take("released")) == (None, None)
            waiting = [asyncio.create_task(other.take(key)) for key in ("kept", "released")]
            await asyncio.sleep(0.3)
            assert not any(task.done() for task in waiting)
            await one.keep("kept", reply)
            one.release("released")
            assert [await task for task in waiting] == [reply, None]
            await one.drain(None)
            await other.drain(None)

    asyncio.run(run())


KEEPS = """
import asyncio, os, sys
from pathlib import Path
from druqa.models.base import Reply
from druqa.models.journal import Journal

async def main():
    with Journal(Path(sys.argv[1])) as journal:
        async def buy(line):
            for n in range(10**6):
                await journal.keep(f"{line}-{n}", Reply(text=f"{line}-{n}"))
                os.write(1, f"{line}-{n}\\n".encode())
        await asyncio.gather(*map(buy, range(500)))

asyncio.run(main())
"""


def test_kill_9_among_hundreds_of_keeps_loses_none_that_returned(tmp_path: Path) -> None:
    root = str(Path(__file__).parents[2])
    for kill_after in (1, 700, 5000):
        path = tmp_path / f"{kill_after}.sqlite"
        command = [sys.executable, "-c", KEEPS, str(path)]
        victim = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": root})
        assert victim.stdout
        returned = [victim.stdout.readline().strip() for _ in range(kill_after)]
        victim.kill()
        returned += victim.stdout.read().split()
        victim.wait()
        victim.stdout.close()
        with Journal(path, claims=False) as journal:
            assert journal.known(returned) == set(returned)
            assert not journal.damaged


# Locks, clocks, handles
def test_a_journal_that_another_process_holds_does_not_hold_up_the_deadline(tmp_path: Path, cascade: Path) -> None:
    with loopback(cascade) as server:
        druqa = Druqa(tmp_path / "home", server, cascade, LIST)
        druqa.report()
        holder = sqlite3.connect(druqa.home / "journal.sqlite", isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        druqa.medications = [*LIST, "qqvorblux"]
        began = time.monotonic()
        report = druqa.report("--deadline", "6")
        took = time.monotonic() - began
        holder.close()
    assert took < HELD_UP_S
    assert report.ended_early == "the run's deadline of 6 s passed"
    assert not [pair for pair in report.of(DecisionKind.NONE_FOUND) if "qqvorblux" in pair.drugs]


def test_a_name_that_cannot_be_looked_up_does_not_hold_up_the_deadline(tmp_path: Path, cascade: Path) -> None:
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(
        "import socket, time\nsocket.getaddrinfo = lambda *args, **more: time.sleep(40)\n"
    )
    path = os.pathsep.join((str(hook), str(Path(__file__).parents[2])))
    server = Loopback(cascade=load_cascade(cascade), base="http://models.invalid/v1")
    druqa = Druqa(tmp_path / "home", server, cascade, LIST, environment={"PYTHONPATH": path})
    began = time.monotonic()
    report = druqa.report("--deadline", "6")
    assert time.monotonic() - began < HELD_UP_S
    assert {pair.drugs for pair in report.of(DecisionKind.FLAGGED)} == {("aspirin", "warfarin")}
    assert report.ended_early


def test_a_clock_that_is_set_back_changes_nothing(cascade: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def report(pause: float) -> Report:
        model = ScriptedModel(opinions, cascade=load_cascade(cascade), parameters={"run": pause})
        settings = Settings(deadline_s=60)
        return asyncio.run(acheck(LIST, cascade=cascade, models={"screener": model}, settings=settings))

    straight = report(0)
    # A clock that leaps ahead by more than the deadline with each look, and one that runs backwards.
    for step in (3600, -3600):
        now = iter(range(2_000_000_000, 2_000_000_000 + 10**6 * step, step))
        monkeypatch.setattr(time, "time", lambda now=now: float(next(now)))
        monkeypatch.setattr(time, "time_ns", lambda now=now: next(now) * 10**9)
        assert report(step) == straight
    assert straight.questions.answered == straight.questions.planned
    assert not straight.ended_early


def test_a_limit_on_file_handles_leaves_a_report(tmp_path: Path, cascade: Path) -> None:
    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))

    with loopback(cascade, pause_s=0.2) as server:
        druqa = Druqa(tmp_path / "home", server, cascade, LIST, model="concurrency = 64\n")
        code, out, err = druqa.finish("--deadline", "25", preexec_fn=few)
    assert "Traceback" not in err
    assert code == 3, err
    report = Report.model_validate_json(out)
    assert report.questions.failed + report.questions.not_asked
    for pair in report.of(DecisionKind.NONE_FOUND):
        assert len({verdict.question for verdict in pair.verdicts}) == pair.planned


# Disks
@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_leaves_a_report_and_keeps_what_it_could(tmp_path: Path, cascade: Path) -> None:
    with small_disk(tmp_path / "disk", "size=160k") as disk, loopback(cascade) as server:
        druqa = Druqa(disk / "home", server, cascade, [*LIST, "lisinopril", "sertraline", "qqvorblux", "cetirizine"])
        report = druqa.report()
        asked = Counter(server.asked)
        with sqlite3.connect(druqa.home / "journal.sqlite") as journal:
            (kept,) = journal.execute("SELECT count(*) FROM replies").fetchone()
    assert kept
    said = " ".join((*report.notes, *(reason for pair in report.pairs for reason in pair.reasons)))
    assert "disk is full" in said or "could not be kept" in said, said
    assert ("aspirin", "warfarin") in {pair.drugs for pair in report.of(DecisionKind.FLAGGED)}
    for pair in report.of(DecisionKind.NONE_FOUND):
        assert len({verdict.question for verdict in pair.verdicts}) == pair.planned
    # Where nothing can be kept, nothing is bought but what was on its way as the disk filled up.
    assert sum(asked.values()) - kept <= 3 * 16


def test_an_output_that_cannot_be_written_is_an_error_not_a_traceback(tmp_path: Path, cascade: Path) -> None:
    with loopback(cascade) as server, Path("/dev/full").open("w") as full:
        druqa = Druqa(tmp_path / "home", server, cascade, LIST)
        code, _, err = druqa.finish(stdout=full)
    assert code == 1
    assert "Traceback" not in err
    assert "cannot be written" in err


def test_a_read_only_home_is_refused_before_anything_is_paid(tmp_path: Path, cascade: Path) -> None:
    with small_disk(tmp_path / "disk", "size=1m,ro") as disk, loopback(cascade) as server:
        druqa = Druqa(tmp_path / "home", server, cascade, LIST, environment={"DRUQA_HOME": str(disk)})
        code, _, err = druqa.finish()
        embedded = Druqa(tmp_path / "home", server, Path("embedded"), LIST, environment={"DRUQA_HOME": str(disk)})
        assert embedded.report().of(DecisionKind.FLAGGED)
    assert code == 1
    assert "nothing was paid" in err
    assert "DRUQA_HOME" in err
    assert not server.asked


# Damage
def with_replies(cascade: Path) -> tuple[ScriptedModel, Report]:
    model = ScriptedModel(opinions, cascade=load_cascade(cascade), parameters={"script": "damage"})
    return model, again(model, cascade)


def again(model: ScriptedModel, cascade: Path) -> Report:
    return asyncio.run(acheck(LIST, cascade=cascade, models={"screener": model}, settings=Settings()))


@pytest.mark.parametrize("field", ["key", "reply", "sha256"])
@pytest.mark.parametrize("how", ["one byte", "cut short", "another type", "no UTF-8", "a yes for a no"])
def test_a_row_damaged_in_any_field_is_asked_again(cascade: Path, field: str, how: str) -> None:
    model, first = with_replies(cascade)
    bought = len(model.prompts)
    change = {
        "one byte": f"'x' || substr({field}, 2)",
        "cut short": f"substr({field}, 1, length({field}) - 1)",
        "another type": f"CAST({field} AS BLOB)",
        "no UTF-8": f"CAST(CAST({field} AS BLOB) || x'ff' AS TEXT)",
        "a yes for a no": f"replace({field}, 'no_interaction', 'interaction')",
    }[how]
    with sqlite3.connect(journal_path()) as db:
        db.execute(f"UPDATE replies SET {field} = {change}")
    report = again(model, cascade)
    assert {p.drugs: p.decision for p in report.pairs} == {p.drugs: p.decision for p in first.pairs}
    changed = not (how == "a yes for a no" and field != "reply")
    assert (len(model.prompts) > bought) is changed


@pytest.mark.parametrize("tenth", range(1, 10))
def test_a_truncated_or_overwritten_journal_is_an_error_or_a_report_never_a_wrong_one(
    cascade: Path, tenth: int
) -> None:
    model, first = with_replies(cascade)
    decided = {pair.drugs: pair.decision for pair in first.pairs}
    file = journal_path()
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = file.read_bytes()
    at = len(whole) * tenth // 10
    refused: list[str] = []
    for damaged in (whole[:at], whole[:at] + bytes(64) + whole[at + 64 :], whole[:at] + b"\xff" * 4096):
        for stray in file.parent.glob("journal.sqlite-*"):
            stray.unlink()
        file.write_bytes(damaged)
        try:
            report = again(model, cascade)
        except JournalError as error:
            refused.append(str(error))
            continue
        for pair in report.pairs:
            assert pair.decision in (decided[pair.drugs], DecisionKind.NOT_CHECKED)
            if pair.decision is DecisionKind.NOT_CHECKED:
                assert "journal" in " ".join(pair.reasons)
    assert all(str(file) in error for error in refused)


def test_a_journal_of_an_older_layout_is_refused_with_what_to_do(home_of_its_own: Path) -> None:
    home_of_its_own.mkdir()
    with sqlite3.connect(journal_path()) as db:
        db.execute("CREATE TABLE replies(key TEXT PRIMARY KEY, reply TEXT)")
    with pytest.raises(JournalError, match="move the file away"):
        Ledger(journal_path())


def test_a_journal_without_claims_is_brought_up_to_date(cascade: Path) -> None:
    model, _ = with_replies(cascade)
    bought = len(model.prompts)
    with sqlite3.connect(journal_path()) as db:
        db.execute("DROP TABLE claims")
    again(model, cascade)
    assert len(model.prompts) == bought


def test_a_lost_write_ahead_log_loses_only_what_it_held(cascade: Path) -> None:
    model, first = with_replies(cascade)
    copy = journal_path().with_name("copy")
    shutil.copy(journal_path(), copy)
    for file in journal_path().parent.glob("journal.sqlite*"):
        if file.is_file():
            file.unlink()
    copy.rename(journal_path())
    report = again(model, cascade)
    assert {p.drugs: p.decision for p in report.pairs} == {p.drugs: p.decision for p in first.pairs}
