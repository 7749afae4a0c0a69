from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar as their_mcnemar
from statsmodels.stats.multitest import multipletests

from druqa.measure.statistics.paired import holm, mcnemar

COUNTS = st.integers(0, 300)
P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=20)


@given(COUNTS, COUNTS)
def test_the_exact_test_is_that_of_statsmodels(caught, missed):
    assert mcnemar(caught, missed) == pytest.approx(their_mcnemar([[7, caught], [missed, 9]], exact=True).pvalue)


@given(COUNTS, COUNTS)
def test_gains_and_losses_are_judged_alike(caught, missed):
    assert mcnemar(caught, missed) == mcnemar(missed, caught)


def test_known_changes():
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(5, 5) == 1.0
    assert mcnemar(0, 6) == pytest.approx(2 / 64)
    with pytest.raises(ValueError, match="-1 newly caught"):
        mcnemar(-1, 0)


@given(P_VALUES)
def test_the_adjustment_is_that_of_statsmodels(p_values):
    assert holm(p_values) == pytest.approx(tuple(multipletests(p_values, method="holm")[1]))


@given(P_VALUES)
def test_adjusted_never_tells_more_than_raw_and_keeps_the_order(p_values):
    adjusted = holm(p_values)
    assert all(p <= changed <= 1 for p, changed in zip(p_values, adjusted, strict=True))
    ranked = sorted(zip(p_values, adjusted, strict=True))
    assert [changed for _, changed in ranked] == sorted(adjusted)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.06, 0.06))
    assert holm([]) == ()
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="p-value"):
            holm([0.5, wrong])
