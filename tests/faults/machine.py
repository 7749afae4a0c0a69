"""`python -m tests.faults.machine [--kills N]`: the machine faults that take too long for every test run.

Kills `druqa check` with -9 at N random calls, each time in a new home and then finished by a second run; runs eight
processes on one journal; checks with a server that is silent or down. Prints what was asked twice (nothing that was
kept) and how long each command took. Exits 1 if a report differs, or a command took 2 s longer than its deadline.
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from druqa.cascade_files import load_cascade
from druqa.report import DecisionKind
from tests.faults.test_machine import LIST, opinions, together
from tests.support.cascades import write_cascade
from tests.support.loopback import Loopback, serve
from tests.support.process import Druqa


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    folder = Path(tempfile.mkdtemp(prefix="druqa-machine-"))
    cascade = write_cascade(folder / "small", evaluators=3, auditors=2, rivals=2, answer=True, name_prompts=1)
    with serve(Loopback(says=opinions, cascade=load_cascade(cascade))) as server:
        whole = Druqa(folder / "whole", server, cascade, LIST).report().model_dump_json()
        calls = sum(server.asked.values())
    chance = random.Random(wanted.seed)
    broken = [
        kill for kill in range(wanted.kills) if not _killed(folder, cascade, whole, kill, chance.randrange(1, calls))
    ]
    print(f"{wanted.kills} kills with -9 among {calls} calls: {len(broken)} runs ended in another report {broken}")
    with serve(Loopback(says=opinions, cascade=load_cascade(cascade))) as server:
        together(Druqa(folder / "eight", server, cascade, LIST), 8)
        print(f"eight processes on one journal: {sum(server.asked.values())} calls, each question once; one report")
    late = [_ended_late(folder, cascade, base, deadline) for base in ("silent", "down") for deadline in (1, 5, 10)]
    return 1 if broken or any(late) else 0


def _ended_late(folder: Path, cascade: Path, server: str, deadline: int) -> bool:
    """Check with a server that is down, or accepts and says nothing; tell whether it took 2 s longer than it may."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        if server == "down":
            silent.close()
        unserved = Loopback(cascade=load_cascade(cascade), base=f"http://127.0.0.1:{port}/v1")
        druqa = Druqa(folder / f"{server}{deadline}", unserved, cascade, LIST)
        began = time.monotonic()
        report = druqa.report("--deadline", str(deadline))
        took = time.monotonic() - began
    flagged = [" + ".join(pair.drugs) for pair in report.of(DecisionKind.FLAGGED)]
    rest = report.of(DecisionKind.NOT_CHECKED)
    print(f"server {server}, deadline {deadline} s: the whole command took {took:.1f} s; flagged {flagged}")
    print(f"  {len(rest)} of {len(report.pairs)} pairs NOT CHECKED: {rest[0].reasons[-1]}")
    return took > deadline + 2 or len(rest) + len(flagged) != len(report.pairs)


def _killed(folder: Path, cascade: Path, whole: str, kill: int, at: int) -> bool:
    """Kill a run at its call number `at`, finish it, and tell whether the report is the uninterrupted one."""
    with serve(Loopback(says=opinions, cascade=load_cascade(cascade))) as server:
        druqa = Druqa(folder / f"home{kill}", server, cascade, LIST)
        victim = druqa.start()
        while sum(server.asked.values()) < at and victim.poll() is None:
            time.sleep(0.001)
        victim.kill()
        victim.communicate()
        time.sleep(0.2)
        before = Counter(server.asked)
        with sqlite3.connect(druqa.home / "journal.sqlite") as journal:
            (kept,) = journal.execute("SELECT count(*) FROM replies").fetchone()
        report = druqa.report().model_dump_json()
        twice = sum(server.asked.values()) - len(server.asked)
    on_the_wire = sum(before.values()) - kept
    good = report == whole and twice <= on_the_wire
    print(f"  {kill}: killed at call {at}, {kept} kept; asked twice {twice}, on the wire {on_the_wire}", flush=True)
    return good


if __name__ == "__main__":
    sys.exit(main())
