"""`python -m tests.faults.aimock [--worlds N]`: a chaos server that others wrote, between druqa and an honest model.

aimock (npm, `@copilotkit/aimock`) passes each request on to the model of a made-up world and, by chance, answers with
500, with 429, with malformed JSON, or drops the connection. It is installed outside the repository; where node, npm or
the package cannot be had, this says so and ends with 75. Not part of the test run.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.campaign import campaign
from tests.faults.hostile.content import CONTENT
from tests.faults.hostile.doors import http_settings, run_with
from tests.faults.hostile.judge import Judge, in_time
from tests.faults.hostile.ledger import Ledger
from tests.faults.hostile.world import make_world

PACKAGE = "@copilotkit/aimock@1.43.0"
HOME = Path.home() / ".cache" / "druqa-tests" / "aimock"
CHAOS = {"drop": 0.1, "malformed": 0.1, "disconnect": 0.1, "ratelimit": 0.01}
DEADLINE_S = 5.0
# What the world's model replied may have been lost on its way through the chaos.
LOST = re.compile("no whole reply|deadline|openai/alpha|openai/beta")


def program() -> list[str] | None:
    """How to start aimock; None where it cannot be had."""
    node, npm = shutil.which("node"), shutil.which("npm")
    script = HOME / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
    if node and npm and not script.is_file():
        command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(HOME), PACKAGE]
        subprocess.run(command, check=False, timeout=180)
    return [node, str(script)] if node and script.is_file() else None


@contextmanager
def served(start: list[str], upstream: str) -> Iterator[str]:
    """aimock in front of an address; gives its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    chaos = [part for kind, rate in CHAOS.items() for part in (f"--chaos-{kind}", str(rate))]
    with tempfile.TemporaryDirectory() as fixtures:
        options = ["--port", str(port), "--fixtures", fixtures, "--log-level", "silent", "--proxy-only"]
        process = subprocess.Popen([*start, *options, *chaos, "--provider-openai", upstream])
        try:
            while process.poll() is None and not _answers(port):
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.aimock", description=__doc__)
    parser.add_argument("--worlds", type=int, default=10)
    given = parser.parse_args()
    start = program()
    if start is None:
        print("SKIPPED: node, npm or the package aimock cannot be had here; nothing was checked")
        return 75
    broken = through(start, given.worlds)
    print(f"unsafe results: {len(broken)}")
    for said in broken[:20]:
        print(f"BROKEN {said}")
    return 1 if broken else 0


def through(start: list[str], worlds: int) -> list[str]:
    """So many worlds through the chaos; what broke."""
    broken: list[str] = []
    with campaign(0, http=True) as running:
        assert running.site is not None
        server = running.site.server
        with served(start, server.base.removesuffix("/v1")) as base:
            for index in range(worlds):
                ledger = Ledger(make_world(f"aimock-{index}", running.folder, drugs=3), 0.1, CONTENT)
                server.enter_world(ledger)
                outcome = run_with(ledger, http_settings(base, DEADLINE_S, 1.0, stream=index % 3 == 2))
                judge = Judge(ledger, outcome.screeners, outcome.rivals, excused=LOST)
                broken += [*judge.broken(outcome.reports), *in_time(outcome.took_s, DEADLINE_S)]
                (report,) = outcome.reports
                decided = [str(pair.decision) for pair in report.pairs]
                print(
                    f"world {index}: {outcome.took_s:.1f} s, {sum(server.asked.values())} requests got through so far,"
                )
                print(f"  {decided}, {report.questions}")
    return broken


if __name__ == "__main__":
    os.environ.setdefault("NO_UPDATE_NOTIFIER", "1")
    sys.exit(main())
