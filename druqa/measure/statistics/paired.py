"""Two runs over the same cases: whether a difference is more than chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from druqa.records import Record


class Change(Record):
    """What a second run catches and misses that the first did not, on the same pairs."""

    stratum: str
    pairs: int
    newly_caught: int
    newly_missed: int
    p: float
    """`mcnemar`: how often chance alone would turn as many pairs as one-sidedly."""
    p_adjusted: float
    """`holm` over all strata that were looked at together."""


def mcnemar(newly_caught: int, newly_missed: int) -> float:
    """The exact two-sided p-value that a change is as likely for the better as for the worse.

    Only the pairs that changed count (McNemar 1947), by the binomial distribution with one half; 1 without any.

    Raises:
        ValueError: for a negative number.

    """
    from scipy.special import bdtr  # noqa: PLC0415

    if newly_caught < 0 or newly_missed < 0:
        raise ValueError(f"{newly_caught} newly caught, {newly_missed} newly missed: pairs are counted from 0")
    return min(1.0, 2 * float(bdtr(min(newly_caught, newly_missed), newly_caught + newly_missed, 0.5)))


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """The p-values adjusted for their number, in the order given (Holm 1979, step-down).

    Rejecting all that are at most alpha rejects a true hypothesis with a chance of at most alpha, however they depend.

    Raises:
        ValueError: unless each is from 0 to 1.

    """
    if not all(0 <= p <= 1 for p in p_values):
        raise ValueError(f"a p-value is from 0 to 1: {list(p_values)}")
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return tuple(adjusted)


def changes(parts: Mapping[str, Sequence[tuple[bool, bool]]]) -> tuple[Change, ...]:
    """How many cases of each part turned either way: exact McNemar, Holm over the parts.

    A part's cases are pairs of flags: whether the case was caught before, and after.
    """
    counts = [(flags.count((False, True)), flags.count((True, False))) for flags in map(list, parts.values())]
    p_values = [mcnemar(caught, missed) for caught, missed in counts]
    return tuple(
        Change(stratum=name, pairs=len(flags), newly_caught=caught, newly_missed=missed, p=p, p_adjusted=adjusted)
        for (name, flags), (caught, missed), p, adjusted in zip(
            parts.items(), counts, p_values, holm(p_values), strict=True
        )
    )
