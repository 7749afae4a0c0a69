"""How much of gold that others made the evidence tables flag, through the whole of `check` with the cascade `embedded`.

    python -m tests.support.evidence_scores DIR

DIR holds gold_high_dev.csv, gold_onc_high_dev.csv, gold_alias_pairs_dev.csv and neg_pairs_dev.csv. Not flagged is
missed. Intervals are Wilson's, at 95 %, and take pairs for independent, which pairs that share a drug are not. The dev
part has been looked at, and rows were added for mechanisms that it lacked: this is no estimate for other pairs.
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import NormalDist

from druqa.flow import check_many
from druqa.records import Severity
from druqa.report import DecisionKind
from druqa.settings import Settings

Row = dict[str, str]
Z = NormalDist().inv_cdf(0.975)


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % score interval of a proportion (Wilson 1927)."""
    middle, n = (hits + Z * Z / 2) / (of + Z * Z), of + Z * Z
    half = Z / n * math.sqrt(hits * (of - hits) / of + Z * Z / 4)
    return max(0.0, middle - half), min(1.0, middle + half)


def worst(pairs: Sequence[tuple[str, str]]) -> list[Severity | None]:
    """For each list of two names the worst severity of its flagged pairs; None where nothing is flagged."""
    reports = check_many(pairs, cascade="embedded", settings=Settings())
    graded = [[pair.severity for pair in report.of(DecisionKind.FLAGGED) if pair.severity] for report in reports]
    return [Severity.worst(severities) if severities else None for severities in graded]


def line(what: str, hits: int, of: int) -> None:
    low, high = wilson(hits, of)
    print(f"{what:<58}{hits:>6} of {of:<6}{hits / of:7.4f}  ({low:.4f} to {high:.4f})")


def recall(what: str, rows: Iterable[Row], columns: tuple[str, str] = ("drug_a", "drug_b")) -> None:
    pairs = [(row[columns[0]], row[columns[1]]) for row in rows]
    found = worst(pairs)
    line(f"flagged, {what}", sum(severity is not None for severity in found), len(pairs))
    for pair, severity in zip(pairs, found, strict=True):
        if severity is None:
            print(f"    missed  {pair[0]} + {pair[1]}")


def alarms(what: str, rows: Sequence[Row]) -> None:
    found = worst([(row["drug_a"], row["drug_b"]) for row in rows])
    line(f"flagged at all, {what}", sum(severity is not None for severity in found), len(rows))
    grave = (Severity.CONTRAINDICATED, Severity.MAJOR)
    line(f"flagged major or contraindicated, {what}", sum(severity in grave for severity in found), len(rows))


def main() -> None:
    def read(name: str, keep: Callable[[Row], bool] = lambda _: True) -> list[Row]:
        with (Path(sys.argv[1]) / name).open(encoding="utf-8", newline="") as stream:
            return [row for row in csv.DictReader(stream) if keep(row)]

    high, onc, alias = "gold_high_dev.csv", "gold_onc_high_dev.csv", "gold_alias_pairs_dev.csv"
    recall("high, tier A", read(high, lambda row: row["tier"] == "A"))
    recall("high, all", read(high))
    recall("high, tier A, not in ANSM", read(high, lambda row: row["tier"] == "A" and not row["lvl_ANSM"]))
    recall("high, all, not in ANSM", read(high, lambda row: not row["lvl_ANSM"]))
    recall("ONC, strict", read(onc, lambda row: row["qt_only"] == "0"))
    recall("ONC, QT with QT", read(onc, lambda row: row["qt_only"] == "1"))
    recall("high by alias", read(alias), ("alias_a", "alias_b"))
    recall("the same by generic name", read(alias))
    for kind in ("documented_liverpool", "crescenddi_negative"):
        alarms(f"negatives, {kind}", read("neg_pairs_dev.csv", lambda row, kind=kind: row["neg_type"] == kind))
    alarms("negatives, all", read("neg_pairs_dev.csv"))


if __name__ == "__main__":
    main()
