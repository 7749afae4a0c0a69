"""The votes on a case, boiled down to what a way of counting can turn on: quick enough to try thousands of ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from druqa.cascade import VoteRule
from druqa.measure.results import Result
from druqa.records import Severity, Stage, Verdict
from druqa.stages.vote import is_credible_yes


class Counting(NamedTuple):
    """One way of counting the votes: how many are needed, and whose."""

    vote: VoteRule
    auditors: tuple[str, ...]


class Ballot(NamedTuple):
    """Who said yes of one pair of drugs."""

    sure: bool
    """A table or the rival did: that flags, however the rest is counted."""
    auditors: frozenset[str]
    screen: tuple[tuple[str, int], ...]
    """Evaluator and the rank of the gravest severity that it gave."""


Ballots = tuple[Ballot, ...]
"""One for each pair of drugs that a case may mean."""


def ballots(result: Result, *, unclear_is_yes: bool) -> Ballots:
    """The ballots of a case."""
    rule = VoteRule(unclear_is_yes=unclear_is_yes)
    return tuple(_ballot([v for v in seen.verdicts if is_credible_yes(v, rule)]) for seen in result.seen)


def _ballot(yes: Sequence[Verdict]) -> Ballot:
    gravest: dict[str, int] = {}
    for verdict in (verdict for verdict in yes if verdict.stage is Stage.SCREEN and not verdict.is_evidence):
        gravest[verdict.evaluator] = min(verdict.graded.rank, gravest.get(verdict.evaluator, verdict.graded.rank))
    return Ballot(
        sure=any(verdict.is_evidence or verdict.stage is Stage.REVIEW for verdict in yes),
        auditors=frozenset(verdict.evaluator for verdict in yes if verdict.stage is Stage.SIGN_OFF),
        screen=tuple(gravest.items()),
    )


def flagged(cast: Ballots, counting: Counting) -> bool:
    """Whether a case is flagged by a counting; the quick twin of `recount.flagged`."""
    return any(_is_flagged(ballot, counting) for ballot in cast)


def _is_flagged(ballot: Ballot, counting: Counting) -> bool:
    if ballot.sure or not ballot.auditors.isdisjoint(counting.auditors):
        return True
    vote = counting.vote
    heard = [(rank, weight) for name, rank in ballot.screen if (weight := vote.weight(name))]
    return any(
        support >= vote.needed(severity)
        for severity in Severity
        if (support := sum(weight for rank, weight in heard if rank <= severity.rank))
    )
