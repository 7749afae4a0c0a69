"""Holds a batch against the plain way: `check` of one list after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from druqa import Medication, Report, pairs_frame
from druqa.batch.checking import Tables

Lists = Mapping[str, Sequence[Medication]]
FINDING = ["kind", "drugs", "severity", "reasons", "effect", "mechanism", "management", "source"]


def frame_of(lists: Lists) -> pd.DataFrame:
    """The lists as a long table."""
    rows = [(id_, m.text, m.rxcui, m.atc) for id_, medications in lists.items() for m in medications]
    return pd.DataFrame(rows, columns=["list_id", "medication", "rxcui", "atc"], dtype=object)


def differences(tables: Tables, reports: Mapping[str, Report]) -> list[str]:
    """Every place where the tables of a batch say other than the reports of its lists, or in another order."""
    said = {name: _by_list(getattr(tables, name)) for name in ("pairs", "medications", "findings", "lists")}
    return [
        f"{id_}, {name}: {found} is not {wanted}"
        for id_, report in reports.items()
        for name, wanted in _wanted(report).items()
        if (found := said[name].get(id_, [])) != wanted
    ]


def _by_list(frame: pd.DataFrame) -> dict[str, list[list[Any]]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return {
        str(id_): group.drop(columns="list_id").values.tolist() for id_, group in plain.groupby("list_id", sort=False)
    }


def _wanted(report: Report) -> dict[str, list[list[Any]]]:
    pairs = _by_list(pairs_frame([report]).sort_values(["drug_a", "drug_b"])).get("0", [])
    medications = [
        [line, m.text, m.rxcui, m.atc, m.recognised, "; ".join(d.name for d in m.drugs), "\n".join(m.doubts)]
        for line, m in enumerate(report.medications, start=1)
    ]
    findings = [
        [
            f.kind,
            "; ".join(f.drugs),
            str(f.severity),
            "\n".join(f.reasons),
            f.effect,
            f.mechanism,
            f.management,
            f.source,
        ]
        for f in report.findings
    ]
    decisions = [str(pair.decision) for pair in report.pairs]
    worst = min((p.severity for p in report.pairs if p.severity), key=lambda s: s.rank, default=None)
    summary = [
        len(report.medications),
        sum(not m.recognised for m in report.medications),
        len(decisions),
        *(decisions.count(kind) for kind in ("flagged", "none_found", "not_checked")),
        str(worst) if worst else None,
        len(report.findings),
        report.complete,
    ]
    return {"pairs": pairs, "medications": medications, "findings": findings, "lists": [summary]}
