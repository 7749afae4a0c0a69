"""Whether evaluators miss the same pairs more often than chance brings about: a permutation test."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def p_if_independent(missed: NDArray[np.float64], permutations: int = 999, seed: int = 20260101) -> float:
    """How often misses as bunched as these, or more so, come about if evaluators miss independently of each other.

    Each evaluator's misses are shuffled over the pairs, which keeps its miss rate; what is compared is the variance of
    the number of misses a pair. (1 + as bunched) / (1 + permutations): exact under independence (Phipson & Smyth
    2010). Rows in which an evaluator was not asked (NaN) are passed over; 1.0 where nothing can vary.
    """
    asked = missed[~np.isnan(missed).any(axis=1)]
    if len(asked) < 2 or asked.shape[1] < 2:
        return 1.0
    rng = np.random.default_rng(seed)
    observed = asked.sum(axis=1).var()
    shuffled = (rng.permuted(asked, axis=0).sum(axis=1).var() for _ in range(permutations))
    bunched = sum(bool(variance >= observed - 1e-12) for variance in shuffled)
    return (1 + bunched) / (1 + permutations)
