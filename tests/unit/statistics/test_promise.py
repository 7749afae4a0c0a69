from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from druqa.measure.statistics.promise import kept, p_value
from druqa.measure.statistics.proportions import pairs_needed

RATES = st.floats(0, 1)
COUNTS = st.lists(st.tuples(st.integers(0, 50), st.integers(50, 60)), max_size=8)


@given(st.integers(0, 50), RATES)
def test_the_tail_is_that_of_scipy(missed, rate):
    assert p_value(missed, 50, rate) == pytest.approx(binomtest(missed, 50, rate, alternative="less").pvalue)


@given(st.integers(1, 80), st.floats(0.01, 0.5), st.floats(0, 0.4))
def test_a_rate_that_is_as_bad_or_worse_looks_good_no_more_often_than_it_may(pairs, rate, worse):
    found = np.array([p_value(missed, pairs, rate) for missed in range(pairs + 1)])
    chances = binom.pmf(range(pairs + 1), pairs, rate + worse)
    assert all(chances[found <= level].sum() <= level + 1e-9 for level in found)


@given(COUNTS, RATES, RATES, st.floats(0.01, 0.99))
def test_a_weaker_promise_keeps_no_fewer(counts, one, other, confidence):
    strict, lax = sorted((one, other))
    assert kept(counts, miss_rate=strict, confidence=confidence) <= (kept(counts, miss_rate=lax, confidence=confidence))


@given(COUNTS, RATES, st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_a_surer_promise_keeps_no_more(counts, rate, one, other):
    less, more = sorted((one, other))
    assert kept(counts, miss_rate=rate, confidence=more) <= kept(counts, miss_rate=rate, confidence=less)


def test_it_stops_at_the_first_that_fails():
    assert kept([(0, 300), (0, 300), (9, 300), (0, 300)], miss_rate=0.01, confidence=0.95) == 2
    assert kept([(9, 300), (0, 300)], miss_rate=0.01, confidence=0.95) == 0
    assert kept([(0, 300), (0, 300)], miss_rate=0.01, confidence=0.95) == 2
    assert kept([], miss_rate=0.01, confidence=0.95) == 0


def test_without_a_miss_it_needs_as_many_pairs_as_the_rule_of_three_says():
    enough = pairs_needed(0.01)
    assert kept([(0, enough)], miss_rate=0.01, confidence=0.95) == 1
    assert kept([(0, enough - 1)], miss_rate=0.01, confidence=0.95) == 0
    assert kept([(0, 0)], miss_rate=0.5, confidence=0.95) == 0


@pytest.mark.parametrize(("first", "step"), [(0.01, 0.01), (0.049, 0.0005), (0.051, 0.0), (0.2, 0.1)])
def test_the_promise_is_broken_no_more_often_than_stated(first, step):
    # Configurations are measured on the same pairs: what a safer one misses, a bolder one misses too.
    draws, pairs, miss_rate, confidence = 2000, 200, 0.05, 0.9
    rates = first + step * np.arange(8)
    hardness = np.random.default_rng(20260101).random((draws, pairs))
    misses = (hardness[:, :, None] < rates).sum(axis=1)
    bold = [
        kept([(missed, pairs) for missed in row], miss_rate=miss_rate, confidence=confidence) for row in misses.tolist()
    ]
    broken = np.mean([(rates[:last] > miss_rate).any() for last in bold])
    stated = 1 - confidence
    assert broken <= stated + 3 * (stated * confidence / draws) ** 0.5


@pytest.mark.parametrize("wrong", [(-1, 5, 0.1), (6, 5, 0.1), (1, 5, 1.1)])
def test_impossible_counts_are_refused(wrong):
    with pytest.raises(ValueError, match="miss rate"):
        p_value(*wrong)


@pytest.mark.parametrize("confidence", [0.0, 1.0])
def test_nothing_is_promised_for_certain(confidence):
    with pytest.raises(ValueError, match="no promise"):
        kept([(0, 10)], miss_rate=0.1, confidence=confidence)
