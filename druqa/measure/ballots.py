"""The votes on a case, boiled down to what a way of counting can turn on: quick enough to try thousands of ways."""

from __future__ import annotations

from typing import NamedTuple

from druqa.cascade import VoteRule
from druqa.measure.recount import Counted, Heard
from druqa.records import Stage
from druqa.stages.vote import gravest, supports


class Counting(NamedTuple):
    """One way of counting the votes: how many are needed, and whose."""

    vote: VoteRule
    auditors: tuple[str, ...]


class Ballot(NamedTuple):
    """Who said yes of one pair of drugs."""

    table: bool
    """A table did: that flags, however the rest is counted."""
    rival: bool
    """The rival did, of a pair that stood unflagged before it. What it said of a flag tells nothing of the negative."""
    auditors: frozenset[str]
    screen: tuple[tuple[str, int], ...]
    """Evaluator and the rank of the gravest severity that it gave."""


Ballots = tuple[Ballot, ...]
"""One for each pair of drugs that a case may mean."""


def ballots(case: Counted) -> Ballots:
    """The ballots of a case."""
    return tuple(_ballot(heard) for heard in case.heard)


def _ballot(heard: Heard) -> Ballot:
    screen = [verdict for verdict in heard.yes if verdict.stage is Stage.SCREEN and not verdict.is_evidence]
    return Ballot(
        table=any(verdict.is_evidence for verdict in heard.yes),
        rival=not heard.stood and any(verdict.stage is Stage.REVIEW for verdict in heard.yes),
        auditors=frozenset(verdict.evaluator for verdict in heard.yes if verdict.stage is Stage.SIGN_OFF),
        screen=tuple(gravest(screen).items()),
    )


def flagged(cast: Ballots, counting: Counting) -> bool:
    """Whether a case is flagged by a counting; what `recount.flagged` says, without its verdicts."""
    return any(_is_flagged(ballot, counting) for ballot in cast)


def _is_flagged(ballot: Ballot, counting: Counting) -> bool:
    if ballot.table or ballot.rival or not ballot.auditors.isdisjoint(counting.auditors):
        return True
    return supports(ballot.screen, counting.vote)
