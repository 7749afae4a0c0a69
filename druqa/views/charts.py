"""Shares in rows: where each mark stands, and the chart in words. templates/evaluation/charts.html.j2 draws it.

Across is in percent of the width and down in em, so that a chart fits any screen and its text keeps its size.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from druqa.measure.evaluation import EvaluatorScore, Part, Variant
from druqa.measure.statistics.proportions import Proportion
from druqa.views.evaluation_words import counted, interval, percent
from druqa.views.safe import safe

ROW = 3.4
"""Height of a row, its label included."""
AXIS = 2.0
"""Height of the scale below the rows."""
_LONGEST_LABEL = 26


class Tick(NamedTuple):
    """A line of the scale, or a mark beside it."""

    at: float
    label: str
    anchor: str = "middle"
    """Which part of the label stands at the line: its start, middle or end."""


class Dot(NamedTuple):
    """A share with its intervals."""

    down: float
    label: str
    figure: str
    at: float
    exact: tuple[float, float]
    by_drug: tuple[float, float] | None


class Bar(NamedTuple):
    """A share as a bar from 0, with what else is told of the same row."""

    down: float
    label: str
    figure: str
    length: float
    inner: float = 0.0
    """How much of the bar is set apart, from 0."""
    other: float | None = None
    """A second share of the row."""


class Chart(NamedTuple):
    """One picture: its marks, and the same in words for those who cannot see it."""

    id: str
    title: str
    words: str
    height: float
    across: tuple[Tick, ...]
    """The scale from left to right."""
    dots: tuple[Dot, ...] = ()
    bars: tuple[Bar, ...] = ()
    reference: float | None = None


def intervals(name: str, title: str, parts: Sequence[Part], start: float, reference: float | None = None) -> Chart:
    """Recall of each part as a dot, with its exact interval and the one that allows for shared drugs."""
    rows = [part for part in parts if part.recall.value is not None]
    return Chart(
        id=name,
        title=title,
        words=in_words(_interval_words(part) for part in rows),
        height=len(rows) * ROW + AXIS,
        across=scale(start),
        dots=tuple(
            Dot(
                down=index * ROW,
                label=short(part.name),
                figure=counted(part.recall),
                at=along(part.recall.value or 0.0, start),
                exact=(along(part.recall.low, start), along(part.recall.high, start)),
                by_drug=(along(drugs[0], start), along(drugs[1], start)) if (drugs := by_drug(part)) else None,
            )
            for index, part in enumerate(rows)
        ),
        reference=None if reference is None else along(reference, start),
    )


def by_drug(part: Part) -> tuple[float, float] | None:
    """The interval that allows for shared drugs; None where there is no such interval."""
    spread = part.clustered
    return (spread.low, spread.high) if spread and spread.design_effect is not None else None


def _interval_words(part: Part) -> str:
    drugs = by_drug(part)
    allowing = f", by drug {percent(drugs[0])} to {percent(drugs[1])}" if drugs else ""
    return f"{part.name}: {counted(part.recall)}, exact interval {interval(part.recall)}{allowing}"


def variant_bars(variants: Sequence[Variant]) -> Chart:
    """Recall of each counting as a bar, with its specificity as a second mark."""
    return Chart(
        id="variants",
        title="Recall and specificity of each counting",
        words=in_words(
            f"{row.name}: recall {counted(row.recall)}, specificity {counted(row.specificity)}" for row in variants
        ),
        height=len(variants) * ROW + AXIS,
        across=scale(0.0),
        bars=tuple(
            Bar(
                down=index * ROW,
                label=short(row.name),
                figure=_two(row.recall, row.specificity),
                length=100 * (row.recall.value or 0.0),
                other=_percent_of(row.specificity),
            )
            for index, row in enumerate(variants)
        ),
    )


def evaluator_bars(evaluators: Sequence[EvaluatorScore]) -> Chart:
    """What each evaluator caught, which of it nobody else did, and what it raised in vain."""
    return Chart(
        id="evaluators",
        title="What each evaluator caught, alone caught, and raised in vain",
        words=in_words(
            f"{row.name}: caught {counted(row.caught)}, {row.unique:,} of them alone, alarms {counted(row.alarms)}"
            for row in evaluators
        ),
        height=len(evaluators) * ROW + AXIS,
        across=scale(0.0),
        bars=tuple(
            Bar(
                down=index * ROW,
                label=short(row.name),
                figure=_two(row.caught, row.alarms),
                length=100 * (row.caught.value or 0.0),
                inner=100 * min(row.unique, row.caught.hits) / row.caught.of if row.caught.of else 0.0,
                other=_percent_of(row.alarms),
            )
            for index, row in enumerate(evaluators)
        ),
    )


def scale(start: float) -> tuple[Tick, ...]:
    """About five marks from a share to 100 %."""
    step = 20 if start < 0.4 else 10 if start < 0.8 else 5
    first = round(100 * start)
    return tuple(
        Tick(along(mark / 100, start), f"{mark} %", {first: "start", 100: "end"}.get(mark, "middle"))
        for mark in range(first, 101, step)
    )


def axis_start(shares: Iterable[float]) -> float:
    """Where a scale begins that has to show all these shares: at 0 where they are far apart."""
    least = min(shares, default=0.0)
    return next((start for start in (0.9, 0.8, 0.6, 0.4) if least >= start), 0.0)


def along(share: float, start: float) -> float:
    """How far along a scale that begins at `start` a share stands, in percent."""
    return 100 * (share - start) / (1 - start)


def _percent_of(proportion: Proportion | None) -> float | None:
    return None if proportion is None or proportion.value is None else 100 * proportion.value


def _two(first: Proportion, second: Proportion | None) -> str:
    return percent(first.value) if second is None else f"{percent(first.value)} / {percent(second.value)}"


def short(text: str) -> str:
    """A label that fits beside its figure; the whole of it stands in the table."""
    shown = safe(text)
    return shown if len(shown) <= _LONGEST_LABEL else f"{shown[: _LONGEST_LABEL - 1]}…"


def in_words(parts: Iterable[str]) -> str:
    """The figures of a chart as one sentence."""
    return "; ".join(parts) + "."
