"""The same batch on a cluster: two worker processes against a loopback server, and what may become of them."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from druqa.batch.checking import check_files
from druqa.batch.engine import engine_named
from druqa.batch.manifest import Manifest
from druqa.batch.outputs import Output
from druqa.cascade_files import load_cascade
from druqa.errors import UsageError
from druqa.models.interruption import Interruption
from druqa.report import DecisionKind
from druqa.settings import ModelSettings, Settings, journal_path
from druqa.setup import set_up
from tests.support.cascades import write_cascade
from tests.support.loopback import Loopback, serve
from tests.support.process import KEY, ROOT
from tests.support.script import Asked, ScriptedModel, yes

distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")

LISTS = (("warfarin", "aspirin", "metformin", "zzqadrine", "digoxin"), ("ibuprofen", "warfarin"))
CALLS = 16
"""Under way at once, on all workers together."""
VARIABLE = "LOOPBACK_KEY"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, KEY)
        local = distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs=False
        )
        with local:
            yield local


@pytest.fixture
def client(cluster: Any) -> Iterator[Any]:
    with distributed.Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=30)
        yield client


@pytest.fixture(scope="module")
def cascade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cascades") / "small"
    return write_cascade(folder, evaluators=2, auditors=1, rivals=1, answer=True, name_prompts=1)


@pytest.fixture(autouse=True)
def _lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY)
    write_lists(tmp_path)


@pytest.fixture(scope="module")
def here(cascade: Path, tmp_path_factory: pytest.TempPathFactory) -> Here:
    """What the engine local comes to where nothing is amiss."""
    with pytest.MonkeyPatch.context() as patch:
        return as_asked_here(cascade, tmp_path_factory.mktemp("here"), patch)


def write_lists(folder: Path) -> None:
    rows = [f"list {n},{medication}\n" for n, each in enumerate(LISTS) for medication in each]
    (folder / "lists.csv").write_text("list_id,medication\n" + "".join(rows), encoding="utf-8")


def opinions(asked: Asked) -> Any:
    return yes(asked, "moderate") if asked.prompt == "view_1" and "metformin" in asked.names else None


@contextmanager
def loopback(
    cascade: Path,
    also: Callable[[int], None] = lambda n: None,
    pause_s: float = 0.0,
    at_once: list[int] | None = None,
    **more: Any,
) -> Iterator[Loopback]:
    """A server that calls `also` with the number of each call, and notes how many were under way at each."""
    calls, counting, busy = count(1), threading.Lock(), [0]

    def says(asked: Asked) -> Any:
        with counting:
            busy[0] += 1
            if at_once is not None:
                at_once.append(busy[0])
            also(next(calls))
        time.sleep(pause_s)
        with counting:
            busy[0] -= 1
        return opinions(asked)

    with serve(Loopback(says=says, cascade=load_cascade(cascade), **more)) as server:
        yield server


def batch(
    cascade: Path,
    server: Loopback,
    cluster: Any = None,
    name: str = "out",
    deadline_s: float | None = None,
    **more: Any,
) -> tuple[Manifest, dict[str, bytes]]:
    """Run it, by the engine local where no cluster is given; the manifest, and the tables as CSV."""
    model = ModelSettings(api_base=server.base, api_key_env=VARIABLE, concurrency=CALLS)
    settings = Settings(
        roles={"screener": ("openai/alpha",), "rival": ("openai/beta",)},
        models={"openai/alpha": model, "openai/beta": model},
        deadline_s=deadline_s,
    )
    output = Output(Path(f"{name}.csv"))
    engine = engine_named("dask", cluster.scheduler_address) if cluster else engine_named("local")
    with engine as asks:
        told = check_files(["lists.csv"], output, set_up(cascade, None, settings), engine=asks, **more)
    tables = {table: file.read_bytes() for table, file in output.files.items() if table != "manifest"}
    return told, tables


class Here(NamedTuple):
    told: Manifest
    tables: dict[str, bytes]
    asked: dict[tuple[str, str], int]


def as_asked_here(cascade: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, **more: Any) -> Here:
    """What the engine local comes to, with a journal of its own."""
    with monkeypatch.context() as patch, loopback(cascade, **more) as server:
        patch.setenv("DRUQA_HOME", str(folder / "local"))
        patch.setenv(VARIABLE, KEY)
        patch.chdir(folder)
        write_lists(folder)
        told, tables = batch(cascade, server, name="local")
        return Here(told, tables, dict(server.asked))


def kept() -> int:
    with sqlite3.connect(journal_path()) as journal:
        (rows,) = journal.execute("SELECT count(*) FROM replies").fetchone()
    return int(rows)


@contextmanager
def without_key(client: Any, workers: list[str]) -> Iterator[None]:
    """While the context lasts, these workers have no key."""

    def bind(key: str) -> None:
        os.environ[VARIABLE] = key

    client.run(bind, "", workers=workers)
    yield
    client.run(bind, KEY, workers=workers)


def test_a_worker_killed_in_mid_run_changes_nothing(cluster: Any, client: Any, cascade: Path, here: Here) -> None:
    victim, *_ = client.run(os.getpid).values()

    def kill(n: int) -> None:
        if n == 40:
            os.kill(victim, signal.SIGKILL)

    with loopback(cascade, kill, pause_s=0.1) as server:
        told, tables = batch(cascade, server, cluster)
    assert victim not in client.run(os.getpid).values()
    assert tables == here.tables
    assert told == here.told
    assert set(server.asked) == set(here.asked)
    assert kept() == len(here.asked)
    calls, distinct = sum(server.asked.values()), len(server.asked)
    print(f"{calls} calls for {distinct} distinct questions")
    # What the dead worker had not reported: its calls under way, and what it answered in the half second before.
    assert calls - distinct <= CALLS / 2 * (1 + 0.5 / 0.1)


def test_a_question_without_a_reply_is_asked_no_more_and_said(
    cluster: Any, client: Any, cascade: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def status(asked: Asked) -> Any:
        bad = asked.prompt == "view_0" and "aspirin" in asked.names
        return (400, {}, "not this one") if bad else (200, {})

    here = as_asked_here(cascade, tmp_path, monkeypatch, status=status)
    with loopback(cascade, status=status) as server:
        told, tables = batch(cascade, server, cluster)
    assert told.questions.failed
    assert not told.ended_early
    assert told == here.told
    assert tables == here.tables
    assert b"not this one" in tables["pairs"]
    assert dict(server.asked) == here.asked


def test_a_worker_without_the_key_leaves_its_questions_to_the_others(
    cluster: Any, client: Any, cascade: Path, here: Here
) -> None:
    poor, _ = client.nthreads()
    with without_key(client, [poor]), loopback(cascade) as server:
        told, tables = batch(cascade, server, cluster)
    assert tables == here.tables
    assert dict(server.asked) == here.asked
    assert [note for note in told.notes if "by a worker" in note and VARIABLE in note]


def test_without_the_key_on_any_worker_nothing_is_checked_and_the_reason_said(
    cluster: Any, client: Any, cascade: Path
) -> None:
    with without_key(client, list(client.nthreads())), loopback(cascade) as server:
        told, tables = batch(cascade, server, cluster)
    assert not server.asked
    assert told.questions.failed
    assert "none_found" not in tables["pairs"].decode()
    assert f"the environment variable {VARIABLE}" in tables["pairs"].decode()
    assert KEY not in tables["pairs"].decode()


def test_a_run_that_is_interrupted_says_so_and_goes_on_where_it_was(
    cluster: Any, client: Any, cascade: Path, here: Here
) -> None:
    interruption = Interruption()
    at_once: list[int] = []

    def interrupt(n: int) -> None:
        if n == 40:
            interruption.now("somebody said so")

    with loopback(cascade, interrupt, pause_s=0.1, at_once=at_once) as server:
        ended, _ = batch(cascade, server, cluster, name="ended", interruption=interruption)
        before, asked = kept(), sum(server.asked.values())
        told, tables = batch(cascade, server, cluster)
    assert max(at_once) <= CALLS
    assert ended.ended_early == "somebody said so"
    assert ended.counts.pairs[DecisionKind.NOT_CHECKED]
    assert not told.ended_early
    assert tables == here.tables
    assert kept() == len(here.asked)
    assert sum(server.asked.values()) - len(here.asked) <= asked - before


def test_a_deadline_holds(cluster: Any, client: Any, cascade: Path) -> None:
    with loopback(cascade, pause_s=30) as server:
        told, _ = batch(cascade, server, cluster, deadline_s=2)
    assert told.ended_early == "the run's deadline of 2 s passed"
    assert not told.counts.pairs[DecisionKind.NONE_FOUND]


def test_a_model_of_the_callers_is_asked_on_the_workers(cluster: Any, client: Any, cascade: Path) -> None:
    model = ScriptedModel(says=opinions, cascade=load_cascade(cascade))
    setup = set_up(cascade, {"screener": model}, Settings())
    with engine_named("dask", cluster.scheduler_address) as asks:
        told = check_files(["lists.csv"], Output(Path("given.csv")), setup, engine=asks)
    assert told.questions.answered
    assert not told.questions.failed
    assert not model.prompts


# Without a cluster
def test_a_scheduler_that_is_not_there_is_said_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with (
        pytest.raises(UsageError, match="no dask scheduler can be reached"),
        engine_named("dask", f"tcp://127.0.0.1:{port}"),
    ):
        pass


def test_the_engine_local_has_no_scheduler() -> None:
    with pytest.raises(UsageError, match="only the engine dask"), engine_named("local", "tcp://127.0.0.1:1"):
        pass


def test_without_the_extra_the_command_says_how_to_get_it() -> None:
    code = "import sys; sys.modules['distributed'] = None; from druqa.cli import main; main()"
    command = [sys.executable, "-c", code, "batch", "lists.csv", "--out", "pairs.csv", "--engine", "dask"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 2
    assert "pip install 'druqa[dask]'" in done.stderr
    assert "Traceback" not in done.stderr
