"""Realistic lists by a provider's batch files alone, and by asking directly: python -m tests.simulation.batch_files

The provider is simulated, and shuffles, loses and repeats; over HTTP the same simulated clinician answers through
litellm. Exit code 0 says that both ways gave the same tables, byte for byte, 1 that they did not. Options: `--lists N`
(500), `--cascade NAME|PATH` (a small one in which every stage asks), `--faults SHARE` of the requests, which fail once
(0.03).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from time import monotonic

from tests.support.by_files import check_by_files, check_live, different_tables, every_stage
from tests.support.realistic_lists import write_lists


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lists", type=int, default=500)
    parser.add_argument("--cascade")
    parser.add_argument("--faults", type=float, default=0.03)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="druqa-batch-files-") as folder:
        return compare(Path(folder), chosen.lists, chosen.cascade, chosen.faults)


def compare(folder: Path, count: int, cascade: str | None, faults: float) -> int:
    """Run both ways, say what they came to, and whether they agree."""
    asked = cascade or every_stage(folder / "every-stage")
    lists = write_lists(folder / "lists.csv", count)
    began = monotonic()
    rounds = check_by_files(lists, folder / "files.csv", asked, folder / "files", faults=faults)
    for exported, account in rounds:
        told = ", ".join(f"{file.name} {file.requests:,}" for file in exported.files)
        print(f"round {exported.round}: {told}; {account.answered:,} of {account.questions:,} have a reply")
    print(f"SIMULATED. By files: {len(rounds)} rounds, {monotonic() - began:,.0f} s", flush=True)
    began = monotonic()
    calls = check_live(lists, folder / "live.csv", asked, folder / "live")
    print(f"By asking directly: {calls:,} replies, {monotonic() - began:,.0f} s")
    different = different_tables(folder / "files.csv", folder / "live.csv")
    rows = sum(1 for _ in (folder / "live.csv").open("rb"))
    print(
        f"DIFFERENT: {', '.join(different)}" if different else f"Every table is the same; pairs.csv has {rows:,} lines"
    )
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
