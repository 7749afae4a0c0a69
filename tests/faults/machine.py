"""`python -m tests.faults.machine [--kills N]`: the machine faults that take too long for every test run.

Kills `druqa check` with -9 at N random calls, each time in a new home and then finished by a second run; then runs
eight processes on one journal. Prints what was asked twice (nothing that was held); exits 1 if a report differs.
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from druqa.cascade_files import load_cascade
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
    return 1 if broken else 0


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
