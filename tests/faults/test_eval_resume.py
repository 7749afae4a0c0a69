"""A run of simulated models over HTTP, killed with -9: it goes on, pays nothing twice, and ends in the same report."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from druqa.cascade_files import load_cascade
from druqa.measure.suite import load_suite
from tests.simulation.planted import Planted
from tests.simulation.worlds import write_world
from tests.support.loopback import Loopback, serve

MODELS = ("openai/simulated-alpha", "openai/simulated-beta")


def test_a_killed_run_resumes_and_ends_in_the_same_bytes(tmp_path: Path) -> None:
    suite, truth = write_world(tmp_path / "world", 8, 4, evaluators=3, auditors=1)
    cascade = load_cascade(load_suite(suite).cascade)
    planted = Planted(truth, sensitivity=0.4, correlation=0.3)
    with serve(Loopback(says=planted.says, cascade=cascade)) as server:
        settings(tmp_path, server.base)
        broken, whole = tmp_path / "broken", tmp_path / "whole"
        victim = subprocess.Popen(command(suite, broken), env=environment(broken), cwd=tmp_path)
        while sum(server.asked.values()) < 40 and victim.poll() is None:
            time.sleep(0.005)
        victim.kill()
        assert victim.wait() == -9
        time.sleep(0.3)
        before = Counter(server.asked)
        with sqlite3.connect(broken / "journal.sqlite") as journal:
            (kept,) = journal.execute("SELECT count(*) FROM replies").fetchone()
        assert kept > 0
        finish(suite, broken, tmp_path)
        resumed = Counter(server.asked)
        # What was on the wire at the kill was counted by the server and received by nobody.
        assert sum(resumed.values()) - len(resumed) <= sum(before.values()) - kept
        finish(suite, whole, tmp_path)
        again = Counter(server.asked)
        finish(suite, whole, tmp_path)
        assert Counter(server.asked) == again, "a finished run asked again"
    for file in sorted((broken / "out").iterdir()):
        assert file.read_bytes() == (whole / "out" / file.name).read_bytes(), file.name


def finish(suite: Path, home: Path, folder: Path) -> None:
    settled = {"env": environment(home), "cwd": folder, "capture_output": True, "text": True}
    done = subprocess.run(command(suite, home), check=False, **settled)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr


def settings(folder: Path, base: str) -> None:
    lines = ["[roles]", f'screener = "{MODELS[0]}"', f'rival = "{MODELS[1]}"']
    for model in MODELS:
        lines += [f'[models."{model}"]', f'api_base = "{base}"', 'api_key_env = "LOOPBACK_KEY"', f'family = "{model}"']
        lines += ["concurrency = 4"]
    (folder / "druqa.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def command(suite: Path, home: Path) -> list[str]:
    return [sys.executable, "-m", "druqa", "eval", "run", str(suite), "--out", str(home / "out")]


def environment(home: Path) -> dict[str, str]:
    here = str(Path(__file__).parents[2])
    return {**os.environ, "DRUQA_HOME": str(home), "LOOPBACK_KEY": "sk-loopback-0123456789", "PYTHONPATH": here}
