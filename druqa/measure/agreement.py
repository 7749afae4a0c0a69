"""Whether the evaluators miss the same pairs, what the rival adds, and how many pairs nobody may have seen."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from druqa.cascade import Cascade, VoteRule
from druqa.measure.ablation import evaluator_names, said_yes, spoken
from druqa.measure.evaluation import Independence, Unseen
from druqa.measure.recount import flagged
from druqa.measure.results import Result
from druqa.measure.statistics.capture import StillMissed, chao, correlated
from druqa.measure.statistics.joint import double_faults, joint_misses
from druqa.measure.statistics.permutation import p_if_independent
from druqa.measure.statistics.proportions import Proportion
from druqa.records import Stage, Verdict
from druqa.report import DecisionKind, Report
from druqa.stages.vote import is_credible_yes

FEWEST_EVALUATORS = 3
"""With fewer, nothing can be told of how many all of them miss."""


def independence(interacting: Sequence[Result], cascade: Cascade) -> Independence | None:
    """How the evaluators of the screen, tables among them, miss together; None for fewer than two of them."""
    screen = {evaluator.name for evaluator in cascade.evaluators}
    names = [name for name in evaluator_names(interacting, cascade) if name in screen]
    if len(names) < 2 or not interacting:
        return None
    missed = misses(interacting, names, cascade)
    if np.isnan(missed).any(axis=1).all():
        return None  # no pair of which every evaluator was asked
    faults = double_faults(missed)
    return Independence(
        joint=joint_misses(missed),
        p=p_if_independent(missed),
        names=tuple(names),
        double_faults=tuple(tuple(None if math.isnan(x) else round(float(x), 6) for x in row) for row in faults),
    )


def misses(results: Sequence[Result], names: Sequence[str], cascade: Cascade) -> NDArray[np.float64]:
    """A row for each pair, a column for each evaluator: 1 missed, 0 caught, NaN not asked."""
    tables = {evaluator.name for evaluator in cascade.evidence_evaluators}
    return np.array([[_missed(result, name, cascade.vote, tables) for name in names] for result in results])


def _missed(result: Result, name: str, rule: VoteRule, tables: set[str]) -> float:
    if name not in tables and not spoken(result, name):
        return math.nan
    return float(not said_yes(result, name, rule))


def rival_rescues(interacting: Sequence[Result], cascade: Cascade) -> Proportion | None:
    """Of the interacting pairs that stood unflagged before the rival, how many it caught; None without a rival."""
    reviewed = [result for result in interacting if any(_by_rival(v) for seen in result.seen for v in seen.verdicts)]
    if not reviewed:
        return None
    lost = [r for r in reviewed if not flagged(r, cascade.vote, lambda verdict, _: not _by_rival(verdict))]
    return Proportion.counted(sum(result.flagged for result in lost), len(lost))


def _by_rival(verdict: Verdict) -> bool:
    return verdict.stage is Stage.REVIEW


def unseen(interacting: Sequence[Result], cascade: Cascade) -> Unseen | None:
    """How many of the gold's interacting pairs no evaluator saw, estimated as if the gold were not known."""
    screen = {evaluator.name for evaluator in cascade.evaluators}
    names = [name for name in evaluator_names(interacting, cascade) if name in screen]
    if len(names) < FEWEST_EVALUATORS:
        return None
    counts = [sum(said_yes(result, name, cascade.vote) for name in names) for result in interacting]
    return Unseen(estimates=_estimates(counts, len(names)), truly=counts.count(0), of=len(counts))


def still_missed(reports: Iterable[Report], rule: VoteRule | None = None) -> tuple[StillMissed, ...]:
    """How many interacting pairs of these lists may be missed, by how often their evaluators agree.

    Every flag is taken for true. Empty for fewer than three evaluators, or where nothing is flagged: then nothing can
    be told, which is not the same as nothing missed.
    """
    rule = rule or VoteRule()
    screened = [
        [v for v in pair.verdicts if v.stage is Stage.SCREEN]
        for report in reports
        for pair in report.pairs
        if pair.decision is not DecisionKind.NOT_CHECKED
    ]
    names = {verdict.evaluator for verdicts in screened for verdict in verdicts}
    counts = [len({v.evaluator for v in verdicts if is_credible_yes(v, rule)}) for verdicts in screened]
    return _estimates(counts, len(names)) if len(names) >= FEWEST_EVALUATORS else ()


def _estimates(counts: Sequence[int], evaluators: int) -> tuple[StillMissed, ...]:
    caught = [count for count in counts if count]
    if not caught:
        return ()
    found = (chao(caught, evaluators), correlated(caught, evaluators))
    return tuple(estimate for estimate in found if estimate is not None)
