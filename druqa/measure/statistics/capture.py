"""How many interacting pairs every evaluator may have missed: capture and recapture, the evaluators being the lists.

Only pairs that some evaluator caught are seen. `caught` says for each of them by how many evaluators it was caught.
Everything told of the pairs that none caught is what a model of the others says of them.

tests/simulation/coverage.py measures where the intervals hold: those of `correlated` in the world that it assumes, and
nearly so if some evaluators are better than others, but not where there are two kinds of pairs, hard and easy; those
of `chao` only where pairs are about equal, or nearly all are caught.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from druqa.records import Record

_CHAO_LIMIT = (
    "A lower bound: the more unequal the pairs are, the more it falls short, "
    "and a pair that no evaluator could ever catch is not in it."
)
_CORRELATED_LIMIT = (
    "Other models fit the same counts as well and give other numbers, since how unequal the pairs are cannot be told "
    "from the caught ones (Link 2003), and a pair that no evaluator could ever catch is in no estimate."
)
_ENDLESS_LIMIT = (
    "Any larger number fits these counts better still, so the estimate is only the low end, "
    "and a pair that no evaluator could ever catch is in no estimate; "
    "nor can it be told from the caught pairs how unequal the pairs are (Link 2003)."
)
# More missed pairs than so many times those caught are as good as no bound.
_UNBOUNDED = 10_000


class StillMissed(Record):
    """How many pairs no evaluator caught, beside those that some did."""

    model: str
    """`chao` or `correlated`."""
    caught: int
    """Pairs that some evaluator caught."""
    estimate: float
    """Pairs still missed."""
    low: float
    high: float | None
    """The interval of the pairs still missed, rounded outwards to whole pairs; None for no bound above."""
    confidence: Annotated[float, Field(gt=0, lt=1)]
    limit: str
    """What the figure cannot know."""


def chao(caught: Sequence[int], evaluators: int, confidence: float = 0.95) -> StillMissed:
    """A lower bound of the pairs still missed, whatever makes some harder to catch: f1 caught once, f2 twice.

    ((t-1)/t) f1 (f1-1) / (2 (f2+1)) for t evaluators (Chao 1987, bias-corrected), with her log-normal interval and the
    variance in Chao & Colwell (2017). That interval does not exist for f1 < 2: then it goes from 0 to what the formula
    gives for the upper Poisson limit of f1 (Garwood 1936).

    Raises:
        ValueError: for fewer than 2 evaluators, nothing caught, or a count outside 1 to `evaluators`.

    """
    from scipy.special import gammaincinv, ndtri  # noqa: PLC0415

    _check(caught, evaluators)
    if evaluators < 2 or not caught:
        raise ValueError("nothing can be told of what is missed without 2 evaluators and a pair that was caught")
    once, twice = caught.count(1), caught.count(2)
    share, per = (evaluators - 1) / evaluators, 2 * (twice + 1)
    estimate = share * (once * (once - 1)) / per
    if estimate:
        variance = (
            estimate
            + share**2 * once * (2 * once - 1) ** 2 / per**2
            + share**2 * once**2 * twice * (once - 1) ** 2 * 4 / per**4
        )
        spread = math.exp(float(ndtri((1 + confidence) / 2)) * math.sqrt(math.log1p(variance / estimate**2)))
        low, high = estimate / spread, estimate * spread
    else:
        low, high = 0.0, share * float(gammaincinv(once + 1, (1 + confidence) / 2)) ** 2 / per
    return _still_missed("chao", len(caught), (low, estimate, high), confidence, _CHAO_LIMIT)


def correlated(caught: Sequence[int], evaluators: int, confidence: float = 0.95) -> StillMissed | None:
    """The pairs still missed if all evaluators catch equally well and any two of them correlate equally.

    A beta-binomial number of evaluators for each pair (Skellam 1948; Dorazio & Royle 2003), fitted by maximum
    likelihood: the full likelihood of the pairs missed, the mean and the correlation, so that the interval is that of
    the profile likelihood of the pairs missed, with no normal approximation. Where that rises without end, the
    estimate is the low end of the interval, and `limit` says so.

    Returns:
        None where it cannot be fitted: fewer than 3 evaluators, or all pairs caught by equally many.

    Raises:
        ValueError: for a count outside 1 to `evaluators`.

    """
    _check(caught, evaluators)
    if evaluators < 3 or len(set(caught)) < 2:
        return None
    low, estimate, high = _likely(_Counts.of(caught, evaluators), confidence)
    if estimate is None:
        return _still_missed("correlated", len(caught), (low, math.floor(low), high), confidence, _ENDLESS_LIMIT)
    return _still_missed("correlated", len(caught), (low, estimate, high), confidence, _CORRELATED_LIMIT)


def _likely(counts: _Counts, confidence: float) -> tuple[float, float | None, float | None]:
    """The low end, the likeliest number and the high end of the pairs missed; None for one without end."""
    from scipy.optimize import brentq, minimize_scalar  # noqa: PLC0415
    from scipy.special import chdtri  # noqa: PLC0415

    def profile(u: float) -> float:
        return _profile(counts, math.expm1(u))

    # On the scale of log(1 + missed) the profile is smooth from nothing missed to as good as everything.
    end = math.log1p(_UNBOUNDED * counts.caught[0])
    found = minimize_scalar(lambda u: -profile(u), bounds=(0, end), method="bounded")
    best = max((0.0, float(found.x), end), key=profile)
    floor = profile(best) - float(chdtri(1, 1 - confidence)) / 2

    def above(u: float) -> float:
        return profile(u) - floor

    low = 0.0 if above(0.0) >= 0 else math.expm1(float(brentq(above, 0.0, best, xtol=1e-6)))
    high = None if above(end) >= 0 else math.expm1(float(brentq(above, best, end, xtol=1e-6)))
    return low, math.expm1(best) if best < end - 1 else None, high


class _Counts(NamedTuple):
    """For each j below the number of evaluators: how many pairs more than j evaluators caught, and missed."""

    others: NDArray[np.float64]
    caught: NDArray[np.float64]
    missed: NDArray[np.float64]

    @classmethod
    def of(cls, caught: Sequence[int], evaluators: int) -> _Counts:
        at_most = np.bincount(caught, minlength=evaluators + 1).cumsum()[:-1].astype(np.float64)
        return cls(np.arange(evaluators, dtype=np.float64), len(caught) - at_most, at_most[::-1])


def _profile(counts: _Counts, missed: float) -> float:
    """The log likelihood of so many missed pairs, at the mean and correlation that suit it best.

    The beta-binomial in the form of Griffiths (1973): with g = rho / (1 - rho), a pair caught by x of t has the chance
    C(t, x) prod_{j<x} (m + jg) prod_{j<t-x} (1 - m + jg) / prod_{j<t} (1 + jg), which is smooth down to g = 0.
    """
    from scipy.optimize import minimize  # noqa: PLC0415
    from scipy.special import gammaln  # noqa: PLC0415

    j, hit = counts.others, counts.caught
    pairs, lost = hit[0] + missed, counts.missed + missed

    def loss(at: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        # Both from the logit: 1 - mean would be 0 where the mean is all but 1.
        mean, rest, g = 1 / (1 + math.exp(-at[0])), 1 / (1 + math.exp(at[0])), math.exp(at[1])
        up, down, both = mean + j * g, rest + j * g, 1 + j * g
        by_up, by_down = hit / up, lost / down
        value = hit @ np.log(up) + lost @ np.log(down) - pairs * np.log(both).sum()
        by_mean = (by_up.sum() - by_down.sum()) * mean * rest
        by_g = (j @ by_up + j @ by_down - pairs * (j / both).sum()) * g
        return -float(value) / hit[0], -np.array([by_mean, by_g]) / hit[0]

    fit = minimize(loss, _moments(counts, missed), jac=True, method="L-BFGS-B", bounds=[(-40, 40), (-12, 12)])
    return float(gammaln(pairs + 1) - gammaln(missed + 1) - fit.fun * hit[0])


def _moments(counts: _Counts, missed: float) -> list[float]:
    """Where to begin: logit of the mean and log of g, by the mean and variance of the counts."""
    t, pairs = len(counts.others), counts.caught[0] + missed
    mean = counts.caught.sum() / (t * pairs)
    variance = (2 * counts.others + 1) @ counts.caught / pairs - (t * mean) ** 2
    rho = min(0.95, max(0.001, (variance / (t * mean * (1 - mean)) - 1) / (t - 1)))
    return [math.log(mean / (1 - mean)), math.log(rho / (1 - rho))]


def _still_missed(
    model: str, caught: int, interval: tuple[float, float, float | None], confidence: float, limit: str
) -> StillMissed:
    low, estimate, high = interval
    return StillMissed(
        model=model,
        caught=caught,
        estimate=estimate,
        low=float(math.floor(low)),
        high=None if high is None else float(math.ceil(high)),
        confidence=confidence,
        limit=limit,
    )


def _check(caught: Sequence[int], evaluators: int) -> None:
    if not all(1 <= count <= evaluators for count in caught):
        raise ValueError(f"a pair that was caught was caught by 1 to {evaluators} evaluators")
