from __future__ import annotations

from collections import Counter
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from druqa.measure.statistics.clusters import by_drug, dyadic_variance

PAIRS = st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")).filter(lambda pair: pair[0] != pair[1])
HITS = st.lists(st.tuples(st.booleans(), PAIRS), min_size=1, max_size=40)


def double_loop(hits, pairs) -> float:
    """The definition, word for word."""
    share = sum(hits) / len(hits)
    rest = [hit - share for hit in hits]
    together = product(range(len(pairs)), repeat=2)
    return sum(rest[d] * rest[e] for d, e in together if set(pairs[d]) & set(pairs[e])) / len(pairs) ** 2


def planted(drugs: int, share: float, effect: float, seed: int) -> tuple[list[bool], list[tuple[str, str]]]:
    """Pairs of drugs of which some are known better than others."""
    rng = np.random.default_rng(seed)
    known = rng.normal(0, effect, drugs)
    pairs = [pair for pair in combinations(range(drugs), 2) if rng.random() < share]
    hits = [bool(rng.random() < 1 / (1 + np.exp(-0.5 - known[one] - known[other]))) for one, other in pairs]
    return hits, [(f"drug{one}", f"drug{other}") for one, other in pairs]


def drawn_by_loops(hits, pairs, resamples: int) -> list[float]:
    """The shares of the node bootstrap, one drug at a time."""
    rng = np.random.default_rng(7)
    drugs = sorted({drug for pair in pairs for drug in pair})
    shares: list[float] = []
    while len(shares) < resamples:
        times = Counter(rng.choice(drugs, len(drugs)).tolist())
        weights = [times[one] * times[other] for one, other in pairs]
        if sum(weights):
            shares.append(sum(weight for weight, hit in zip(weights, hits, strict=True) if hit) / sum(weights))
    return shares


@given(HITS)
def test_the_variance_is_that_of_the_double_loop(data):
    hits, pairs = zip(*data, strict=True)
    assert dyadic_variance(hits, pairs) == pytest.approx(max(0.0, double_loop(hits, pairs)), abs=1e-12)


def test_pairs_that_share_nothing_vary_as_a_binomial():
    pairs = [(f"{n}a", f"{n}b") for n in range(50)]
    hits = [n < 40 for n in range(50)]
    assert dyadic_variance(hits, pairs) == pytest.approx(0.8 * 0.2 / 50)
    assert by_drug(hits, pairs).design_effect == pytest.approx(1.0)


def test_drugs_that_fail_as_a_whole_leave_as_many_independent_pairs_as_drugs():
    pairs = [(f"{drug}", f"{drug}-{partner}") for drug in range(20) for partner in range(10)]
    found = by_drug([int(one) < 15 for one, _ in pairs], pairs)
    assert found.design_effect == pytest.approx(10.0)
    assert found.effective_pairs == pytest.approx(20.0)
    assert found.drugs == 220


@given(HITS, st.randoms(use_true_random=False))
def test_neither_the_order_of_pairs_nor_that_within_them_matters(data, random):
    turned = [(hit, pair[::-1] if random.random() < 0.5 else pair) for hit, pair in random.sample(data, len(data))]
    one, other = (by_drug(*zip(*rows, strict=True), resamples=50) for rows in (data, turned))
    assert one == other


def test_another_seed_is_another_draw_and_the_same_one_is_not():
    hits, pairs = planted(20, 0.5, 1.0, 3)
    assert by_drug(hits, pairs, seed=1) == by_drug(hits, pairs, seed=1)
    assert by_drug(hits, pairs, seed=1) != by_drug(hits, pairs, seed=2)


@given(HITS)
def test_the_interval_lies_within_0_and_1_and_more_confidence_widens_it(data):
    hits, pairs = zip(*data, strict=True)
    narrow, wide = (by_drug(hits, pairs, confidence=level, resamples=60) for level in (0.5, 0.99))
    assert 0 <= wide.low <= narrow.low <= narrow.high <= wide.high <= 1


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_interval_is_that_of_a_bootstrap_by_loops(confidence):
    hits, pairs = planted(20, 0.5, 1.0, 5)
    shares = drawn_by_loops(hits, pairs, 4000)
    found = by_drug(hits, pairs, confidence=confidence, resamples=20_000)
    # Of another seed: a fifth of a standard deviation is three standard errors of such a quantile, or more.
    tail = (1 - confidence) / 2
    assert (found.low, found.high) == pytest.approx(np.quantile(shares, [tail, 1 - tail]), abs=np.std(shares) / 5)


@given(HITS)
def test_sharing_drugs_never_makes_pairs_tell_more(data):
    hits, pairs = zip(*data, strict=True)
    assume(0 < sum(hits) < len(hits))
    found = by_drug(hits, pairs, resamples=10)
    assert found.design_effect >= 1
    assert found.effective_pairs == pytest.approx(len(pairs) / found.design_effect)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_where_drugs_matter_the_bootstrap_agrees_with_the_robust_variance(seed):
    hits, pairs = planted(60, 0.6, 1.5, seed)
    found = by_drug(hits, pairs)
    assert found.design_effect > 5
    assert (found.high - found.low) / (2 * 1.96) == pytest.approx(dyadic_variance(hits, pairs) ** 0.5, rel=0.25)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_where_drugs_do_not_matter_the_bootstrap_is_too_wide_by_no_more_than_is_said(seed):
    hits, pairs = planted(60, 0.6, 0.0, seed)
    share = sum(hits) / len(hits)
    ratio = (by_drug(hits, pairs).high - by_drug(hits, pairs).low) / (
        2 * 1.96 * (share * (1 - share) / len(hits)) ** 0.5
    )
    assert 1.0 < ratio < 1.25 * 3**0.5


@pytest.mark.parametrize("hit", [True, False])
def test_all_or_nothing_is_no_interval_and_claims_no_effective_number(hit):
    found = by_drug([hit] * 3, [("a", "b"), ("b", "c"), ("c", "d")])
    assert (found.low, found.high) == (float(hit), float(hit))
    assert found.design_effect is found.effective_pairs is None


def test_nothing_counted_is_nothing_known():
    nothing = by_drug([], [])
    assert (nothing.low, nothing.high, nothing.drugs, nothing.design_effect) == (0.0, 1.0, 0, None)
    with pytest.raises(ValueError, match="without pairs"):
        dyadic_variance([], [])


def test_wrong_pairs_are_refused():
    with pytest.raises(ValueError, match="two different drugs"):
        by_drug([True], [("a", "a")])
    with pytest.raises(ValueError, match="zip"):
        by_drug([True, False], [("a", "b")])
