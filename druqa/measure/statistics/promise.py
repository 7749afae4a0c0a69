"""Which configurations may be promised to miss no more than so many: Learn then Test.

Angelopoulos, Bates, Candes, Jordan & Lei (2021; Annals of Applied Statistics 2025), with fixed-sequence testing. The
promise is of new pairs drawn as the measured ones were, and takes these to be independent: pairs that share drugs hold
less than their number says (see `clusters`).
"""

from __future__ import annotations

from collections.abc import Sequence


def p_value(missed: int, pairs: int, miss_rate: float) -> float:
    """How often so few of `pairs` are missed, or fewer, where `miss_rate` (0 to 1) is what is truly missed.

    The exact binomial tail: if the true rate is `miss_rate` or worse, it is at most u with a chance of at most u.

    Raises:
        ValueError: unless 0 <= missed <= pairs and 0 <= miss_rate <= 1.

    """
    from scipy.special import bdtr  # noqa: PLC0415

    if not (0 <= missed <= pairs and 0 <= miss_rate <= 1):
        raise ValueError(f"{missed} missed of {pairs} cannot be held against a miss rate of {miss_rate}")
    return float(bdtr(missed, pairs, miss_rate))


def kept(counts: Sequence[tuple[int, int]], *, miss_rate: float, confidence: float) -> int:
    """How many configurations, from the first on, keep the promise to miss at most `miss_rate`.

    Each is tested at the full level, up to the first that fails. With a chance of at least `confidence` every one
    that is kept keeps the promise.

    Args:
        counts: how many pairs each configuration missed, of how many, from the safest to the boldest; the order must
            have been fixed without these pairs.
        miss_rate: the most that may be missed, 0 to 1.
        confidence: how surely, 0 to 1.

    Raises:
        ValueError: unless 0 < confidence < 1, and as `p_value` does.

    """
    if not 0 < confidence < 1:
        raise ValueError(f"no promise holds with confidence {confidence}")
    for index, (missed, pairs) in enumerate(counts):
        if p_value(missed, pairs, miss_rate) > 1 - confidence:
            return index
    return len(counts)
