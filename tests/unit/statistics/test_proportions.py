from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from druqa.measure.statistics.proportions import Proportion, most_missed, pairs_needed, rule_of_three

CONFIDENCES = st.floats(0.51, 0.999)
RATES = st.floats(0.0001, 0.9)


@st.composite
def counted(draw) -> tuple[int, int]:
    of = draw(st.integers(1, 5000))
    return draw(st.integers(0, of)), of


@given(counted(), CONFIDENCES)
def test_the_interval_is_that_of_statsmodels(hits_of, confidence):
    hits, of = hits_of
    found = Proportion.counted(hits, of, confidence)
    assert (found.low, found.high) == pytest.approx(proportion_confint(hits, of, 1 - confidence, method="beta"))


@given(counted())
def test_the_interval_holds_the_value_and_widens_with_confidence(hits_of):
    narrow, wide = Proportion.counted(*hits_of, 0.8), Proportion.counted(*hits_of, 0.99)
    assert 0 <= wide.low <= narrow.low <= narrow.value <= narrow.high <= wide.high <= 1


@given(counted())
def test_more_hits_never_lower_the_interval(hits_of):
    hits, of = hits_of
    fewer, more = Proportion.counted(max(0, hits - 1), of), Proportion.counted(hits, of)
    assert fewer.low <= more.low
    assert fewer.high <= more.high


def test_nothing_counted_is_nothing_known():
    nothing = Proportion.counted(0, 0)
    assert (nothing.value, nothing.low, nothing.high) == (None, 0.0, 1.0)


@pytest.mark.parametrize(("hits", "of"), [(-1, 3), (4, 3), (1, 0), (0, -1)])
def test_no_share_of_fewer_than_the_hits(hits, of):
    with pytest.raises(ValueError, match="hits"):
        Proportion.counted(hits, of)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_a_confidence_is_between_0_and_1(confidence):
    with pytest.raises(ValueError, match="confidence"):
        Proportion.counted(1, 3, confidence)
    with pytest.raises(ValueError, match="confidence"):
        most_missed(3, confidence)
    with pytest.raises(ValueError, match="confidence"):
        pairs_needed(0.1, confidence)


@given(st.integers(1, 100_000), CONFIDENCES)
def test_no_miss_is_bounded_as_by_the_interval_with_both_tails_in_one(pairs, confidence):
    assert most_missed(pairs, confidence) == pytest.approx(Proportion.counted(0, pairs, 2 * confidence - 1).high)


@given(st.integers(100, 1_000_000))
def test_the_rule_of_three_is_close_and_on_the_safe_side(pairs):
    assert 0.98 * 3 / pairs < most_missed(pairs) < 3 / pairs


def test_without_pairs_everything_may_be_missed():
    assert most_missed(0) == 1.0
    with pytest.raises(ValueError, match="-1 pairs"):
        most_missed(-1)


@pytest.mark.parametrize(("rate", "confidence", "pairs"), [(0.01, 0.95, 299), (0.001, 0.95, 2995), (0.05, 0.99, 90)])
def test_known_numbers_of_pairs(rate, confidence, pairs):
    assert pairs_needed(rate, confidence) == pairs


@given(RATES, CONFIDENCES)
def test_as_many_pairs_as_needed_suffice_and_one_fewer_does_not(rate, confidence):
    needed = pairs_needed(rate, confidence)
    assert most_missed(needed, confidence) <= rate * (1 + 1e-9)
    assert most_missed(needed - 1, confidence) > rate * (1 - 1e-9)


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1])
def test_no_number_of_pairs_shows_that_none_is_missed(rate):
    with pytest.raises(ValueError, match="no number of pairs"):
        pairs_needed(rate)


def test_what_no_miss_means_in_words():
    assert rule_of_three(152) == (
        "No miss in 152 pairs does not mean none: up to 2.0 % of such pairs may be missed "
        "(95 % confidence, rule of three)."
    )
    assert "nothing is known" in rule_of_three(0)
    assert "No miss in 1 pair does" in rule_of_three(1)


@given(st.integers(1, 10_000_000))
def test_the_words_never_promise_more_than_the_figure(pairs):
    percent = float(rule_of_three(pairs).partition("up to ")[2].partition(" %")[0])
    assert 100 * most_missed(pairs) <= percent < 111 * most_missed(pairs)
