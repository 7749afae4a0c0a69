"""What each stage and each number of votes earns: one run, counted again as if less had been asked."""

from __future__ import annotations

from collections.abc import Sequence

from druqa.cascade import Cascade, VoteRule
from druqa.measure.evaluation import Point, Variant
from druqa.measure.recount import Counted, Keep, asked, flagged
from druqa.measure.results import Seen
from druqa.measure.statistics.proportions import Proportion
from druqa.records import Stage, Verdict

Row = tuple[str, str, VoteRule, Keep]
"""A name, what is left out in words, the rule, and what is counted."""


def variants(interacting: Sequence[Counted], quiet: Sequence[Counted], cascade: Cascade) -> tuple[Variant, ...]:
    """The run as it was, and as it would have come out with less asked or a larger k."""
    cases = [*interacting, *quiet]
    rows: list[Row] = [("as run", "", cascade.vote, lambda _verdict, _seen: True)]
    if asked(cases):
        rows += _less_asked(cascade)
    else:
        names = sorted({name for case in cases for name in case.by})
        rows += [(f"{name} alone", "every other table", cascade.vote, _only(name)) for name in names if len(names) > 1]
    return tuple(
        Variant(
            name=name,
            without=without,
            recall=Proportion.counted(sum(flagged(case, rule, keep) for case in interacting), len(interacting)),
            specificity=Proportion.counted(sum(not flagged(case, rule, keep) for case in quiet), len(quiet))
            if quiet
            else None,
            questions=asked(cases, keep) / len(cases) if cases else 0.0,
        )
        for name, without, rule, keep in rows
    )


def _less_asked(cascade: Cascade) -> list[Row]:
    rule, first = cascade.vote, cascade.prompt_evaluators[0].name
    rows: list[Row] = [
        ("one plain prompt", f"all but {first} on the generic names, in one order", rule, _plain(first)),
        ("one prompt, all names", f"all but {first}", rule, _only(first)),
        ("one name", "every name but the generic ones", rule, generic_names),
    ]
    if cascade.orders == "both":
        rows.append(
            ("one order", "each name pair turned round", rule, lambda v, _: v.is_evidence or v.names[0] <= v.names[1])
        )
    rows += [
        ("without sign-off", "the auditors", rule, lambda v, _: v.stage is not Stage.SIGN_OFF),
        ("without rival", "the rival", rule, lambda v, _: v.stage is not Stage.REVIEW),
        ("screen alone", "auditors and rival", rule, _screen),
    ]
    if cascade.evidence_evaluators:
        rows += [
            ("without tables", "the reference tables", rule, lambda v, _: not v.is_evidence),
            ("tables alone", "every model", rule, lambda v, _: v.is_evidence),
        ]
    for k in range(1, len(cascade.prompt_evaluators) + 1):
        larger = rule.model_copy(update={"k": k, "weights": {}})
        rows.append((f"k = {k}, screen alone", "auditors and rival", larger, _screen))
    return rows


def _screen(verdict: Verdict, _seen: Seen) -> bool:
    return verdict.stage is Stage.SCREEN


def _only(name: str) -> Keep:
    return lambda verdict, _: verdict.evaluator == name


def generic_names(verdict: Verdict, seen: Seen) -> bool:
    """Whether a question was put by the generic names of both drugs, in any order."""
    return verdict.is_evidence or {name.casefold() for name in verdict.names} == set(seen.drugs)


def _plain(name: str) -> Keep:
    def keep(verdict: Verdict, seen: Seen) -> bool:
        if verdict.evaluator != name or not generic_names(verdict, seen):
            return False
        # Of two orders the one that stands first; a cascade that asks in one order only has no other.
        turned = (verdict.names[1], verdict.names[0])
        return verdict.names <= turned or not any(v.evaluator == name and v.names == turned for v in seen.verdicts)

    return keep


def curve(interacting: Sequence[Counted], cascade: Cascade) -> tuple[Point, ...]:
    """Recall against questions, each time with the evaluator that adds most catches for each question.

    The order is chosen on the pairs that it is shown on, so the first points are optimistic. Where several votes are
    needed, those that add none are chosen by how often they say yes.
    """
    names = list(dict.fromkeys(name for case in interacting for name in case.by))
    cost = {n: sum(not v.is_evidence for case in interacting for v in case.by.get(n, ())) for n in names}
    yes = {n: sum(n in case.yes_of for case in interacting) for n in names}
    points: list[Point] = []
    heard: set[str] = set()
    caught: set[int] = set()
    while names:
        open_ = [(place, case) for place, case in enumerate(interacting) if place not in caught]
        gains = {n: {place for place, case in open_ if _caught(case, heard | {n}, cascade.vote, n)} for n in names}
        best = max(names, key=lambda n: (len(gains[n]) / max(cost[n], 1e-9), yes[n], -cost[n], -names.index(n)))
        names.remove(best)
        heard.add(best)
        caught |= gains[best]
        spent = sum(cost[n] for n in heard) / len(interacting)
        points.append(Point(added=best, questions=spent, recall=len(caught) / len(interacting)))
    return tuple(points)


def _caught(case: Counted, heard: set[str], rule: VoteRule, last: str) -> bool:
    return last in case.yes_of and flagged(case, rule, lambda verdict, _: verdict.evaluator in heard)
