"""A pair's report as a row of a table: the same columns for a few reports in memory and for a million lists on disk."""

from __future__ import annotations

from typing import NamedTuple

from druqa.report import PairReport


class PairRow(NamedTuple):
    """What a table says of a pair. `drug_a` is before `drug_b` in the alphabet."""

    drug_a: str
    drug_b: str
    decision: str
    severity: str | None
    """None where nothing is flagged; so is the tier."""
    tier: str | None
    reasons: str
    """One a line."""
    mechanism: str
    management: str


def pair_row(pair: PairReport) -> PairRow:
    """The row of a pair."""
    drug_a, drug_b = sorted(pair.drugs)
    return PairRow(
        drug_a,
        drug_b,
        str(pair.decision),
        str(pair.severity) if pair.severity else None,
        str(pair.tier) if pair.tier else None,
        "\n".join(pair.reasons),
        pair.answer.mechanism if pair.answer else "",
        pair.answer.management if pair.answer else "",
    )
