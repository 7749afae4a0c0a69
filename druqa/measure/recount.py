"""Counts the votes of a run again, as if less had been asked or the rule were another. Asks nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from druqa.cascade import VoteRule
from druqa.measure.results import Result, Seen
from druqa.records import Verdict
from druqa.stages.vote import flags, is_credible_yes

Keep = Callable[[Verdict, Seen], bool]
"""Whether a verdict on a pair is counted."""


def flagged(result: Result, rule: VoteRule, keep: Keep = lambda _verdict, _seen: True) -> bool:
    """Whether the case comes out flagged by that rule on the verdicts kept."""
    return any(
        flags([v for v in seen.verdicts if is_credible_yes(v, rule) and keep(v, seen)], rule) for seen in result.seen
    )


def asked(results: Sequence[Result], keep: Keep = lambda _verdict, _seen: True) -> int:
    """How many questions to models the verdicts kept come from."""
    return sum(
        not verdict.is_evidence and keep(verdict, seen)
        for result in results
        for seen in result.seen
        for verdict in seen.verdicts
    )
