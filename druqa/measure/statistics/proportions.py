"""A share with its exact interval, and what a run without a single miss does not prove."""

from __future__ import annotations

import math
from typing import Annotated, Self

from pydantic import Field

from druqa.records import Record


class Proportion(Record):
    """A share of counted things, with a two-sided interval that holds if they are independent of each other."""

    hits: int
    of: int
    low: float
    high: float
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95

    @property
    def value(self) -> float | None:
        """The share, 0 to 1; None where nothing was counted."""
        return self.hits / self.of if self.of else None

    @classmethod
    def counted(cls, hits: int, of: int, confidence: float = 0.95) -> Self:
        """The share with its exact interval (Clopper & Pearson 1934), which covers at least as often as it says.

        Where nothing was counted, everything from 0 to 1 is possible.

        Raises:
            ValueError: unless 0 <= hits <= of and 0 < confidence < 1.

        """
        from scipy.special import betaincinv  # noqa: PLC0415

        if not 0 <= hits <= of:
            raise ValueError(f"{hits} hits of {of}: a share is of as many as there are hits, or more")
        tail = (1 - confidence) / 2
        low = float(betaincinv(hits, of - hits + 1, tail)) if hits else 0.0
        high = float(betaincinv(hits + 1, of - hits, 1 - tail)) if hits < of else 1.0
        return cls(hits=hits, of=of, low=low, high=high, confidence=confidence)


def most_missed(pairs: int, confidence: float = 0.95) -> float:
    """The largest miss rate, 0 to 1, that `pairs` independent pairs without a miss leave possible. 1 for no pairs.

    The exact one-sided bound, 1 - (1 - confidence)^(1/n); about 3/n at 95 % (Hanley & Lippman-Hand 1983).

    Raises:
        ValueError: for a negative number of pairs, or unless 0 < confidence < 1.

    """
    if pairs < 0 or not 0 < confidence < 1:
        raise ValueError(f"no bound for {pairs} pairs at confidence {confidence}")
    return -math.expm1(math.log1p(-confidence) / pairs) if pairs else 1.0


def rule_of_three(pairs: int) -> str:
    """One sentence: what `pairs` pairs without a miss leave possible, in percent, rounded up."""
    if not pairs:
        return "No pair was measured, so nothing is known of how many are missed."
    percent = 100 * most_missed(pairs)
    digits = max(1, 1 - math.floor(math.log10(percent)))
    # Never down: a bound that is rounded down promises more than was measured.
    most = math.ceil(percent * 10**digits) / 10**digits
    return (
        f"No miss in {pairs} {'pairs' if pairs > 1 else 'pair'} does not mean none: "
        f"up to {most:.{digits}f} % of such pairs may be missed (95 % confidence, rule of three)."
    )


def pairs_needed(miss_rate: float, confidence: float = 0.95) -> int:
    """How many pairs without a miss show, at that confidence, that no more than `miss_rate` (0 to 1) are missed.

    The least n with (1 - miss_rate)^n <= 1 - confidence: `most_missed` turned round.

    Raises:
        ValueError: unless both are between 0 and 1, ends excluded.

    """
    if not (0 < miss_rate < 1 and 0 < confidence < 1):
        raise ValueError(f"no number of pairs shows a miss rate of {miss_rate} at confidence {confidence}")
    return math.ceil(math.log1p(-confidence) / math.log1p(-miss_rate))
