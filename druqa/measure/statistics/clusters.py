"""Uncertainty of a share of drug pairs that share drugs: one badly known drug fails in all its pairs at once.

Pairs of drugs are dyadic data: two pairs are dependent if they have a drug in common, and taken to be independent if
not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from druqa.records import Record

# Resamples are drawn in batches of about so many cells, which bounds the memory: 8 bytes each, a few arrays at a time.
_CELLS = 1_000_000


class Clustered(Record):
    """The interval of a share of pairs, with the drugs as what was sampled."""

    low: float
    high: float
    design_effect: float | None
    """By how much sharing drugs widens the variance, at least 1; None where all pairs or none hit, so that nothing
    varies. Then `low` and `high` are that share itself and no interval: a bound is for `Proportion` to give."""
    effective_pairs: float | None
    """How many independent pairs would tell as much: the pairs through the design effect."""
    drugs: int
    resamples: int
    confidence: Annotated[float, Field(gt=0, lt=1)]


class _Dyads(NamedTuple):
    """The pairs in numbers, sorted, so that nothing depends on the order in which they came."""

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    hits: NDArray[np.float64]
    """How many of the times that the pair stands there it hit."""
    times: NDArray[np.float64]
    drugs: int


def by_drug(
    hits: Sequence[bool],
    pairs: Sequence[tuple[str, str]],
    *,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 20260101,
) -> Clustered:
    """The percentile interval of the share of hits by a node bootstrap, and the design effect.

    Drugs are drawn with replacement; a pair weighs the product of how often its two drugs were drawn (Snijders &
    Borgatti 1999), and a draw without any pair is drawn again. The interval is too wide rather than too narrow: about
    right where drugs make a great difference, and up to sqrt(3) times as wide as need be where they make none, since
    the product of two counts varies three times as much as one (Owen 2007).
    The design effect is `dyadic_variance` over the binomial variance. Without pairs, everything from 0 to 1 is
    possible.

    Raises:
        ValueError: where hits and pairs differ in number, or a pair is of one drug.

    """
    dyads = _dyads(hits, pairs)
    share = float(dyads.hits.sum() / dyads.times.sum()) if pairs else 0.0
    if share in (0.0, 1.0):
        low, high, effect = share, share if pairs else 1.0, None
    else:
        tail = (1 - confidence) / 2
        low, high = (float(end) for end in np.quantile(_resampled(dyads, resamples, seed), [tail, 1 - tail]))
        effect = max(1.0, _variance(dyads) / (share * (1 - share) / len(pairs)))
    return Clustered(
        low=low,
        high=high,
        design_effect=effect,
        effective_pairs=len(pairs) / effect if effect else None,
        drugs=dyads.drugs,
        resamples=resamples,
        confidence=confidence,
    )


def dyadic_variance(hits: Sequence[bool], pairs: Sequence[tuple[str, str]]) -> float:
    """The variance of the share of hits, robust to any dependence of pairs that share a drug; at least 0.

    (1/n^2) * the sum of e_d * e_d' over all d, d' that share a drug, d = d' included, where e is hit less share
    (Fafchamps & Gubert 2007; Aronow, Samii & Assenova 2015).

    Raises:
        ValueError: without pairs, where hits and pairs differ in number, or where a pair is of one drug.

    """
    if not pairs:
        raise ValueError("without pairs there is no share that could vary")
    return _variance(_dyads(hits, pairs))


def _variance(dyads: _Dyads) -> float:
    """By sums over drugs: what shares both drugs is in two of the sums, and so is taken off once."""
    n = dyads.times.sum()
    rest = dyads.hits - dyads.times * (dyads.hits.sum() / n)
    by_drug = np.bincount(dyads.first, rest, dyads.drugs) + np.bincount(dyads.second, rest, dyads.drugs)
    return max(0.0, float((by_drug @ by_drug - rest @ rest) / n**2))


def _dyads(hits: Sequence[bool], pairs: Sequence[tuple[str, str]]) -> _Dyads:
    unordered = [(min(pair), max(pair)) for pair in pairs]
    if any(one == other for one, other in unordered):
        raise ValueError("a pair is of two different drugs")
    times = Counter(unordered)
    caught = Counter(pair for pair, hit in zip(unordered, hits, strict=True) if hit)
    number = {drug: index for index, drug in enumerate(sorted({drug for pair in times for drug in pair}))}
    distinct = sorted(times)
    return _Dyads(
        first=np.array([number[one] for one, _ in distinct], dtype=np.intp),
        second=np.array([number[other] for _, other in distinct], dtype=np.intp),
        hits=np.array([caught[pair] for pair in distinct], dtype=np.float64),
        times=np.array([times[pair] for pair in distinct], dtype=np.float64),
        drugs=len(number),
    )


def _resampled(dyads: _Dyads, resamples: int, seed: int) -> NDArray[np.float64]:
    """The share of hits in each resample of the drugs."""
    rng = np.random.default_rng(seed)
    batch = min(resamples, max(1, _CELLS // max(dyads.drugs, len(dyads.times))))
    chances = np.full(dyads.drugs, 1 / dyads.drugs)
    shares = np.empty(0)
    while len(shares) < resamples:
        drawn = np.ascontiguousarray(rng.multinomial(dyads.drugs, chances, size=batch).T, dtype=np.float64)
        weights = drawn[dyads.first] * drawn[dyads.second]
        total = dyads.times @ weights
        some = total > 0
        shares = np.append(shares, (dyads.hits @ weights)[some] / total[some])
    return shares[:resamples]
