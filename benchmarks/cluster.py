"""How fast a batch is asked on two worker processes, beside the engine local in the same run.

    python benchmarks/cluster.py [--drugs 46] [--latency 0.05] [--in-flight 128] [--workers 2]

One list of so many drugs, and about each pair of them 16 questions (46 drugs: 16,560), twelve at once and then four,
to a model that answers after so many seconds at next to no cost. The limit is questions x latency / in-flight. Each
engine has a process and a journal of its own. `asking` is from the first question to the last decision, `whole` also
reads the list and writes the tables. `CPU` is of the process that drives, the scheduler in it, for one reply of
`whole`: its inverse is what one driver can keep up with. Memory is the most that a process held.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from druqa.batch.checking import check_files
from druqa.batch.engine import engine_named
from druqa.batch.outputs import Output
from druqa.batch.run import Engine
from druqa.batch.watch import DECIDING, Watch
from druqa.cascade_files import load_cascade
from druqa.knowledge.loading import load_synonyms
from druqa.models.base import Limits, Reply
from druqa.prompts import PromptText
from druqa.settings import Settings
from druqa.setup import set_up
from tests.support.cascades import write_cascade
from tests.support.script import ScriptedModel

SHOWN = "{:<8}{:>9,}{:>9.1f} s{:>9.1f} s{:>8.2f}{:>9.1f} s{:>8.2f} ms{:>9.1f} s{:>8.0f}   {}"


@dataclass
class Sleeper(ScriptedModel):
    """Says no, after a while."""

    latency: float = 0.0

    async def complete(self, prompt: PromptText, schema: Mapping[str, Any]) -> Reply:
        await asyncio.sleep(self.latency)
        return await super().complete(prompt, schema)


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def engine(wanted: argparse.Namespace, told: dict[str, Any]) -> Iterator[Engine]:
    """The engine; that of dask on a cluster that is looked into before it closes."""
    if wanted.engine == "local":
        with engine_named("local") as asks:
            yield asks
        return
    from distributed import Client, LocalCluster  # noqa: PLC0415

    began = time.perf_counter()
    with (
        LocalCluster(wanted.workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster,
        Client(cluster, set_as_default=False) as client,
        engine_named("dask", cluster.scheduler_address) as asks,
    ):
        told["start_s"] = time.perf_counter() - began
        yield asks
        told["workers_mb"] = [round(mb) for mb in client.run(megabytes).values()]


def measure(wanted: argparse.Namespace) -> None:
    """Run one engine, and print what was measured as JSON."""
    stages: list[tuple[str, float]] = []
    watch = Watch(tell=lambda _, facts: stages.append((facts["stage"], time.perf_counter())))
    folder = write_cascade(Path("sixteen"), evaluators=12, auditors=4, orders="alternate", evidence=False)
    drugs = [drug for drug in sorted(load_synonyms().drugs) if drug.isalpha()][: wanted.drugs]
    Path("lists.csv").write_text("list_id,medication\n" + "".join(f"1,{drug}\n" for drug in drugs))
    limits = Limits(concurrency=wanted.in_flight)
    model = Sleeper(latency=wanted.latency, limits=limits, cascade=load_cascade(folder))
    setup = set_up(folder, {"screener": model}, Settings(budget_calls=10**9))
    told: dict[str, Any] = {"start_s": 0.0, "workers_mb": []}
    with engine(wanted, told) as asks:
        began, cpu = time.perf_counter(), time.process_time()
        manifest = check_files(["lists.csv"], Output(Path("out.csv")), setup, engine=asks, watch=watch)
        told["whole_s"], told["cpu_s"] = time.perf_counter() - began, time.process_time() - cpu
    told["asking_s"] = sum(until - since for (stage, since), (_, until) in pairwise(stages) if stage == DECIDING)
    told |= {"replies": manifest.cost.calls, "failed": manifest.questions.failed, "mb": megabytes()}
    print(json.dumps(told))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drugs", type=int, default=46)
    parser.add_argument("--latency", type=float, default=0.05)
    parser.add_argument("--in-flight", type=int, default=128)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--engine", choices=["local", "dask"], help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.engine:
        measure(wanted)
        return
    print("engine    replies     limit     asking  of limit     whole       CPU   start-up      MB   workers' MB")
    for name in ("local", "dask"):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, __file__, *sys.argv[1:], "--engine", name]
            env = {**os.environ, "DRUQA_HOME": folder}
            done = subprocess.run(command, cwd=folder, env=env, stdout=subprocess.PIPE, check=True)
        told = json.loads(done.stdout.splitlines()[-1])
        if told["failed"]:
            sys.exit(f"{told['failed']} questions failed: this is no figure")
        limit, asking = told["replies"] * wanted.latency / wanted.in_flight, told["asking_s"]
        figures = (told["replies"], limit, asking, limit / asking, told["whole_s"])
        costs = (told["cpu_s"] / told["replies"] * 1000, told["start_s"], told["mb"])
        print(SHOWN.format(name, *figures, *costs, ", ".join(map(str, told["workers_mb"]))), flush=True)


if __name__ == "__main__":
    main()
