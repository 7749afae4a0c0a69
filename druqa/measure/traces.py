"""The whole story of one case: how it was read, which names were tried, what everyone said, and where it was lost."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from druqa.errors import UsageError
from druqa.measure.results import LostAt, Result
from druqa.records import Outcome, Record, Verdict

LOST = {
    LostAt.NAMES: "names: a drug of the pair was not read out of what was written",
    LostAt.NOT_ASKED: "not asked: questions that were due were not asked, for want of money or time",
    LostAt.FAILED: "evaluate: to some question no valid reply came, and nobody else said yes",
    LostAt.EVALUATE: "evaluate: no table lists the pair, and no model was asked",
    LostAt.VOTE: "vote: somebody said yes, but not as many as the cascade's rule wants",
    LostAt.SIGN_OFF: "sign-off: every evaluator and every auditor said no",
}
_LOUD = (Outcome.INTERACTION, Outcome.UNCLEAR, Outcome.UNPARSED, Outcome.FAILED, Outcome.NO_INTERACTION)


class Said(Record):
    """What one evaluator said under some names, as often as it said so."""

    stage: str
    evaluator: str
    model: str
    outcome: Outcome
    severity: str
    names: tuple[str, ...]
    """The name pairs that it was asked about, in the order asked."""
    reason: str


class Trace(Record):
    """One case from what was written to what was decided."""

    case: str
    title: str
    truth: str
    decision: str
    lost_at: str
    """Empty for what was not lost."""
    read: tuple[str, ...]
    """How each line was read."""
    said: tuple[Said, ...]
    not_asked: int
    others_flagged: int = 0
    """Flagged pairs of the list that the gold does not speak of: parts of a combination, look-alikes."""
    review: str


def trace(result: Result) -> Trace:
    """The story of a case. Equal words of one evaluator under several names are told once."""
    pair = result.case.pair
    graded = f", {pair.severity}" if pair.severity else ""
    decided = f" {result.severity}, {result.tier}" if result.severity else ""
    return Trace(
        case=result.case.id,
        title=f"{' + '.join(pair.drugs)}, written {' + '.join(pair.written)} ({pair.form})",
        truth=f"{'interacts' if pair.interacts else 'does not interact'}{graded};"
        f" source: {'; '.join(pair.sources) or 'not stated'}; {result.case.standing}",
        decision=f"{result.decision}{decided}",
        lost_at=LOST[result.lost_at] if result.lost_at else "",
        read=tuple(
            f"{line.text!r} read as {', '.join(line.drugs) or 'nothing'}"
            + ("" if line.recognised else "; NOT RECOGNISED")
            + "".join(f"; {doubt}" for doubt in line.doubts)
            for line in result.lines
        ),
        said=_said(verdict for seen in result.seen for verdict in seen.verdicts),
        not_asked=sum(
            seen.planned - len({v.question for v in seen.verdicts if not v.is_evidence}) for seen in result.seen
        ),
        others_flagged=result.others_flagged,
        review="; ".join(
            f"{seen.review.view}: {' / '.join(seen.review.reasons)}" for seen in result.seen if seen.review
        ),
    )


def _said(verdicts: Iterable[Verdict]) -> tuple[Said, ...]:
    groups: dict[tuple[str, str, str, Outcome, str, str], list[str]] = {}
    for v in verdicts:
        place = (str(v.stage), v.evaluator, v.model or "table", v.outcome, str(v.severity or ""), v.reason)
        groups.setdefault(place, []).append(" + ".join(v.names))
    rows = [
        Said(stage=stage, evaluator=evaluator, model=model, outcome=outcome, severity=grade, names=tuple(n), reason=why)
        for (stage, evaluator, model, outcome, grade, why), n in groups.items()
    ]
    return tuple(sorted(rows, key=lambda row: _LOUD.index(row.outcome)))


def find(results: Sequence[Result], wanted: str) -> tuple[Result, ...]:
    """The cases that are meant: by id, or by two drugs as the gold or the list names them, with + or a comma between.

    Raises:
        UsageError: if there is none.

    """
    by_id = [result for result in results if result.case.id.startswith(wanted)] if len(wanted) >= 6 else []
    if by_id:
        return tuple(by_id)
    names = {part.strip().casefold() for part in re.split(r"[+,/]", wanted) if part.strip()}
    found = tuple(result for result in results if names and names <= _names(result))
    if not found:
        known = sorted({name for result in results for name in _names(result)})
        near = [close[0] for name in sorted(names) if (close := get_close_matches(name, known, n=1))]
        hint = f"near to it are: {', '.join(near)}; " if near and set(near) != names else ""
        raise UsageError(
            f"this run's gold has no pair {wanted!r}", mend=f"{hint}write two drugs with a + between, or a case's id"
        )
    return found


def _names(result: Result) -> set[str]:
    return {name.casefold() for name in (*result.case.pair.drugs, *result.case.pair.written)}
