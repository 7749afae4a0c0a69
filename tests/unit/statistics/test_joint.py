from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.stats import betabinom

from druqa.measure.statistics.joint import all_miss_if_correlated, double_faults, joint_misses

NAN = float("nan")
TABLES = arrays(
    np.float64, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.sampled_from([0.0, 1.0, NAN])
)
ASKED = arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.sampled_from([0.0, 1.0]))


def exchangeable(evaluators: int, miss_rate: float, correlation: float, pairs: int) -> np.ndarray:
    """Misses in just the numbers that a beta-binomial expects, rounded; who misses goes round."""
    size = (1 - correlation) / correlation
    expected = pairs * betabinom.pmf(range(evaluators + 1), evaluators, miss_rate * size, (1 - miss_rate) * size)
    rows = []
    for misses, times in enumerate(np.rint(expected).astype(int)):
        rows += [np.roll([1.0] * misses + [0.0] * (evaluators - misses), turn) for turn in range(times)]
    return np.array(rows)


def test_twelve_evaluators_that_miss_30_percent_are_worth_little_if_they_correlate():
    assert all_miss_if_correlated(12, 0.3, 0.0) == pytest.approx(5.3e-7, rel=0.01)
    assert all_miss_if_correlated(12, 0.3, 0.3) == pytest.approx(1.39e-2, rel=0.005)
    assert all_miss_if_correlated(12, 0.3, 1.0) == 0.3


@given(st.integers(1, 20), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_all_miss_is_that_of_scipy(evaluators, miss_rate, correlation):
    size = (1 - correlation) / correlation
    theirs = betabinom.pmf(evaluators, evaluators, miss_rate * size, (1 - miss_rate) * size)
    assert all_miss_if_correlated(evaluators, miss_rate, correlation) == pytest.approx(theirs, rel=1e-6)


@given(st.integers(1, 20), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_the_more_correlated_the_more_is_missed_by_all(evaluators, miss_rate, one, other):
    less, more = sorted((one, other))
    assert all_miss_if_correlated(evaluators, miss_rate, less) <= (
        all_miss_if_correlated(evaluators, miss_rate, more) * (1 + 1e-9)
    )


@pytest.mark.parametrize("wrong", [(0, 0.3, 0.3), (2, -0.1, 0.3), (2, 0.3, 1.1)])
def test_impossible_evaluators_are_refused(wrong):
    with pytest.raises(ValueError, match="evaluators cannot miss"):
        all_miss_if_correlated(*wrong)


@pytest.mark.parametrize(("evaluators", "miss_rate", "correlation"), [(12, 0.3, 0.3), (6, 0.5, 0.1), (4, 0.2, 0.6)])
def test_a_planted_correlation_is_found(evaluators, miss_rate, correlation):
    found = joint_misses(exchangeable(evaluators, miss_rate, correlation, 20_000))
    assert found.correlation == pytest.approx(correlation, abs=0.005)
    assert found.if_equally_correlated == pytest.approx(found.all_missed.value, rel=0.05)
    assert found.if_independent < found.all_missed.low


def test_evaluators_that_miss_independently_count_in_full():
    every = np.array(list(product([0.0, 1.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0])))
    found = joint_misses(np.tile(every, (20, 1)))
    assert found.if_independent == pytest.approx(found.all_missed.value)
    assert found.correlation == pytest.approx(0.0, abs=0.01)
    assert found.effective == 3.0


def test_evaluators_that_miss_the_same_are_one():
    found = joint_misses(np.repeat([[1.0], [0.0], [0.0], [0.0]], 5, axis=1))
    assert (found.correlation, found.effective, found.effective_low) == (1.0, 1.0, 1.0)
    assert found.if_equally_correlated == found.mean_miss == 0.25


def test_where_nothing_is_missed_by_all_only_the_low_end_is_told():
    found = joint_misses(np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]] * 10))
    assert found.effective is None
    assert found.effective_low == pytest.approx(np.log(found.all_missed.high) / np.log(1 / 3))
    assert found.effective_high == 3.0


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_all_or_nothing_missed_tells_nothing_of_dependence(value):
    found = joint_misses(np.full((5, 4), value))
    assert found.correlation is found.effective is found.if_equally_correlated is None
    assert (found.effective_low, found.effective_high) == (1.0, 4.0)


def test_only_pairs_that_every_evaluator_was_asked_about_count():
    found = joint_misses(np.array([[1.0, 1.0], [NAN, 1.0], [0.0, 1.0], [0.0, 0.0]]))
    assert (found.pairs, found.evaluators, found.all_missed.hits) == (3, 2, 1)
    assert found.mean_miss == pytest.approx(0.5)
    assert found.if_independent == pytest.approx(1 / 3 * 2 / 3)


@given(ASKED)
def test_the_effective_number_lies_between_its_ends_and_they_between_one_and_all(missed):
    found = joint_misses(missed)
    assert 1 <= found.effective_low <= found.effective_high <= found.evaluators
    if found.effective is not None:
        assert found.effective_low <= found.effective <= found.effective_high
    assert type(found).model_validate_json(found.model_dump_json()) == found


@given(TABLES)
def test_double_faults_by_loops(missed):
    faults = double_faults(missed)
    for one, other in product(range(missed.shape[1]), repeat=2):
        rows = [(row[one], row[other]) for row in missed if not np.isnan(row[one] + row[other])]
        both = np.mean([a * b for a, b in rows]) if rows else NAN
        assert faults[one, other] == pytest.approx(both, nan_ok=True)


@pytest.mark.parametrize("wrong", [np.array([[0.5, 1.0]]), np.array([1.0, 0.0])])
def test_what_is_no_table_of_misses_is_refused(wrong):
    for statistic in (joint_misses, double_faults):
        with pytest.raises(ValueError, match="misses are a table"):
            statistic(wrong)


@pytest.mark.parametrize("empty", [np.empty((0, 3)), np.empty((3, 0)), np.full((2, 2), NAN)])
def test_without_a_pair_that_all_were_asked_about_there_is_nothing_to_tell(empty):
    with pytest.raises(ValueError, match="every evaluator was asked"):
        joint_misses(empty)
