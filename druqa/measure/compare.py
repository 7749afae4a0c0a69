"""Compares two runs over the cases that both have: what is newly missed or caught, and what was made otherwise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from druqa.measure.evaluation import Lost, Provenance
from druqa.measure.results import Result
from druqa.measure.scoring import lost
from druqa.measure.statistics.paired import Change, changes
from druqa.measure.statistics.proportions import Proportion
from druqa.measure.store import Stored
from druqa.records import Severity


class Comparison(NamedTuple):
    """What changed from run A to run B."""

    words: tuple[str, ...]
    changes: tuple[Change, ...]
    """Over all pairs, then by severity and form; exact McNemar, Holm over all of them."""
    newly_missed: tuple[Lost, ...]
    newly_caught: tuple[Lost, ...]
    lacking: int
    """Cases that A caught and B does not have."""
    made: tuple[tuple[str, str, str], ...]
    """What the two runs were made with, where it differs."""


def _share(found: Proportion) -> str:
    return f"{found.hits:,} of {found.of:,}" if found.of else "not measured"


Both = tuple[Result, Result]


def compare(a: Stored, b: Stored) -> Comparison:
    """What changed from one run to the other on interacting pairs that both checked."""
    before = {result.case.id: result for result in a.results if result.case.pair.interacts}
    after = {result.case.id: result for result in b.results if result.case.pair.interacts}
    both = [(before[id_], after[id_]) for id_ in sorted(before.keys() & after.keys())]
    only = [len(before.keys() - after.keys()), len(after.keys() - before.keys())]
    words = [f"A {a.id}, B {b.id}: {len(both):,} interacting cases in both."]
    if any(only):
        words.append(f"Not compared: {only[0]:,} that only A has, {only[1]:,} that only B has.")
    for name, run in (("A", a), ("B", b)):
        quiet = run.evaluation.negatives
        words.append(
            f"{name}: headline recall {_share(run.evaluation.headline.recall)},"
            f" specificity {_share(quiet.specificity) if quiet else '-'}."
            + (" SIMULATED models: no figure is one of a real model." if run.evaluation.simulated else "")
        )
    words.append("The parts below hold circular pairs too, each pair once.")
    return Comparison(
        words=tuple(words),
        changes=changes(_by_part(both)),
        newly_missed=lost(after for before, after in both if before.flagged and not after.flagged),
        newly_caught=lost(after for before, after in both if after.flagged and not before.flagged),
        lacking=sum(before[id_].flagged for id_ in before.keys() - after.keys()),
        made=tuple(_made(a.evaluation.provenance, b.evaluation.provenance)),
    )


def _by_part(both: Sequence[Both]) -> dict[str, list[tuple[bool, bool]]]:
    """Whether each pair was flagged before and after, by the parts of the gold: all of it first.

    A pair that stands there in several spellings is one pair: it counts by its generic names, or by its worst spelling.
    """
    parts: dict[str, dict[tuple[str, str], tuple[bool, bool]]] = defaultdict(dict)
    for before, after in sorted(both, key=lambda pair: pair[0].generic):
        gold, turned = before.case.pair, (before.flagged, after.flagged)
        for name in ("all", f"severity {gold.severity or Severity.UNKNOWN}", f"form {gold.form}"):
            known = parts[name].get(gold.drugs, (True, True))
            worst = (turned[0] and known[0], turned[1] and known[1])
            parts[name][gold.drugs] = turned if before.generic else worst
    by_name = sorted(parts.items(), key=lambda part: (part[0] != "all", part[0]))
    return {name: list(pairs.values()) for name, pairs in by_name}


def _made(a: Provenance, b: Provenance) -> Iterator[tuple[str, str, str]]:
    left, right = (dict(_flat("", made.model_dump(mode="json"))) for made in (a, b))
    for key in sorted(left.keys() | right.keys()):
        if left.get(key) != right.get(key):
            yield key, left.get(key, "-"), right.get(key, "-")


def _flat(path: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(f"{path}.{key}" if path else str(key), inner)
    else:
        yield path, ", ".join(map(str, value)) if isinstance(value, list) else str(value)
