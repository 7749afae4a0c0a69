"""Counts the votes of a run again, as if less had been asked or the rule were another. Asks nothing.

What a rival says depends on what it is shown. Where a recount changes whether a pair stood flagged before the rival,
the rival's word on it is not known, and is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from druqa.cascade import VoteRule
from druqa.measure.results import Result, Seen
from druqa.records import Stage, Verdict
from druqa.stages.vote import flags, is_credible_yes

Keep = Callable[[Verdict, Seen], bool]
"""Whether a verdict on a pair is counted."""


@dataclass(frozen=True)
class Heard:
    """The credible yes on one pair of drugs, and whether they flagged it before the rival was asked."""

    seen: Seen
    yes: tuple[Verdict, ...]
    stood: bool


@dataclass(frozen=True)
class Counted:
    """A result with its verdicts sorted out once, so that it can be counted many times."""

    result: Result
    heard: tuple[Heard, ...]
    by: Mapping[str, Sequence[Verdict]]
    """Every verdict, by evaluator."""
    yes_of: frozenset[str]
    """The evaluators that gave a credible yes, under any names."""


def count(results: Iterable[Result], rule: VoteRule) -> list[Counted]:
    """Sort out the verdicts of results that were run under a rule."""
    return [_counted(result, rule) for result in results]


def _counted(result: Result, rule: VoteRule) -> Counted:
    by: dict[str, list[Verdict]] = {}
    for verdict in (verdict for seen in result.seen for verdict in seen.verdicts if _is_of_the_pair(verdict)):
        by.setdefault(verdict.evaluator, []).append(verdict)
    heard = tuple(_heard(seen, rule) for seen in result.seen)
    return Counted(result, heard, by, frozenset(verdict.evaluator for one in heard for verdict in one.yes))


def _heard(seen: Seen, rule: VoteRule) -> Heard:
    yes = tuple(verdict for verdict in seen.verdicts if is_credible_yes(verdict, rule))
    return Heard(seen, yes, flags([verdict for verdict in yes if verdict.stage is not Stage.REVIEW], rule))


def flagged(counted: Counted, rule: VoteRule, keep: Keep = lambda _verdict, _seen: True) -> bool:
    """Whether the case comes out flagged by that rule on the verdicts kept."""
    return any(_is_flagged(heard, rule, keep) for heard in counted.heard)


def _is_flagged(heard: Heard, rule: VoteRule, keep: Keep) -> bool:
    kept = [verdict for verdict in heard.yes if keep(verdict, heard.seen)]
    if flags([verdict for verdict in kept if verdict.stage is not Stage.REVIEW], rule):
        return True
    return not heard.stood and any(verdict.stage is Stage.REVIEW for verdict in kept)


def asked(counted: Iterable[Counted], keep: Keep = lambda _verdict, _seen: True) -> int:
    """How many questions to models the verdicts kept come from."""
    return sum(
        not verdict.is_evidence and _is_of_the_pair(verdict) and keep(verdict, seen)
        for one in counted
        for seen in one.result.seen
        for verdict in seen.verdicts
    )


def _is_of_the_pair(verdict: Verdict) -> bool:
    """Whether it was asked about the pair, and not about a drug's names: such a one stands with every pair of it."""
    return verdict.stage is not Stage.NAMES
