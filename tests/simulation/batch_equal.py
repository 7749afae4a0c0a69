"""`python -m tests.simulation.batch_equal [--lists 2000] [--seed 1]`: a batch against `check`, list by list.

Lists are drawn from every name that the tables hold, with strengths, misspellings, classes, codes, unknown words and
drugs that stand on several lines. Prints every place where the two say otherwise; exit code 1 if there is one.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter

from druqa import Medication, check, check_tables
from druqa.knowledge.loading import load_synonyms
from tests.support.batches import differences, frame_of

ODD = [
    "statin",
    "ACE inhibitor",
    "zanubrelimab",
    "",
    "5 mg",
    "hydroxyzin",
    "warfarinn 5 mg",
    "=1+1",
    "Dr. Meyer: aspirin",
]
FORMS = ["", " 5 mg", " 20 mg tablet", " XR 100 mg capsule, 1-0-1", " tablets"]


def drawn(lists: int, rng: random.Random) -> dict[str, list[Medication]]:
    """Lists of one to twelve lines."""
    synonyms = load_synonyms()
    common = rng.sample(synonyms.drugs, 400)

    def text() -> str:
        if rng.random() < 0.05:
            return rng.choice(ODD)
        drug = rng.choice(common) if rng.random() < 0.8 else rng.choice(synonyms.drugs)
        name = rng.choice(synonyms.names_of(drug)).text if rng.random() < 0.4 else drug
        if rng.random() < 0.05 and len(name) > 6:
            at = rng.randrange(1, len(name) - 1)
            name = name[:at] + name[at + 1 :]
        return name + rng.choice(FORMS)

    def medication() -> Medication:
        code = rng.random() < 0.03
        return Medication(text=text(), rxcui=rng.choice(["11289", "1191", "161"]) if code else None)

    return {f"list {n}": [medication() for _ in range(rng.randint(1, 12))] for n in range(lists)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lists", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    lists = drawn(given.lists, random.Random(given.seed))
    began = time.perf_counter()
    tables = check_tables(frame_of(lists))
    batch = time.perf_counter() - began
    began = time.perf_counter()
    reports = {id_: check(medications) for id_, medications in lists.items()}
    plain = time.perf_counter() - began
    found = differences(tables, reports)
    for difference in found[:20]:
        print(difference[:400])
    decisions = Counter(str(pair.decision) for report in reports.values() for pair in report.pairs)
    print(f"{len(lists):,} lists, {len(tables.pairs):,} pairs {dict(decisions)}, {len(tables.findings):,} findings")
    print(f"batch {batch:.1f} s, list by list {plain:.1f} s; differences: {len(found)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
