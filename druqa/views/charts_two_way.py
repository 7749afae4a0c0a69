"""A curve of steps and a heat map: where each mark stands, and the chart in words.

As in `charts`: across is in percent of the width, down in em.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from druqa.measure.evaluation import Independence, Point
from druqa.views.charts import Tick, along, axis_start, in_words, scale, short
from druqa.views.evaluation_words import percent

_STEP_HEIGHT = 16.0
_NEAR_ACROSS, _NEAR_DOWN = 7.0, 1.3
_NAMES = 7
"""How many cells the names are wide."""
_CELL_HEIGHT = 2.0
_STRONGEST = 0.45
"""How dense the darkest cell is; text stays readable on it."""


class Line(NamedTuple):
    """A straight piece of a curve: from across, from down, to across, to down."""

    x1: float
    y1: float
    x2: float
    y2: float


class Curve(NamedTuple):
    """A curve of steps in two scales, with numbered points."""

    id: str
    title: str
    words: str
    height: float
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    lines: tuple[Line, ...]
    points: tuple[tuple[float, float, str], ...]
    """Across, down, and the number, which is empty where it would cover another."""


class Cell(NamedTuple):
    """One share of a heat map, by where it stands and how dense it is drawn, 0 to 1."""

    across: float
    down: float
    label: str
    strength: float
    own: bool
    """Whether it is an evaluator with itself."""


class Heat(NamedTuple):
    """Every evaluator against every other."""

    id: str
    title: str
    words: str
    height: float
    columns: int
    """How many cells are as wide as the whole, names included."""
    width: float
    """Of a cell."""
    names: tuple[tuple[float, str], ...]
    """Down, and the numbered name."""
    numbers: tuple[tuple[float, str], ...]
    """Across, and the number of a column."""
    cells: tuple[Cell, ...]


def steps(curve: Sequence[Point]) -> Curve | None:
    """Recall against questions, one step for each evaluator added; None where no question was asked."""
    most = max((point.questions for point in curve), default=0.0)
    if not most:
        return None
    start = axis_start(point.recall for point in curve)
    places = [(100 * point.questions / most, _down(point.recall, start)) for point in curve]
    lines = [
        line
        for (x1, y1), (x2, y2) in pairwise(places)
        for line in (Line(x1, y1, x2, y1), Line(x2, y1, x2, y2))
        if line[:2] != line[2:]
    ]
    return Curve(
        id="curve",
        title="Recall against questions for each pair",
        words=in_words(
            f"with {point.added}: {percent(point.recall)} at {point.questions:,.1f} questions" for point in curve
        ),
        height=_STEP_HEIGHT,
        across=_questions(most),
        up=tuple(Tick(_STEP_HEIGHT * (1 - tick.at / 100), tick.label) for tick in scale(start)),
        lines=tuple(lines),
        points=tuple(_numbered(places)),
    )


def _down(share: float, start: float) -> float:
    return _STEP_HEIGHT * (1 - along(share, start) / 100)


def _numbered(places: Sequence[tuple[float, float]]) -> Iterable[tuple[float, float, str]]:
    shown: list[tuple[float, float]] = []
    for number, (x, y) in enumerate(places, 1):
        free = all(abs(x - left) > _NEAR_ACROSS or abs(y - top) > _NEAR_DOWN for left, top in shown)
        shown += [(x, y)] if free else []
        yield x, y, str(number) if free else ""


def _questions(most: float) -> tuple[Tick, ...]:
    """About five round numbers of questions."""
    size = 10 ** math.floor(math.log10(most))
    step = next(size * part for part in (0.2, 0.5, 1, 2) if most / (size * part) <= 6)
    return tuple(
        Tick(100 * index * step / most, f"{index * step:,.6g}", "middle" if index else "start")
        for index in range(math.floor(most / step) + 1)
    )


def heat_map(found: Independence) -> Heat:
    """The share of pairs that both evaluators miss: denser is oftener, and the diagonal is each one's own misses."""
    names = [short(name) for name in found.names]
    width = 100 / (_NAMES + len(names))
    shares = [share for row in found.double_faults for share in row if share is not None]
    most = max(shares, default=0.0) or 1.0
    return Heat(
        id="double-faults",
        title="How often two evaluators miss the same pair",
        words=in_words(_heat_words(found)),
        height=(len(names) + 1) * _CELL_HEIGHT,
        columns=_NAMES + len(names),
        width=width,
        names=tuple(((row + 1) * _CELL_HEIGHT, f"{row + 1}  {name}") for row, name in enumerate(names)),
        numbers=tuple(((_NAMES + column + 0.5) * width, str(column + 1)) for column in range(len(names))),
        cells=tuple(
            Cell(
                across=(_NAMES + column) * width,
                down=(row + 1) * _CELL_HEIGHT,
                label="-" if share is None else f"{100 * share:.1f}",
                strength=_STRONGEST * (share or 0.0) / most,
                own=row == column,
            )
            for row, shares_of in enumerate(found.double_faults)
            for column, share in enumerate(shares_of)
        ),
    )


def _heat_words(found: Independence) -> Iterable[str]:
    for row, name in enumerate(found.names):
        yield f"{name} misses {percent(found.double_faults[row][row])}"
        for column in range(row + 1, len(found.names)):
            yield f"with {found.names[column]} both {percent(found.double_faults[row][column])}"
