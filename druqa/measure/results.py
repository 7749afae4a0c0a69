"""What a run keeps of each case: the decision, every verdict behind it, and where a missed pair was lost."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from druqa.measure.cases import Case
from druqa.measure.gold import GENERIC
from druqa.records import NonEmpty, Outcome, Record, Severity, Tier, Verdict
from druqa.report import Cost, DecisionKind, Review

INVALID = frozenset((Outcome.UNPARSED, Outcome.FAILED))
"""Outcomes of questions to which no valid reply came."""


class LostAt(StrEnum):
    """The stage at which a pair was lost that did not come out flagged."""

    NAMES = "names"
    """One of the two drugs was not read out of what was written."""
    NOT_ASKED = "not_asked"
    """Questions that were due were not asked, for want of money or time, and nobody else saw it."""
    FAILED = "failed"
    """No valid reply came to some question, and nobody else saw it."""
    EVALUATE = "evaluate"
    """Nothing was said of the pair: no table lists it, and no model was asked."""
    VOTE = "vote"
    """Somebody said yes; not so many as the cascade's rule wants."""
    SIGN_OFF = "sign_off"
    """Every evaluator and every auditor said no, and so the pair was called none found."""


class Seen(Record):
    """What the flow came to on one pair of drugs that a case may mean."""

    drugs: tuple[str, str]
    decision: DecisionKind
    severity: Severity | None
    tier: Tier | None
    verdicts: tuple[Verdict, ...]
    planned: int
    review: Review | None


class Line(Record):
    """How one line of a case was read."""

    text: str
    recognised: bool
    drugs: tuple[str, ...]
    doubts: tuple[str, ...]


class Result(Record):
    """A case and what became of it."""

    case: Case
    decision: DecisionKind
    severity: Severity | None
    tier: Tier | None
    lost_at: LostAt | None
    """None for a flagged pair, and for a pair that does not interact."""
    seen: tuple[Seen, ...]
    lines: tuple[Line, ...]
    others_flagged: int
    """Flagged pairs of the case that the gold does not speak of: parts of a combination, look-alikes."""
    cost: Cost
    questions: int
    failed: int
    not_asked: int

    @property
    def flagged(self) -> bool:
        """Whether the pair came out flagged: all else counts as missed."""
        return self.decision is DecisionKind.FLAGGED

    @property
    def generic(self) -> bool:
        """Whether the case is written by its generic names."""
        return self.case.pair.form == GENERIC


class ListResult(Record):
    """What one whole medication list came to."""

    list_id: NonEmpty
    kind: str
    medications: int
    pairs: int
    flags: dict[str, int]
    """How many pairs are flagged, by `severity` and by `tier`."""
    not_checked: int


def lost_at(seen: Sequence[Seen]) -> LostAt:
    """The stage at which a pair that is not flagged was lost: the first that could still have saved it."""
    if not seen:
        return LostAt.NAMES
    said = {verdict.outcome for pair in seen for verdict in pair.verdicts}
    if said & {Outcome.INTERACTION, Outcome.UNCLEAR}:
        return LostAt.VOTE
    if any(pair.planned > len({v.question for v in pair.verdicts if not v.is_evidence}) for pair in seen):
        return LostAt.NOT_ASKED
    if said & INVALID:
        return LostAt.FAILED
    return LostAt.SIGN_OFF if Outcome.NO_INTERACTION in said else LostAt.EVALUATE
