"""A batch in words: what it would ask, and what it came to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from druqa.batch.manifest import Manifest
from druqa.batch.planning import BatchPlan
from druqa.report import DecisionKind
from druqa.views.plan import plan_lines
from druqa.views.safe import safe

_SHOWN = 12


def batch_plan_lines(planned: BatchPlan, prices: str) -> Iterator[str]:
    """The plan of a batch, a line for each stage and model."""
    yield (
        f"{planned.lists:,} lists, {planned.medications:,} medications, {planned.distinct_texts:,} distinct texts; "
        f"{planned.refused:,} rows refused"
    )
    yield "each distinct drug, pair and question once:"
    yield from plan_lines(planned.plan)
    if planned.plan.stages:
        yield f"Prices by {prices}."


def summary_lines(told: Manifest, files: Mapping[str, Path]) -> Iterator[str]:
    """What a batch came to, gaps first."""
    counts = told.counts
    if told.ended_early:
        yield f"ENDED EARLY: {safe(told.ended_early)}"
    if counts.refused:
        rows = "row of the input was" if counts.refused == 1 else "rows of the input were"
        yield f"{counts.refused:,} {rows} REFUSED: each is named, with its line, in {files['refused']}"
    if counts.not_recognised:
        verb, whose = ("is", "its") if counts.not_recognised == 1 else ("are", "their")
        yield (
            f"{counts.not_recognised:,} of {_many(counts.medications, 'medication')} {verb} NOT wholly RECOGNISED: "
            f"see {whose} doubts in {files['medications']}"
        )
    if counts.doubtful:
        has = "has a doubt" if counts.doubtful == 1 else "have doubts"
        yield f"{_many(counts.doubtful, 'recognised medication')} {has}: see {files['medications']}"
    pairs, graded = counts.pairs, ", ".join(f"{count:,} {severity}" for severity, count in counts.severities.items())
    flagged = f"{pairs[DecisionKind.FLAGGED]:,} flagged" + (f" ({graded})" if graded else "")
    yield (
        f"{_many(counts.lists, 'list')}, {_many(sum(pairs.values()), 'pair')} ({counts.distinct_pairs:,} distinct): "
        f"{flagged}, {pairs[DecisionKind.NONE_FOUND]:,} none found, "
        f"{pairs[DecisionKind.NOT_CHECKED]:,} NOT CHECKED; {_many(counts.findings, 'finding')} about whole lists"
    )
    yield f"wholly recognised and checked: {counts.complete:,} of {_many(counts.lists, 'list')}"
    if told.models:
        usd = "price not known" if told.cost.usd is None else f"${told.cost.usd:,.2f}"
        questions = told.questions
        yield (
            f"{questions.planned:,} questions: {questions.answered:,} answered, {questions.failed:,} failed, "
            f"{questions.not_asked:,} not asked; {told.cost.calls:,} replies, {usd}"
        )
    for note in told.notes[:_SHOWN]:
        yield f"note: {safe(note)}"
    if len(told.notes) > _SHOWN:
        yield f"{len(told.notes) - _SHOWN:,} further notes are in {files['manifest']}"
    yield f"written: {', '.join(str(file) for file in dict.fromkeys(files.values()))}"


def _many(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
