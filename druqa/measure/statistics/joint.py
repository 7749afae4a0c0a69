"""Are evaluators independent? Twelve that miss 30 % each miss one pair in two million together, or one in seventy.

`missed` is the same everywhere: a row for each interacting pair, a column for each evaluator, 1 missed, 0 caught, NaN
not asked. Pairs are taken to be independent of each other; those that share drugs are not quite, so that the intervals
are, if anything, too narrow.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from druqa.measure.statistics.proportions import Proportion
from druqa.records import Record


class JointMisses(Record):
    """How often all evaluators miss a pair together, beside how often they would if they were independent."""

    evaluators: int
    pairs: int
    """Pairs of which every evaluator was asked; all else here is of these."""
    mean_miss: float
    """The miss rate, mean of the evaluators, 0 to 1."""
    all_missed: Proportion
    if_independent: float
    """The product of each evaluator's miss rate."""
    correlation: float | None
    """Intraclass correlation of the misses, 0 to 1; None where all or nothing is missed, or for one evaluator."""
    if_equally_correlated: float | None
    """The chance that all miss in a beta-binomial with this mean and correlation."""
    effective: float | None
    """How many independent evaluators of the mean miss rate would miss together as often, 1 to `evaluators`; None
    where no pair was missed by all, or the mean is 0 or 1."""
    effective_low: float
    effective_high: float
    """By the interval of `all_missed` alone: the mean is taken as known."""


def joint_misses(missed: NDArray[np.float64]) -> JointMisses:
    """How the evaluators miss together, on the pairs of which every one was asked.

    `correlation` is the moment estimate (Kleinman 1973; Ridout, Demetrio & Firth 1999): a beta-binomial number of
    misses has the variance k m (1 - m) (1 + (k - 1) rho), and the observed variance is put in its place. `effective`
    is ln P(all missed) / ln m.

    Raises:
        ValueError: without evaluators, without a pair of which every evaluator was asked, or for a value that is not
            0, 1 or NaN.

    """
    _check(missed)
    asked = missed[~np.isnan(missed).any(axis=1)]
    pairs, evaluators = asked.shape
    if not pairs or not evaluators:
        raise ValueError("there is no pair of which every evaluator was asked")
    counts = asked.sum(axis=1)
    mean = float(asked.mean())
    all_missed = Proportion.counted(int((counts == evaluators).sum()), pairs)
    correlation = _correlation(counts, evaluators, mean)
    effective = _effective(all_missed.value or 0.0, mean, evaluators) if all_missed.hits and mean < 1 else None
    return JointMisses(
        evaluators=evaluators,
        pairs=pairs,
        mean_miss=mean,
        all_missed=all_missed,
        if_independent=float(asked.mean(axis=0).prod()),
        correlation=correlation,
        if_equally_correlated=None if correlation is None else all_miss_if_correlated(evaluators, mean, correlation),
        effective=effective,
        effective_low=_effective(all_missed.high, mean, evaluators) if 0 < mean < 1 else 1.0,
        effective_high=_effective(all_missed.low, mean, evaluators) if 0 < mean < 1 else float(evaluators),
    )


def _correlation(counts: NDArray[np.float64], evaluators: int, mean: float) -> float | None:
    if evaluators < 2 or not 0 < mean < 1:
        return None
    inflation = float(counts.var()) / (evaluators * mean * (1 - mean))
    return min(1.0, max(0.0, (inflation - 1) / (evaluators - 1)))


def _effective(all_miss: float, mean: float, evaluators: int) -> float:
    if not all_miss:
        return float(evaluators)
    return min(float(evaluators), max(1.0, math.log(all_miss) / math.log(mean)))


def all_miss_if_correlated(evaluators: int, miss_rate: float, correlation: float) -> float:
    """The chance that all evaluators miss a pair, if each misses `miss_rate` and any two correlate equally.

    The beta-binomial distribution (Skellam 1948) as a product without its parameters' poles (Griffiths 1973): from
    the plain product at correlation 0 to `miss_rate` at 1.

    Raises:
        ValueError: for no evaluator, or a rate or correlation outside 0 to 1.

    """
    if evaluators < 1 or not (0 <= miss_rate <= 1 and 0 <= correlation <= 1):
        raise ValueError(f"{evaluators} evaluators cannot miss {miss_rate} with correlation {correlation}")
    alone = 1 - correlation
    return miss_rate * math.prod(
        (miss_rate * alone + others * correlation) / (alone + others * correlation) for others in range(1, evaluators)
    )


def double_faults(missed: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each two evaluators the share of pairs that both miss, of those that both were asked (Giacinto & Roli 2001).

    On the diagonal each one's own miss rate; NaN where never both were asked.

    Raises:
        ValueError: for a value that is not 0, 1 or NaN.

    """
    _check(missed)
    asked = (~np.isnan(missed)).astype(np.float64)
    misses = np.nan_to_num(missed)
    both_asked, both_missed = asked.T @ asked, misses.T @ misses
    shares = np.full_like(both_asked, np.nan)
    np.divide(both_missed, both_asked, out=shares, where=both_asked > 0)
    return shares


def _check(missed: NDArray[np.float64]) -> None:
    if missed.ndim != 2 or not (np.isnan(missed) | (missed == 0) | (missed == 1)).all():
        raise ValueError("misses are a table of 1 for missed, 0 for caught and NaN for not asked")
