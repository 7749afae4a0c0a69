"""What the whole list shows and no single pair does."""

from __future__ import annotations

from collections.abc import Sequence

from druqa.records import ResolvedMedication, Severity
from druqa.report import Finding


def duplicate_ingredients(resolved: Sequence[ResolvedMedication]) -> tuple[Finding, ...]:
    """One finding for every drug that two or more lines of the list hold or may hold.

    How bad it is depends on the doses, which druqa does not read: the severity is `unknown`.
    """
    places: dict[str, list[int]] = {}
    names: dict[str, str] = {}
    for index, medication in enumerate(resolved):
        for drug in medication.drugs:
            places.setdefault(drug.id, []).append(index)
            names[drug.id] = drug.name
    return tuple(
        Finding(
            kind="duplicate_ingredient",
            drugs=(names[id_],),
            severity=Severity.UNKNOWN,
            reasons=(_says(names[id_], [resolved[i].text for i in indexes]),),
        )
        for id_, indexes in sorted(places.items())
        if len(indexes) > 1
    )


def _says(drug: str, lines: Sequence[str]) -> str:
    shown = ", ".join(repr(line if len(line) <= 60 else line[:60] + "...") for line in lines)
    return f"{drug} stands on {len(lines)} lines of the list: {shown}"
