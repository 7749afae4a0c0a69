"""An evaluation as one HTML page that needs nothing but itself: no script, no network, and the same bytes each time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from druqa.measure.evaluation import Evaluation, Lost, Part
from druqa.measure.results import LostAt
from druqa.measure.traces import LOST, Trace
from druqa.views.charts import Chart, axis_start, by_drug, evaluator_bars, intervals, variant_bars
from druqa.views.charts_two_way import Curve, Heat, heat_map, steps
from druqa.views.evaluation_stories import story
from druqa.views.evaluation_words import clustered, counted, interval, percent, still_missed
from druqa.views.safe import safe

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates" / "evaluation"
MOST_OPEN = 300
"""Missed pairs that are listed in the open; the rest of them are folded away."""
MOST_ALARMS = 200
"""False alarms that are listed; the rest of them are counted."""
_KINDS = ("severity", "source", "group", "form", "standing")
_MODELS = {
    "chao": "Chao: a lower bound",
    "correlated": "Beta-binomial: evaluators that are equally good and equally correlated",
}


class Section(NamedTuple):
    """A titled part of the page; its template has the id's name."""

    id: str
    title: str


class Charts(NamedTuple):
    """Every picture of the page; None where there is nothing to draw."""

    start: float
    """Where the scale of every recall with its interval begins."""
    headline: Chart | None
    recall: tuple[Chart, ...]
    variants: Chart
    evaluators: Chart
    heat: Heat | None
    curve: Curve | None


def page(evaluation: Evaluation, traces: Mapping[str, Trace]) -> str:
    """The whole report.

    Args:
        evaluation: what is shown.
        traces: by case the story that a missed pair opens into; where there is none, the page says how to get it.

    """
    parts = _by_kind(evaluation.parts)
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            run=evaluation,
            stories={case: story(trace) for case, trace in traces.items()},
            sections=_sections(evaluation),
            charts=_charts(evaluation, parts),
            parts=parts,
            lost_at=_lost_at(evaluation.missed),
            models=_MODELS,
            most_open=MOST_OPEN,
            most_alarms=MOST_ALARMS,
        )
    )


def _sections(evaluation: Evaluation) -> list[Section]:
    """The parts of the page, in order; without those that would be empty and whose absence says nothing."""
    shown = {
        "recall": evaluation.parts,
        "spellings": evaluation.forms or evaluation.other_names,
        "variants": evaluation.variants,
        "evaluators": evaluation.evaluators,
        "floors": evaluation.floors,
        "notes": evaluation.notes,
    }
    titles = {
        "headline": "What it comes to",
        "recall": "Recall by part",
        "spellings": "Spellings and other names",
        "missed": "Missed pairs",
        "alarms": "False alarms",
        "variants": "What each stage earns",
        "evaluators": "What each evaluator earns",
        "independence": "Are the evaluators independent?",
        "unseen": "How many are probably still missed",
        "curve": "Recall against questions",
        "burden": "Alert burden",
        "floors": "Floors",
        "notes": "Notes",
        "provenance": "Made with",
    }
    return [Section(name, title) for name, title in titles.items() if shown.get(name, True)]


def _charts(evaluation: Evaluation, parts: Mapping[str, Sequence[Part]]) -> Charts:
    headline = evaluation.headline
    measured = [part for part in (headline, *evaluation.parts) if part.recall.of]
    start = axis_start(low for part in measured for low in (part.recall.low, *(by_drug(part) or ())))
    named = headline.model_copy(update={"name": "recall"})
    by_kind = [
        intervals(f"recall-{number}", f"Recall by {kind}", rows, start, headline.recall.value)
        for number, (kind, rows) in enumerate(parts.items(), 1)
    ]
    return Charts(
        start=start,
        headline=intervals("headline-recall", "Recall", [named], start) if headline.recall.of else None,
        recall=tuple(chart for chart in by_kind if chart.dots),
        variants=variant_bars(evaluation.variants),
        evaluators=evaluator_bars(evaluation.evaluators),
        heat=heat_map(evaluation.independence) if evaluation.independence else None,
        curve=steps(evaluation.curve),
    )


def _by_kind(parts: Sequence[Part]) -> dict[str, list[Part]]:
    """The parts by what tells them from the others, in the order that a reader asks."""
    by_kind: dict[str, list[Part]] = defaultdict(list)
    for part in parts:
        by_kind[part.kind].append(part)
    order = [*(kind for kind in _KINDS if kind in by_kind), *(kind for kind in by_kind if kind not in _KINDS)]
    return {kind: by_kind[kind] for kind in order}


def _lost_at(missed: Sequence[Lost]) -> list[tuple[LostAt, str, int]]:
    """Where pairs were lost, what happened there, and how many there were."""
    counts = Counter(lost.lost_at for lost in missed if lost.lost_at)
    return [(stage, words.partition(": ")[2], counts[stage]) for stage, words in LOST.items() if counts[stage]]


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - only where a page is made

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "counted": counted,
        "interval": interval,
        "clustered": clustered,
        "still_missed": still_missed,
        "by_drug": by_drug,
        "count": lambda number: f"{number:,}",
        "spaced": lambda name: str(name).replace("_", " "),
        "level": lambda confidence: f"{100 * confidence:g} %",
        "p_value": lambda p: "< 0.001" if p < 0.001 else f"{p:.3f}",
        "one_in": _one_in,
        "plain": _plain,
        "across": lambda share: f"{share:.2f}%",
        "down": lambda height: f"{height:.2f}em",
    }
    return environment


def _shown(value: object) -> object:
    """Everything from outside passes here on its way into the page, before it is escaped."""
    return value if hasattr(value, "__html__") else safe(str(value)).replace(" %", "\N{NO-BREAK SPACE}%")


def _plain(value: object) -> str:
    """A setting in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(part)}" for key, part in value.items()) or "none"
    return str(value)


def _one_in(share: float) -> str:
    """A small share as people say it, to two digits."""
    if share <= 0:
        return "never"
    return f"1 in {float(f'{1 / share:.2g}'):,.10g}"
