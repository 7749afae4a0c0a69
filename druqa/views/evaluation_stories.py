"""A trace gathered for reading: who said what, by outcome and then by evaluator, the first wording of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from druqa.measure.traces import Said, Trace
from druqa.records import Outcome

_MOST_NAMES = 6
_LONGEST_REASON = 600


class Voice(NamedTuple):
    """What one evaluator said, as often as it came out so."""

    evaluator: str
    times: int
    names: str
    """The name pair that it was first asked about; empty for a no, of which there are many."""
    reason: str
    cut: int
    """Letters of the reason that are left out."""
    other_words: int
    """In how many further wordings it said so."""


class Chorus(NamedTuple):
    """All evaluators of one stage and model for whom it came out the same."""

    outcome: Outcome
    severity: str
    stage: str
    model: str
    """Empty for a reference table."""
    voices: tuple[Voice, ...]


class Story(NamedTuple):
    """What a missed pair opens into."""

    trace: Trace
    asked_as: tuple[str, ...]
    """Name pairs that evaluators were asked about, in either order."""
    more_names: int
    said: tuple[Chorus, ...]


def story(trace: Trace) -> Story:
    """The trace in a form that a person can take in; `druqa eval show` tells every word of it."""
    names = dict.fromkeys(" + ".join(sorted(name.split(" + "))) for said in trace.said for name in said.names)
    groups: dict[tuple[Outcome, str, str, str], list[Said]] = {}
    for said in trace.said:
        groups.setdefault((said.outcome, said.severity, said.stage, said.model), []).append(said)
    return Story(
        trace=trace,
        asked_as=tuple(names)[:_MOST_NAMES],
        more_names=max(0, len(names) - _MOST_NAMES),
        said=tuple(
            Chorus(outcome, severity, stage, "" if model == "table" else model, tuple(_voices(rows)))
            for (outcome, severity, stage, model), rows in groups.items()
        ),
    )


def _voices(rows: Iterable[Said]) -> Iterable[Voice]:
    by_evaluator: dict[str, list[Said]] = {}
    for row in rows:
        by_evaluator.setdefault(row.evaluator, []).append(row)
    for evaluator, said in by_evaluator.items():
        first = said[0]
        yield Voice(
            evaluator=evaluator,
            times=sum(len(row.names) for row in said),
            names=first.names[0] if first.names and first.outcome is not Outcome.NO_INTERACTION else "",
            reason=first.reason[:_LONGEST_REASON],
            cut=max(0, len(first.reason) - _LONGEST_REASON),
            other_words=len(said) - 1,
        )
