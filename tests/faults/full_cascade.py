"""`python -m tests.faults.full_cascade`: ten drugs through the whole of recall_first over loopback HTTP, killed once.

Prints the counts that prove conservation (planned = answered + failed + not_asked) and that what the journal held when
the process was killed with -9 was not asked again. Takes minutes: not part of the test run.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.support.loopback import Loopback, serve
from tests.support.script import Asked, yes

TEN = ["warfarin", "metformin", "lisinopril", "simvastatin", "omeprazole"]
TEN += ["levothyroxine", "sertraline", "amlodipine", "cetirizine", "zzqadrine"]
KILL_AFTER = 3000


def opinions(asked: Asked) -> object:
    """One evaluator that sees one interaction; everyone else sees none."""
    return yes(asked, "moderate") if asked.prompt == "monitoring_dose_change" and "metformin" in asked.names else None


def main() -> int:
    home = Path(tempfile.mkdtemp(prefix="druqa-full-"))
    with serve(Loopback(says=opinions)) as server:
        command = _command(server, home)
        victim = subprocess.Popen(command, cwd=home, env=_environment(home), stdout=subprocess.DEVNULL)
        while sum(server.asked.values()) < KILL_AFTER and victim.poll() is None:
            time.sleep(0.01)
        victim.kill()
        victim.wait()
        time.sleep(0.5)
        before = Counter(server.asked)
        with sqlite3.connect(home / "journal.sqlite") as journal:
            (kept,) = journal.execute("SELECT count(*) FROM replies").fetchone()
        print(f"killed after the server was asked {sum(before.values()):,} times; the journal holds {kept:,} replies")
        began = time.monotonic()
        done = subprocess.run(command, cwd=home, env=_environment(home), capture_output=True, text=True, check=False)
        took = time.monotonic() - began
        after = Counter(server.asked)
    report = json.loads(done.stdout)
    again = sum((after - before).values()) - (len(after) - len(before))
    print(f"second run, {took:.0f} s: {report['questions']}, complete: {report['complete']}, exit {done.returncode}")
    print(f"decisions: {dict(Counter(pair['decision'] for pair in report['pairs']))}")
    print(f"distinct questions {len(after):,}; asked over both runs {sum(after.values()):,}")
    print(f"asked twice: {again}, all of them on the wire at the kill ({sum(before.values()) - kept} were)")
    questions = report["questions"]
    conserved = questions["planned"] == questions["answered"] + questions["failed"] + questions["not_asked"]
    return 0 if conserved and again == sum(before.values()) - kept else 1


def _command(server: Loopback, home: Path) -> list[str]:
    model = f'api_base = "{server.base}"\napi_key_env = "LOOPBACK_KEY"\nconcurrency = 32\n'
    (home / "druqa.toml").write_text(
        '[roles]\nscreener = "openai/alpha"\nrival = "openai/beta"\n'
        f'[models."openai/alpha"]\n{model}[models."openai/beta"]\n{model}'
    )
    return [sys.executable, "-m", "druqa", "check", *TEN, "--json"]


def _environment(home: Path) -> dict[str, str]:
    here = str(Path(__file__).parents[2])
    return {**os.environ, "DRUQA_HOME": str(home), "LOOPBACK_KEY": "sk-loopback-0123456789", "PYTHONPATH": here}


if __name__ == "__main__":
    sys.exit(main())
