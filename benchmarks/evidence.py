"""How fast the evidence tables answer, beside the plain nested loops and the limits of the machine, in one run.

    python benchmarks/evidence.py

Drugs are drawn with a fixed seed from those that the tables speak of. The nested loops are timed on a few pairs.
"""

from __future__ import annotations

import gc
import itertools
import random
import statistics
import time
from collections.abc import Callable

import duckdb

from druqa.flow import check
from druqa.knowledge.evidence import Evidence
from druqa.knowledge.evidence_sql import load_into
from druqa.knowledge.evidence_tables import read_tables
from druqa.resources import folder
from druqa.settings import Settings
from tests.support.evidence_twin import twin_listed, twin_mechanism

PAIRS = 1_000_000
DRUGS = 15


def median(work: Callable[[], object], runs: int = 9) -> float:
    """Seconds, the median of so many runs."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    """Print the figures."""
    place = folder("cascades") / "evidence"
    tables = read_tables(place)
    evidence = Evidence(tables)
    raw = median(lambda: [file.read_bytes() for file in place.rglob("*.tsv")])
    load = median(lambda: Evidence(read_tables(place)))
    print(f"load           {load * 1e3:8.1f} ms   (limit: reading the files' bytes {raw * 1e3:.1f} ms)")

    drugs = sorted({role.drug for role in tables.roles})
    rng = random.Random(4)  # noqa: S311 - a fixed draw
    lists = [sorted(rng.sample(drugs, DRUGS)) for _ in range(20)]

    def look(pair: tuple[str, str]) -> int:
        return len(evidence.listed(*pair)) + len(evidence.mechanism(*pair))

    tables_only = median(lambda: [look(pair) for drugs in lists for pair in itertools.combinations(drugs, 2)]) / 20
    print(f"15-drug list   {tables_only * 1e3:8.2f} ms   (105 pairs, tables alone)")
    check(lists[0], cascade="embedded", settings=Settings())
    whole = median(lambda: check(lists[0], cascade="embedded", settings=Settings()))
    print(f"               {whole * 1e3:8.2f} ms   (the whole check: names, findings, report)")
    few = list(itertools.combinations(lists[0], 2))[:5]
    twin = median(lambda: [(twin_listed(tables, *p), twin_mechanism(tables, *p)) for p in few], 1) / len(few)
    pair = tables_only / 105
    print(f"a pair         {pair * 1e6:8.1f} us   (nested loops {twin * 1e3:.0f} ms: {twin / pair:,.0f} times as long)")

    with duckdb.connect() as connection:
        began = time.perf_counter()
        load_into(connection, tables)
        built = time.perf_counter() - began
        flagged = connection.execute("SELECT count(DISTINCT (drug_a, drug_b)) FROM hit").fetchall()[0]
        print(
            f"SQL load       {built * 1e3:8.1f} ms   ({flagged and flagged[0]:,} flagged pairs of {len(drugs):,} drugs)"
        )
        connection.execute("SELECT setseed(0.4)")
        connection.execute(
            "CREATE TABLE pairs AS WITH d AS (SELECT DISTINCT drug FROM role) "
            "SELECT a.drug AS drug_a, b.drug AS drug_b FROM d a JOIN d b ON a.drug < b.drug "
            f"ORDER BY random() LIMIT {PAIRS}"
        )
        worst = "SELECT drug_a, drug_b, min(rank) FROM pairs JOIN evidence USING (drug_a, drug_b) GROUP BY ALL"
        joined = median(lambda: connection.execute(f"SELECT count(*) FROM ({worst})").fetchall(), 3)
        texts = median(
            lambda: connection.execute(
                "CREATE OR REPLACE TABLE said AS SELECT * FROM pairs JOIN evidence USING (drug_a, drug_b)"
            ),
            3,
        )
        some = connection.execute("SELECT drug_a, drug_b FROM pairs LIMIT 50000").fetchall()
    gc.disable()
    looked = median(lambda: [look(pair) for pair in some], 1) / len(some) * PAIRS
    print(f"{PAIRS:,} pairs")
    print(f"  look-ups     {looked:8.2f} s    (Python, from 50,000)")
    print(f"  SQL, worst   {joined:8.2f} s    ({looked / joined:.0f} times as fast)")
    print(f"  SQL, texts   {texts:8.2f} s    ({looked / texts:.0f} times as fast, every chain written out)")


if __name__ == "__main__":
    main()
