"""Whether the evaluators miss the same pairs, what the rival adds, and how many pairs nobody may have seen."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from druqa.cascade import Cascade, VoteRule
from druqa.measure.evaluation import Independence, Unseen
from druqa.measure.recount import Counted
from druqa.measure.statistics.capture import StillMissed, chao, correlated
from druqa.measure.statistics.joint import double_faults, joint_misses
from druqa.measure.statistics.permutation import p_if_independent
from druqa.measure.statistics.proportions import Proportion
from druqa.measure.voices import evaluator_names
from druqa.records import Stage
from druqa.report import PairReport, Report
from druqa.stages.vote import is_credible_yes

FEWEST_EVALUATORS = 3
"""With fewer, nothing can be told of how many all of them miss."""
_TAKEN_FOR_TRUE = "Every flag is taken for true: false alarms raise the figure."


def independence(interacting: Sequence[Counted], cascade: Cascade, tables: Sequence[str]) -> Independence | None:
    """How the evaluators of the screen, tables among them, miss together.

    None for fewer than two evaluators, or where there is no pair of which every one was asked.
    """
    names = _screen(interacting, cascade, tables)
    missed = misses(interacting, names, tables)
    if len(names) < 2 or not interacting or np.isnan(missed).any(axis=1).all():
        return None
    faults = double_faults(missed)
    return Independence(
        joint=joint_misses(missed),
        p=p_if_independent(missed),
        names=tuple(names),
        double_faults=tuple(tuple(None if math.isnan(x) else round(float(x), 6) for x in row) for row in faults),
    )


def _screen(cases: Sequence[Counted], cascade: Cascade, tables: Sequence[str]) -> list[str]:
    screen = {evaluator.name for evaluator in cascade.evaluators} | set(tables)
    return [name for name in evaluator_names(cases, cascade, tables) if name in screen]


def misses(cases: Sequence[Counted], names: Sequence[str], tables: Sequence[str]) -> NDArray[np.float64]:
    """A row for each pair, a column for each evaluator: 1 missed, 0 caught, NaN not asked."""
    return np.array([[_missed(case, name, tables) for name in names] for case in cases])


def _missed(case: Counted, name: str, tables: Sequence[str]) -> float:
    return math.nan if name not in tables and name not in case.by else float(name not in case.yes_of)


def rival_rescues(interacting: Sequence[Counted]) -> Proportion | None:
    """Of the interacting pairs that stood unflagged before the rival, how many it caught; None without a rival."""
    reviewed = [
        case
        for case in interacting
        if any(verdict.stage is Stage.REVIEW for verdicts in case.by.values() for verdict in verdicts)
    ]
    if not reviewed:
        return None
    lost = [case for case in reviewed if not any(heard.stood for heard in case.heard)]
    return Proportion.counted(sum(case.result.flagged for case in lost), len(lost))


def unseen(interacting: Sequence[Counted], cascade: Cascade, tables: Sequence[str]) -> Unseen | None:
    """How many of the gold's interacting pairs no evaluator saw, estimated as if the gold were not known."""
    names = _screen(interacting, cascade, tables)
    if len(names) < FEWEST_EVALUATORS:
        return None
    counts = [sum(name in case.yes_of for name in names) for case in interacting]
    return Unseen(estimates=_estimates(counts, len(names)), truly=counts.count(0), of=len(counts))


def still_missed(reports: Iterable[Report]) -> tuple[StillMissed, ...]:
    """How many interacting pairs of these lists may be missed, by how often their evaluators agree.

    Only pairs of which every evaluator of the screen spoke are counted, `unclear` as a yes. Every flag is taken for
    true, and no more can be missed than were not flagged. Empty for fewer than three evaluators, or where nothing is
    flagged: then nothing can be told, which is not the same as nothing missed.
    """
    asked = [_screened(pair) for report in reports for pair in report.pairs if pair.planned]
    names = {name for said in asked for name in said}
    counts = [sum(said.values()) for said in asked if said.keys() == names]
    if len(names) < FEWEST_EVALUATORS:
        return ()
    return tuple(_capped(estimate, counts.count(0)) for estimate in _estimates(counts, len(names)))


def _screened(pair: PairReport) -> dict[str, bool]:
    """The prompts that spoke of a pair in the screen, and whether each said yes."""
    said: dict[str, bool] = {}
    for verdict in pair.verdicts:
        if verdict.stage is Stage.SCREEN and not verdict.is_evidence:
            said[verdict.evaluator] = said.get(verdict.evaluator, False) or is_credible_yes(verdict, VoteRule())
    return said


def _capped(estimate: StillMissed, room: int) -> StillMissed:
    return estimate.model_copy(
        update={
            "estimate": min(estimate.estimate, room),
            "low": min(estimate.low, room),
            "high": room if estimate.high is None else min(estimate.high, room),
            "limit": f"{estimate.limit} {_TAKEN_FOR_TRUE}",
        }
    )


def _estimates(counts: Sequence[int], evaluators: int) -> tuple[StillMissed, ...]:
    caught = [count for count in counts if count]
    if not caught:
        return ()
    found = (chao(caught, evaluators), correlated(caught, evaluators))
    return tuple(estimate for estimate in found if estimate is not None)
