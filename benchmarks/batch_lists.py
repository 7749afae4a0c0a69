"""A million lists of eight drugs, Parquet in, Parquet of all their pairs out, by the tables that ship with druqa.

    python benchmarks/batch_lists.py [--lists 10000 100000 1000000] [--drugs 1200]

Prints seconds, CPU seconds, pairs a second and peak memory of `druqa batch` in a process of its own for each number of
lists, beside the limit measured in the same run: DuckDB alone reading the lists and writing as many rows of as many
columns, without having found anything out.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import duckdb
import numpy as np
import pandas as pd

from druqa.knowledge.evidence import load_evidence
from druqa.knowledge.loading import load_synonyms
from druqa.records import NameKind

DRUGS_A_LIST = 8
STRENGTHS = ("", " 5 mg", " 10 mg tablet", " 20 mg", " 100 mg oral capsule")


def texts(drugs: int) -> tuple[list[str], np.ndarray]:
    """What is written for drugs that the tables know, generic or brand, and how often: the nth drug as 1/n."""
    synonyms, evidence = load_synonyms(), load_evidence()
    known = sorted(drug for drug in synonyms.drugs if evidence.roles_of(drug))
    random.Random(7).shuffle(known)  # noqa: S311 - which of them are common is made up
    written, weights = [], []
    for rank, drug in enumerate(known[:drugs], start=1):
        brands = [name.text for name in synonyms.names_of(drug) if name.kind is NameKind.BRAND][:1]
        for name in (drug, *brands):
            for strength in STRENGTHS:
                written.append(name + strength)
                weights.append(1 / rank / (1 + len(brands)) / len(STRENGTHS))
    return written, np.array(weights) / sum(weights)


def make(file: Path, lists: int, drugs: int) -> None:
    """Write the lists: eight texts each, drawn by their weights."""
    written, weights = texts(drugs)
    rng = np.random.default_rng(7)
    drawn = rng.choice(len(written), size=(lists, DRUGS_A_LIST), p=weights)
    column = np.array(written, dtype=object)[drawn.ravel()]
    frame = pd.DataFrame({"list_id": np.repeat(np.arange(lists).astype(str), DRUGS_A_LIST), "medication": column})
    with duckdb.connect() as db:
        db.register("frame", frame)
        db.execute(f"COPY frame TO '{file}' (FORMAT parquet)")


def run(source: Path, out: Path) -> tuple[float, float, float]:
    """Seconds, CPU seconds and peak megabytes of the command."""
    command = [sys.executable, "-m", "druqa", "batch", str(source), "--out", str(out), "--json"]
    began = perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    stdout = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = perf_counter() - began
    if os.waitstatus_to_exitcode(status) not in (3, 4):
        sys.exit(stdout)
    counts = json.loads(stdout)["counts"]
    print(f"    {counts['distinct_texts']:,} texts, {counts['distinct_pairs']:,} pairs distinct; {counts['pairs']}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def limit(source: Path, out: Path, rows: int) -> float:
    """Seconds that DuckDB takes to read the lists and to write as many rows of eleven columns of text."""
    began = perf_counter()
    with duckdb.connect() as db:
        lists = rows // db.execute(f"SELECT count(*) FROM '{source}'").fetchall()[0][0] + 1
        columns = ", ".join(f"medication AS c{number}" for number in range(10))
        query = f"SELECT list_id, {columns} FROM '{source}', range({lists}) LIMIT {rows}"
        db.execute(f"COPY ({query}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)")
    return perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lists", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--drugs", type=int, default=1_200)
    options = parser.parse_args()
    for lists in options.lists:
        with tempfile.TemporaryDirectory() as folder:
            source, out = Path(folder, "lists.parquet"), Path(folder, "pairs.parquet")
            make(source, lists, options.drugs)
            seconds, cpu, memory = run(source, out)
            with duckdb.connect() as db:
                (rows,) = db.execute(f"SELECT count(*) FROM '{out}'").fetchall()[0]
            least = limit(source, Path(folder, "limit.parquet"), rows)
        print(
            f"{lists:>9,} lists: {seconds:6.1f} s, CPU {cpu:6.1f} s, {rows / seconds:>9,.0f} pairs/s,"
            f" peak {memory:,.0f} MB; {seconds / least:.1f} x the limit of {least:.1f} s"
        )


if __name__ == "__main__":
    main()
