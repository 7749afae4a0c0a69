"""The whole cascade over real HTTP, through litellm, against a server on the loopback interface."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import pytest_socket

from druqa import ModelSettings, Settings, check, check_many
from druqa.cascade_files import load_cascade
from druqa.report import DecisionKind, Report, View
from tests.support.cascades import write_cascade
from tests.support.loopback import Loopback, serve
from tests.support.script import Asked, yes

TEN = [
    "Coumadin 5 mg tablet",
    "aspirin 81 mg",
    "metformin 500 mg",
    "lisinopril",
    "Zocor 40mg",
    "omeprazole",
    "levothyroxine",
    "sertraline",
    "St. John's wort",
    "zzqadrine",
]


def settings(server: Loopback, key: str = "LOOPBACK_KEY", **more: object) -> Settings:
    model = ModelSettings(api_base=server.base, api_key_env=key, timeout_s=20, concurrency=32)
    models = {"openai/alpha": model, "openai/beta": model}
    return Settings(roles={"screener": ("openai/alpha",), "rival": ("openai/beta",)}, models=models, **more)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPBACK_KEY", "sk-loopback-0123456789")


def small(folder: Path) -> Path:
    return write_cascade(folder / "small", evaluators=3, auditors=2, rivals=2, answer=True, name_prompts=1)


def opinions(asked: Asked) -> object:
    return yes(asked, "moderate") if asked.prompt == "view_1" and "metformin" in asked.names else None


def test_the_test_run_reaches_no_other_address() -> None:
    with pytest.warns(UserWarning, match="192.0.2.1"), pytest.raises(pytest_socket.SocketConnectBlockedError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


def test_every_stage_runs_over_http(tmp_path: Path) -> None:
    path = small(tmp_path)
    with serve(Loopback(says=opinions, cascade=load_cascade(path))) as server:
        report = check(["warfarin", "metformin", "zzqadrine"], cascade=path, settings=settings(server))
    assert report.questions.planned == report.questions.answered + report.questions.failed + report.questions.not_asked
    assert (report.questions.failed, report.questions.not_asked) == (0, 0)
    assert max(server.asked.values()) == 1
    by = {pair.drugs: pair for pair in report.pairs}
    flagged = by["metformin", "warfarin"]
    assert (flagged.decision, flagged.severity, flagged.tier) == ("flagged", "moderate", "possible")
    assert flagged.answer is not None
    assert flagged.answer.written_by == "openai/alpha"
    assert flagged.review is not None
    assert flagged.review.view is View.CONFIRMS
    clear = next(pair for drugs, pair in by.items() if set(drugs) == {"warfarin", "zzqadrine"})
    assert clear.decision is DecisionKind.NONE_FOUND
    assert report.models["screener"].requested == ("openai/alpha",)
    assert report.models["screener"].answered_as == ("alpha-as-served",)
    assert report.cost.calls == sum(server.asked.values())
    assert report.cost.prompt_tokens == 100 * report.cost.calls


def test_a_second_run_buys_nothing_and_gives_the_same_report(tmp_path: Path) -> None:
    path = small(tmp_path)
    with serve(Loopback(says=opinions, cascade=load_cascade(path))) as server:
        first = check(["warfarin", "metformin"], cascade=path, settings=settings(server))
        calls = sum(server.asked.values())
        second = check(["warfarin", "metformin"], cascade=path, settings=settings(server))
    assert sum(server.asked.values()) == calls
    assert first.model_dump_json() == second.model_dump_json()


def test_many_lists_share_their_questions(tmp_path: Path) -> None:
    path = small(tmp_path)
    lists = [["warfarin", "metformin"], ["metformin", "warfarin", "lisinopril"], ["lisinopril"]]
    with serve(Loopback(says=opinions, cascade=load_cascade(path))) as server:
        together = check_many(lists, cascade=path, settings=settings(server))
        assert max(server.asked.values()) == 1
        apart = [check(medications, cascade=path, settings=settings(server)) for medications in lists]
    assert [report.model_dump_json() for report in together] == [report.model_dump_json() for report in apart]


@pytest.mark.parametrize(
    ("status", "says"), [(401, "the key was refused"), (404, "no such model"), (400, "BadRequestError")]
)
def test_a_refusal_stands_in_the_report(tmp_path: Path, status: int, says: str) -> None:
    path = small(tmp_path)
    with serve(Loopback(cascade=load_cascade(path), status=lambda asked: (status, {}))) as server:
        report = check(["metformin", "zzqadrine"], cascade=path, settings=settings(server))
    (pair,) = report.pairs
    assert pair.decision is DecisionKind.NOT_CHECKED
    assert says in " ".join(pair.reasons)
    assert not report.complete
    assert "sk-loopback" not in report.model_dump_json()


def test_a_busy_server_is_asked_again(tmp_path: Path) -> None:
    path = small(tmp_path)
    turns: Counter[str] = Counter()

    def busy(asked: Asked) -> tuple[int, dict[str, str]]:
        turns[asked.data["question_id"]] += 1
        return (429, {"Retry-After": "0"}) if turns[asked.data["question_id"]] == 1 and len(turns) < 4 else (200, {})

    with serve(Loopback(cascade=load_cascade(path), status=busy)) as server:
        report = check(["metformin", "zzqadrine"], cascade=path, settings=settings(server))
    assert report.questions.failed == 0
    assert max(server.asked.values()) == 2


def test_a_dead_server_leaves_the_evidence_and_says_why(tmp_path: Path) -> None:
    path = small(tmp_path)
    with serve(Loopback(cascade=load_cascade(path))) as server:
        address = settings(server, deadline_s=20)
    report = check(["warfarin", "aspirin", "zzqadrine"], cascade=path, settings=address)
    assert {pair.drugs for pair in report.of(DecisionKind.FLAGGED)} == {("aspirin", "warfarin")}
    assert len(report.of(DecisionKind.NOT_CHECKED)) == 2
    assert "openai/alpha" in " ".join(report.of(DecisionKind.NOT_CHECKED)[0].reasons)


def _command(path: Path, server: Loopback, folder: Path, medications: list[str]) -> list[str]:
    model = f'api_base = "{server.base}"\napi_key_env = "LOOPBACK_KEY"\nconcurrency = 16\n'
    (folder / "druqa.toml").write_text(
        '[roles]\nscreener = "openai/alpha"\nrival = "openai/beta"\n'
        f'[models."openai/alpha"]\n{model}[models."openai/beta"]\n{model}'
    )
    return [sys.executable, "-m", "druqa", "check", *medications, "--json", "--cascade", str(path)]


def test_kill_9_in_the_middle_and_what_was_received_is_not_asked_again(tmp_path: Path, home_of_its_own: Path) -> None:
    path = write_cascade(tmp_path / "small", evaluators=3, auditors=2, rivals=2, answer=True, name_prompts=1)

    def slowly(asked: Asked) -> None:
        time.sleep(0.01)

    with serve(Loopback(says=slowly, cascade=load_cascade(path))) as server:
        command = _command(path, server, tmp_path, TEN)
        victim = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))
        deadline = time.monotonic() + 120
        while sum(server.asked.values()) < 150 and time.monotonic() < deadline:
            time.sleep(0.01)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        time.sleep(0.3)
        before = Counter(server.asked)
        with sqlite3.connect(home_of_its_own / "journal.sqlite") as journal:
            (kept,) = journal.execute("SELECT count(*) FROM replies").fetchone()
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        report = Report.model_validate_json(finished.stdout)
        after = Counter(server.asked)
        untouched = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 100 <= kept <= sum(before.values()) < len(after)
    assert max(before.values()) == 1
    # What the journal held was not asked again. Only the few replies still on the wire when the process died were:
    # nobody had received them.
    assert sum((after - before).values()) == len(after) - kept
    assert sum(before.values()) - kept <= 2 * 16
    assert report.questions.failed == report.questions.not_asked == 0
    assert Counter(server.asked) == after
    assert untouched.stdout == finished.stdout
