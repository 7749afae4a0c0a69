"""The figures that a project holds itself to, by suite: `eval/floors.toml`. A floor that is not held fails a build."""

from __future__ import annotations

import tomllib
from pathlib import Path

from druqa.errors import DataError
from druqa.measure.evaluation import Evaluation, Floor
from druqa.resources import folder

_FIGURES = ("recall", "recall_circular", "specificity", "most_flags_a_list")


def check_floors(evaluation: Evaluation, file: Path | None = None) -> tuple[Floor, ...]:
    """Each floor of the run's suite, with what was found; none for a suite without floors.

    Raises:
        DataError: if the file cannot be read, or names a figure that is not known.

    """
    file = file or folder("eval") / "floors.toml"
    try:
        tables: dict[str, dict[str, float]] = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"cannot be read: {error}", where=str(file), mend="mend the file") from None
    floors = []
    for name, wanted in tables.get(evaluation.provenance.suite, {}).items():
        if name not in _FIGURES or not isinstance(wanted, int | float):
            raise DataError(f"unknown floor `{name}`", where=str(file), mend=f"known are: {', '.join(_FIGURES)}")
        found = _figure(evaluation, name)
        held = found is not None and (found <= wanted if name.startswith("most_") else found >= wanted)
        floors.append(Floor(name=name, wanted=float(wanted), found=found, held=held))
    return tuple(floors)


def _figure(evaluation: Evaluation, name: str) -> float | None:
    if name == "recall":
        return evaluation.headline.recall.value
    if name == "recall_circular":
        circular = [p for p in evaluation.parts if p.kind == "standing" and p.name == "circular"]
        return circular[0].recall.value if circular else None
    if name == "specificity":
        return evaluation.negatives.specificity.value if evaluation.negatives else None
    return evaluation.burden.mean if evaluation.burden else None
