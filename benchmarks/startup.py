"""What druqa costs before it does anything: CPU seconds of fresh processes, compiled files present.

    python benchmarks/startup.py

Each line is the median of ten runs, interleaved so that a busy machine slows all lines alike, and its ratio to an
empty interpreter and to `import pydantic` in the same runs.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 10
LIST = ["Coumadin 5 mg tablet", "Bactrim", "Zocor 40mg", "aspirin 81 mg", "St. John's wort", "zzqadrine"]
DRUQA = str(Path(sys.executable).with_name("druqa"))
FLAGGED = 3

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import pydantic": [sys.executable, "-c", "import pydantic; pydantic.BaseModel"],
    "import druqa": [sys.executable, "-c", "import druqa"],
    "from druqa import check": [sys.executable, "-c", "from druqa import check"],
    "druqa --help": [DRUQA, "--help"],
    "druqa check, the README's list": [DRUQA, "check", *LIST],
}


def cpu_seconds(command: list[str], home: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    env = {**os.environ, "DRUQA_HOME": home}
    done = subprocess.run(command, capture_output=True, check=False, cwd=home, env=env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, FLAGGED):
        sys.exit(f"{command} ended with {done.returncode}:\n{done.stderr.decode()}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        for command in COMMANDS.values():
            cpu_seconds(command, home)
        runs = [{name: cpu_seconds(command, home) for name, command in COMMANDS.items()} for _ in range(RUNS)]
    median = {name: statistics.median(run[name] for run in runs) for name in COMMANDS}
    print(f"{'CPU seconds, median of ' + str(RUNS):<34}{'':>8}{'x pass':>9}{'x pydantic':>12}")
    for name, seconds in median.items():
        to_pass, to_pydantic = seconds / median["python -c pass"], seconds / median["import pydantic"]
        print(f"{name:<34}{seconds:>8.3f}{to_pass:>9.1f}{to_pydantic:>12.2f}")


if __name__ == "__main__":
    main()
