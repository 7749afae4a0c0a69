"""How fast lists are read, and in how much memory, beside DuckDB's and pandas' own readers in the same run.

    python benchmarks/reading.py [--rows 1000000] [--line 2000000000]

Each reading is a process of its own with a database on disk that may hold 1 GB; the peak is all of that process. The
peers read the same file into a table, and would stop at its first damaged row. `--line` is the length in bytes of one
line in a pipe, between two good ones.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd

from druqa.batch.reading import read_frame, read_lists

ROWS = """SELECT 'patient ' || (i // 8) AS list_id, ['Warfarin 5 mg tablet', 'aspirin 81 mg', 'lisinopril 10 mg',
          'Metformin HCl 500 mg, extended release'][i % 4 + 1] || ' ' || (i % 977) AS medication,
          CAST(i % 9000 AS VARCHAR) AS rxcui FROM range({rows}) AS r(i)"""
NESTED = "SELECT list_id, list(medication) AS medications FROM rows GROUP BY list_id"
WIDE = f"SELECT list_id, {', '.join(f'medications[{n}] AS medication_{n}' for n in range(1, 9))} FROM ({NESTED})"
FILES = {
    "long.csv": "FROM rows",
    "quoted.csv": "FROM rows",
    "wide.csv": WIDE,
    "long.jsonl": "FROM rows",
    "nested.jsonl": NESTED,
    "long.parquet": "FROM rows",
    "nested.parquet": NESTED,
    "wide.parquet": WIDE,
}
BLOCK = 1 << 20


def by_duckdb(file: str, db: duckdb.DuckDBPyConnection) -> None:
    db.execute(f"CREATE TABLE raw AS FROM '{file}'")


def by_pandas(file: str, db: duckdb.DuckDBPyConnection) -> None:
    db.register("frame", pd.read_csv(file))
    db.execute("CREATE TABLE raw AS FROM frame")


def by_frame(file: str, db: duckdb.DuckDBPyConnection) -> None:
    read_frame(pd.read_csv(file), db)


READERS: dict[str, Callable[[str, duckdb.DuckDBPyConnection], None]] = {
    "druqa": lambda file, db: read_lists([file], db),
    "druqa, as a frame": by_frame,
    "DuckDB": by_duckdb,
    "pandas": by_pandas,
}


def make(folder: str, rows: int) -> None:
    """In a process of its own, as a reading's peak would else begin at what this one took."""
    with duckdb.connect() as db:
        db.execute(f"CREATE TABLE rows AS {ROWS.format(rows=rows)}")
        for name, sql in FILES.items():
            options = {"quoted.csv": "(HEADER, FORCE_QUOTE *)"}.get(name, "(FORMAT json)" if ".jsonl" in name else "")
            db.execute(f"COPY ({sql}) TO '{Path(folder) / name}' {options}")


def read_once(reader: str, file: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = {"memory_limit": "1GB", "threads": 2}
        with duckdb.connect(str(Path(folder) / "lists.duckdb"), config=config) as db:
            began = time.perf_counter()
            READERS[reader](file, db)
            seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{seconds:6.2f} s {peak:6.0f} MB  ", end="", flush=True)


def child(*arguments: str, stdin: int | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, __file__, *arguments], stdin=stdin)


def main(rows: int, line: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        child("--make", folder, "--rows", str(rows)).wait()
        for name in FILES:
            peers = {"long.csv": list(READERS), "long.parquet": ["druqa", "DuckDB"]}.get(name, ["druqa"])
            for reader in peers:
                child("--reader", reader, "--file", str(Path(folder) / name)).wait()
                print(f"{name}, {rows} medications: {reader}")
    reading = child("--reader", "druqa", "--file", "-", stdin=subprocess.PIPE)
    if pipe := reading.stdin:
        pipe.write(b"list_id,medication\n1,aspirin\n2,")
        for _ in range(line // BLOCK):
            pipe.write(b"a" * BLOCK)
        pipe.write(b"\n3,warfarin\n")
        pipe.close()
    reading.wait()
    print(f"a pipe with a line of {line} bytes: druqa")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--line", type=int, default=2_000_000_000)
    parser.add_argument("--reader", choices=READERS, help="one reading, for the processes of a run")
    parser.add_argument("--file")
    parser.add_argument("--make", help="write the files into this folder, for the same")
    given = parser.parse_args()
    if given.make:
        make(given.make, given.rows)
    elif given.reader:
        read_once(given.reader, given.file)
    else:
        main(given.rows, given.line)
