"""A suite run by simulated models over real HTTP, through litellm: `python -m tests.simulation.served SUITE [OPTIONS]`.

Serves a screener and a rival on the loopback interface and calls `druqa eval run` with them; OPTIONS go to that
command. SUITE is a name, a path, or `world` for a small made-up one. The truth is what the suite's gold says. With
`--kill N` the run is killed with -9 once N questions were asked, and started again: nothing is paid twice.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from druqa.cascade_files import load_cascade
from druqa.measure.cases import cases_of
from druqa.measure.running import set_up_suite
from druqa.measure.suite import load_suite
from druqa.settings import Settings
from tests.simulation.planted import Planted
from tests.simulation.worlds import write_world
from tests.support.loopback import Loopback, serve
from tests.support.script import ScriptedModel


def main() -> int:
    arguments = sys.argv[1:]
    kill = 0
    if "--kill" in arguments:
        place = arguments.index("--kill")
        kill, arguments = int(arguments[place + 1]), arguments[:place] + arguments[place + 2 :]
    home = Path(os.environ.get("DRUQA_HOME") or tempfile.mkdtemp(prefix="druqa-simulated-"))
    name, options = arguments[0], arguments[1:]
    if name == "world":
        name = str(write_world(home / "world", 60, 30, forms=("generic", "brand"), repeats=10, table_names=1)[0])
    return run(name, options, home, kill)


def run(suite: str, options: list[str], home: Path, kill: int = 0) -> int:
    """Serve, run, say what was asked twice. Returns the exit code of the command."""
    chosen = load_suite(suite)
    cascade = load_cascade(chosen.cascade)
    truth = _truth(suite)
    faults = {"noise": 0.05, "weakness": 0.2, "failure": 0.002, "order_flip": 0.02, "repeat_flip": 0.05}
    screener = Planted(truth, sensitivity=0.6, specificity=0.97, correlation=0.2, **faults)
    rival = Planted(truth, sensitivity=0.5, specificity=0.97, seed=1)
    with ExitStack() as stack:
        servers = [stack.enter_context(serve(Loopback(says=p.says, cascade=cascade))) for p in (screener, rival)]
        command = _command(suite, options, home, [server.base for server in servers])
        environment = {**os.environ, "DRUQA_HOME": str(home), "LOOPBACK_KEY": "sk-loopback-0123456789"}
        environment["PYTHONPATH"] = str(Path(__file__).parents[2])
        if kill:
            victim = subprocess.Popen(command, cwd=home, env=environment, stdout=subprocess.DEVNULL)
            while sum(sum(server.asked.values()) for server in servers) < kill and victim.poll() is None:
                time.sleep(0.01)
            victim.kill()
            victim.wait()
            time.sleep(0.5)
            print(f"killed after {sum(sum(server.asked.values()) for server in servers):,} questions", flush=True)
        done = subprocess.run(command, cwd=home, env=environment, check=False)
        asked: Counter[int] = Counter(times for server in servers for times in server.asked.values())
    print(
        f"SIMULATED. Questions by how often they were asked: {dict(sorted(asked.items()))}; exit code {done.returncode}"
    )
    return done.returncode


def _truth(suite: str) -> dict[frozenset[str], str]:
    chosen = load_suite(suite)
    cascade = load_cascade(chosen.cascade)
    setup = set_up_suite(chosen, None, {"screener": ScriptedModel(cascade=cascade)}, Settings())
    cases = cases_of(chosen, setup)
    drugs = Planted({})
    return {
        frozenset(drugs.drug(name) for name in case.pair.drugs): str(case.pair.severity)
        for case in cases.cases
        if case.pair.interacts
    }


def _command(suite: str, options: list[str], home: Path, bases: list[str]) -> list[str]:
    roles = (("screener", "openai/simulated-alpha"), ("rival", "openai/simulated-beta"))
    lines = ["[roles]", *(f'{role} = "{model}"' for role, model in roles)]
    for (_, model), base in zip(roles, bases, strict=True):
        lines += [f'[models."{model}"]', f'api_base = "{base}"', 'api_key_env = "LOOPBACK_KEY"', "concurrency = 32"]
        lines += [f'family = "{model}"']
    (home / "druqa.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [sys.executable, "-m", "druqa", "eval", "run", suite, *options]


if __name__ == "__main__":
    sys.exit(main())
