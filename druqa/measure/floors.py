"""The figures that a project holds itself to, by suite: `eval/floors.toml`. A floor that is not held fails a build."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from druqa.errors import DataError
from druqa.measure.evaluation import Evaluation, Floor
from druqa.resources import folder

_FIGURES = ("recall", "recall_circular", "specificity", "most_flags_a_list")


def read_floors(suite: str, file: Path | None = None) -> dict[str, float]:
    """The floors of a suite, by the name of the figure; none for a suite that `eval/floors.toml` does not name.

    Raises:
        DataError: if the file cannot be read, names a figure that is not known, or was given and lacks the suite.

    """
    path = file or folder("eval") / "floors.toml"
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"cannot be read: {error}", where=str(path), mend="mend the file") from None
    table = tables.get(suite)
    if table is None and file:
        raise DataError(f"there are no floors for the suite {suite}", where=str(path), mend=f"add a table [{suite}]")
    if not isinstance(table or {}, dict):
        raise DataError(f"`{suite}` is not a table", where=str(path), mend=f"write [{suite}], then recall = 0.95")
    for name, wanted in (table or {}).items():
        if name not in _FIGURES or isinstance(wanted, bool) or not isinstance(wanted, int | float):
            raise DataError(f"unknown floor `{name}`", where=str(path), mend=f"known are: {', '.join(_FIGURES)}")
    return {name: float(wanted) for name, wanted in (table or {}).items()}


def check_floors(evaluation: Evaluation, wanted: Mapping[str, float]) -> tuple[Floor, ...]:
    """Each floor, with what was found; a figure that was not measured holds no floor."""
    return tuple(_checked(evaluation, name, value) for name, value in wanted.items())


def _checked(evaluation: Evaluation, name: str, wanted: float) -> Floor:
    found = _figure(evaluation, name)
    held = found is not None and (found <= wanted if name.startswith("most_") else found >= wanted)
    return Floor(name=name, wanted=wanted, found=found, held=held)


def _figure(evaluation: Evaluation, name: str) -> float | None:
    if name == "recall":
        return evaluation.headline.recall.value
    if name == "recall_circular":
        circular = [p for p in evaluation.parts if p.kind == "standing" and p.name == "circular"]
        return circular[0].recall.value if circular else None
    if name == "specificity":
        return evaluation.negatives.specificity.value if evaluation.negatives else None
    return evaluation.burden.mean if evaluation.burden else None
