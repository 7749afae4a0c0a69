"""How the figures of an evaluation are written: shares, intervals, changes, and titled tables."""

from __future__ import annotations

from typing import NamedTuple

from druqa.measure.evaluation import Part
from druqa.measure.statistics.capture import StillMissed
from druqa.measure.statistics.paired import Change
from druqa.measure.statistics.proportions import Proportion


class Section(NamedTuple):
    """One table and what must be known to read it."""

    title: str
    words: tuple[str, ...]
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def percent(share: float | None) -> str:
    """A share in percent with one decimal; a dash where there is none. Nothing is rounded to all or to none."""
    if share is None:
        return "-"
    if 0 < share < 0.0005:
        return "< 0.1 %"
    return "> 99.9 %" if 0.9995 <= share < 1 else f"{100 * share:.1f} %"


def counted(proportion: Proportion | None) -> str:
    """A proportion with its counts."""
    if proportion is None or not proportion.of:
        return "-"
    return f"{percent(proportion.value)} ({proportion.hits:,} of {proportion.of:,})"


def brief(proportion: Proportion | None) -> str:
    """A proportion in a narrow column."""
    return f"{percent(proportion.value)} of {proportion.of:,}" if proportion and proportion.of else "-"


def interval(proportion: Proportion) -> str:
    """The exact interval of a proportion."""
    return span(proportion.low, proportion.high) if proportion.of else "-"


def span(low: float, high: float) -> str:
    """Two shares as a range in percent, with one sign for both."""
    return f"{percent(low).removesuffix(' %')} to {percent(high)}"


def clustered(part: Part) -> str:
    """The interval that allows for shared drugs, in words."""
    spread = part.clustered
    if spread is None:
        return ""
    if spread.design_effect is None:
        return f"Pairs share {spread.drugs} drugs; with all or none missed, what that costs cannot be estimated."
    return (
        f"Allowing for pairs that share one of {spread.drugs} drugs: {percent(spread.low)} to {percent(spread.high)}"
        f" (bootstrap by drug; design effect {spread.design_effect:.1f}, worth {spread.effective_pairs:.0f} pairs)."
    )


def change_row(change: Change) -> tuple[str, ...]:
    """A change as a row: where, of how many pairs, how many for the better and for the worse, and how surely."""
    counts = (f"{n:,}" for n in (change.pairs, change.newly_caught, change.newly_missed))
    return (change.stratum, *counts, f"{change.p:.3g}", f"{change.p_adjusted:.3g}")


def still_missed(estimate: StillMissed) -> str:
    """An estimate in words."""
    high = "no upper bound" if estimate.high is None else f"{estimate.high:,.0f}"
    return (
        f"{estimate.estimate:,.1f} beside the {estimate.caught:,} caught, 95 % interval {estimate.low:,.0f} to {high}."
    )
