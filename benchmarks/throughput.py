"""How much of a model server's pace reaches druqa, and at what cost, beside other clients in the same run.

    python benchmarks/throughput.py [--in-flight 128] [--latency 0.2] [--seconds 12] [--only NAME ...]

A server in a process of its own speaks the OpenAI protocol and answers each question rightly after a fixed latency. One
client after the other, each in a process of its own, keeps so many calls in flight; the limit is in-flight / latency.
The whole cascade (names, prompts, journal, parsing, sign-off, vote, tables) is a batch of lists that nothing was asked
about before: reading, planning, writing, and the stages in which less is in flight count, so give it half a minute. Its
clock starts once names and tables are loaded. CPU is the client's alone.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.request import urlopen

import pandas as pd

from benchmarks.throughput_clients import ASKED, CLIENTS, KEY, MODEL, Call, serve, settings_at
from druqa import Settings, check_tables
from druqa.knowledge.loading import load_synonyms
from druqa.models.base import Reply
from druqa.models.client import LitellmModel
from druqa.prompts import PromptText

(PROMPT, *_) = [evaluator.prompt for evaluator in ASKED.evaluators if evaluator.prompt]
QUESTIONS_OF_A_LIST = 1_100
"""About what the cascade asks about four drugs, when the model gives no further names."""
SHOWN = "{:<28}{:>9,.0f}/s{:>8.2f}{:>10.2f} ms{:>8.2f}{:>8.2f}{:>8.2f}"
CASCADE = "druqa: whole cascade"
PLAIN = "litellm.acompletion"


class Timed(LitellmModel):
    """The door, with a clock on each call."""

    took: list[float]

    async def complete(self, prompt: PromptText, schema: Mapping[str, Any]) -> Reply:
        began = time.perf_counter()
        try:
            return await super().complete(prompt, schema)
        finally:
            self.took.append(time.perf_counter() - began)


def measure_calls(name: str, base: str, in_flight: int, seconds: float) -> dict[str, Any]:
    """So many workers call one after another until the time is over."""
    took: list[float] = []

    async def worker(call: Call, number: int, until: float) -> None:
        count = 0
        while (began := time.perf_counter()) < until:
            filled = PROMPT.fill(question_id=f"q{number}-{count}", first="warfarin", second="loratadine")
            assert await call(filled)  # noqa: S101
            took.append(time.perf_counter() - began)
            count += 1

    async def all_workers(call: Call, until: float) -> None:
        await asyncio.gather(*(worker(call, number, until) for number in range(in_flight)))

    async def run() -> tuple[float, float]:
        async with CLIENTS[name][1](base, in_flight) as call:
            # What is loaded or learnt at the first call, and then a connection for each worker, before the clock.
            await call(PROMPT.fill(question_id="first", first="warfarin", second="loratadine"))
            await all_workers(call, time.perf_counter() + 0.1)
            took.clear()
            cpu, began = time.process_time(), time.perf_counter()
            await all_workers(call, began + seconds)
            return time.process_time() - cpu, time.perf_counter() - began

    cpu, wall = asyncio.run(run())
    return {"calls": len(took), "cpu": cpu, "wall": wall, "took": took}


def measure_cascade(base: str, in_flight: int, latency: float, seconds: float) -> dict[str, Any]:
    """As many lists as ask about as many questions as the time allows."""
    drugs = sorted(drug for drug in load_synonyms().drugs if drug.isalpha())
    random.Random(7).shuffle(drugs)  # noqa: S311 - a fixed draw
    number = max(2, round(in_flight / latency * seconds / QUESTIONS_OF_A_LIST))
    lists = [drugs[4 * index : 4 * index + 4] for index in range(number + 1)]
    settings = Settings(roles={"screener": (MODEL,)}, budget_calls=10_000_000)

    def check(some: list[list[str]]) -> tuple[int, list[float]]:
        model = Timed(f"openai/{MODEL}", settings_at(base, in_flight, family="alpha"))
        model.took = []
        rows = [(str(number), drug) for number, listed in enumerate(some) for drug in listed]
        frame = pd.DataFrame(rows, columns=["list_id", "medication"])
        told = check_tables(frame, models={"screener": model}, settings=settings).manifest
        lost = told.questions.failed + told.questions.not_asked
        assert not lost, f"{lost} questions came to nothing"  # noqa: S101
        return told.cost.calls, model.took

    check(lists[:1])
    cpu, began = time.process_time(), time.perf_counter()
    calls, took = check(lists[1:])
    return {"calls": calls, "cpu": time.process_time() - cpu, "wall": time.perf_counter() - began, "took": took}


@contextmanager
def server(latency: float) -> Iterator[str]:
    command = [sys.executable, __file__, "--serve", "--latency", str(latency)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout  # noqa: S101
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--in-flight", type=int, default=128)
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--only", nargs="*", default=[*CLIENTS, CASCADE])
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--client", help=argparse.SUPPRESS)
    parser.add_argument("--base", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.latency)
    elif given.client == CASCADE:
        print(json.dumps(measure_cascade(given.base, given.in_flight, given.latency, given.seconds)))
    elif given.client:
        print(json.dumps(measure_calls(given.client, given.base, given.in_flight, given.seconds)))
    else:
        show(given)


def show(given: argparse.Namespace) -> None:
    limit = given.in_flight / given.latency
    print(f"{given.in_flight} in flight, {given.latency:g} s: at most {limit:,.0f}/s; p50 and p99 over the latency")
    print(f"{'':<28}{'calls':>11}{'limit':>8}{'CPU a call':>13}{'ratio':>8}{'p50':>8}{'p99':>8}")
    plain = 0.0
    with server(given.latency) as base:
        for name in given.only:
            if name in CLIENTS and importlib.util.find_spec(CLIENTS[name][0]) is None:
                print(f"{name:<28} not installed")
                continue
            came = measured(name, base, given)
            cpu = came["cpu"] / came["calls"] * 1e3
            plain = cpu if name == PLAIN else plain
            rate, took = came["calls"] / came["wall"], sorted(came["took"])
            p50, p99 = statistics.median(took) / given.latency, took[int(0.99 * len(took))] / given.latency
            print(SHOWN.format(name, rate, rate / limit, cpu, cpu / plain if plain else float("nan"), p50, p99))


def measured(name: str, base: str, given: argparse.Namespace) -> dict[str, Any]:
    """A client in a process of its own; for the cascade also whether each question was asked once."""
    command = [sys.executable, __file__, "--client", name, "--base", f"{base}/v1"]
    command += ["--in-flight", str(given.in_flight), "--latency", str(given.latency), "--seconds", str(given.seconds)]
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "DRUQA_HOME": home, KEY: "sk-throughput-0123456789"}
        urlopen(f"{base}/count").close()  # noqa: S310 - our own server
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=env)
        with urlopen(f"{base}/count") as response:  # noqa: S310 - our own server
            counted = json.load(response)
    if name == CASCADE:
        print(f"{'calls / distinct questions':<28}{counted['calls'] / counted['questions']:>11.4f}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    main()
