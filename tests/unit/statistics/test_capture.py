from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import gammaln
from scipy.stats import betabinom, binom

from druqa.measure.statistics.capture import chao, correlated

COUNTS = st.lists(st.integers(1, 6), min_size=1, max_size=60)
# Of 200 pairs with detection 0.5 and correlation 0.3, six evaluators: 24 were caught by none.
CAUGHT = [1] * 31 + [2] * 33 + [3] * 35 + [4] * 33 + [5] * 31 + [6] * 24
# So many are caught by one evaluator alone that any number of missed pairs fits better than fewer.
ENDLESS = [1] * 60 + [2] * 22 + [3] * 14 + [4] * 11 + [5] * 10 + [6] * 14


def expected(chances, pairs: int) -> list[int]:
    """Counts in just the numbers that the chances expect, rounded, without the pairs that none caught."""
    return [count for count, chance in enumerate(chances) for _ in range(round(pairs * chance)) if count]


def log_likelihood(caught, evaluators: int):
    """The likelihood of a number of missed pairs by scipy's beta-binomial and a search without gradient."""
    times = np.bincount(caught, minlength=evaluators + 1)

    @cache
    def best(missed: float) -> float:
        seen = np.array([missed, *times[1:]])

        def loss(logs) -> float:
            return -float(seen @ betabinom.logpmf(range(evaluators + 1), evaluators, *np.exp(logs)))

        fit = minimize(loss, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-8, "maxiter": 2000})
        return float(gammaln(seen.sum() + 1) - gammaln(missed + 1)) - fit.fun

    return best


def test_chao_by_hand():
    # 5/6 * 20 * 19 / (2 * 10); variance 15.8333 + 52.8125 + 22.5625; exp(1.95996 * sqrt(log(1 + .363823))) = 2.97956
    found = chao([1] * 20 + [2] * 9 + [4] * 50, 6)
    assert found.estimate == pytest.approx(15.8333, abs=1e-4)
    assert (found.low, found.high) == (5.0, 48.0)
    assert (found.model, found.caught, found.confidence) == ("chao", 79, 0.95)
    assert "lower bound" in found.limit


def test_chao_of_equal_pairs_is_their_number():
    found = chao(expected(binom.pmf(range(7), 6, 0.3), 10_000), 6)
    assert found.estimate == pytest.approx(10_000 * 0.7**6, rel=0.02)


@pytest.mark.parametrize(("once", "twice", "high"), [(0, 0, 4.0), (1, 0, 8.0), (0, 3, 1.0)])
def test_few_pairs_caught_once_do_not_mean_that_none_is_missed(once, twice, high):
    # -log(0.025) = 3.689 caught once are possible where none is, 5.572 where one is: x^2 / (4 (f2 + 1)), rounded up.
    found = chao([1] * once + [2] * twice, 2) if once + twice else chao([3] * 40, 6)
    assert found.estimate == found.low == 0.0
    assert found.high == (6.0 if not once + twice else high)


@given(COUNTS, st.integers(2, 12))
def test_more_pairs_caught_once_never_lower_what_may_be_missed(caught, evaluators):
    caught = [min(count, evaluators) for count in caught]
    fewer, more = chao(caught, evaluators), chao([*caught, 1, 1], evaluators)
    assert fewer.estimate <= more.estimate


@given(COUNTS)
def test_chao_lies_in_its_interval(caught):
    found = chao(caught, 6)
    assert 0 <= found.low <= found.estimate <= found.high
    assert found.high <= chao(caught, 6, 0.99).high


@pytest.mark.parametrize(("caught", "evaluators"), [([1, 1], 1), ([], 6), ([0, 1], 6), ([7], 6)])
def test_chao_refuses_what_tells_nothing(caught, evaluators):
    with pytest.raises(ValueError, match="caught"):
        chao(caught, evaluators)


@pytest.mark.parametrize(
    ("mean", "correlation", "evaluators"), [(0.7, 0.3, 12), (0.3, 0.3, 6), (0.5, 0.1, 4), (0.7, 0.6, 12)]
)
def test_a_planted_number_is_found(mean, correlation, evaluators):
    size = (1 - correlation) / correlation
    chances = betabinom.pmf(range(evaluators + 1), evaluators, mean * size, (1 - mean) * size)
    found = correlated(expected(chances, 100_000), evaluators)
    assert found.estimate == pytest.approx(100_000 * chances[0], rel=0.02)
    assert found.low < 100_000 * chances[0] < found.high


def test_without_correlation_it_is_the_binomial():
    found = correlated(expected(binom.pmf(range(7), 6, 0.3), 100_000), 6)
    assert found.estimate == pytest.approx(100_000 * 0.7**6, rel=0.02)


def test_the_profile_is_that_of_scipy():
    found, likelihood = correlated(CAUGHT, 6), log_likelihood(CAUGHT, 6)
    best = likelihood(found.estimate)
    assert best >= max(likelihood(found.estimate - 1), likelihood(found.estimate + 1))
    # Half the 95 % quantile of chi-squared with one degree of freedom; the ends are rounded outwards.
    drop = 3.841459 / 2
    assert best - likelihood(found.low + 1) < drop < best - likelihood(found.low)
    assert best - likelihood(found.high - 1) < drop < best - likelihood(found.high)
    assert found.low < 24 < found.high


def test_a_likelihood_that_rises_without_end_is_said_so():
    found, likelihood = correlated(ENDLESS, 6), log_likelihood(ENDLESS, 6)
    assert likelihood(1e5) > likelihood(1e4) > likelihood(1e3)
    assert found.high is None
    assert found.estimate == found.low > 50
    assert "only the low end" in found.limit
    assert type(found).model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize("caught", [CAUGHT, ENDLESS])
def test_what_it_cannot_know_is_told(caught):
    limit = correlated(caught, 6).limit
    assert "Link 2003" in limit
    assert "no evaluator could ever catch is in no estimate" in limit
    assert limit.count(". ") == 0


@pytest.mark.parametrize(("caught", "evaluators"), [([1, 2, 2], 2), ([4, 4, 4], 6), ([], 6)])
def test_what_cannot_be_fitted_is_no_estimate(caught, evaluators):
    assert correlated(caught, evaluators) is None


def test_counts_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="1 to 6 evaluators"):
        correlated([0, 3], 6)


@settings(max_examples=25)
@given(COUNTS, st.randoms(use_true_random=False))
def test_it_lies_in_its_interval_whatever_the_order(caught, random):
    found = correlated(caught, 6)
    assert found == correlated(random.sample(caught, len(caught)), 6)
    if found is not None:
        assert 0 <= found.low <= found.estimate
        assert found.high is None or found.estimate <= found.high


def test_pairs_that_all_evaluators_caught_leave_little_missed():
    found = correlated([6] * 200 + [5] * 20, 6)
    assert found.estimate < 1
    assert found.high <= 3
