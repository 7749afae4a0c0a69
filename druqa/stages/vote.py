"""Counts the verdicts on a pair. Pure, and recall-first: a no never outvotes a yes, and a silence is never a no.

Everything is a maximum or an `any` over the verdicts, so a further verdict can only raise a flag, never lower it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from druqa.cascade import VoteRule
from druqa.records import Outcome, Severity, Stage, Tier, Verdict, voices
from druqa.report import Decision, DecisionKind

_GUESSED = "one of the drugs is a guess at a name that was not recognised"


def vote(
    pair: tuple[str, str], verdicts: Sequence[Verdict], planned: int, rule: VoteRule, *, guessed: bool = False
) -> Decision:
    """The decision on a pair.

    Args:
        pair: the drug ids.
        verdicts: all verdicts so far, over all stages.
        planned: how many questions to models were due so far; one without a verdict was not asked.
        rule: how many evaluators must say yes.
        guessed: whether one of the drugs is only what an unrecognised name may mean; such a flag is no more than
            possible, however sure the verdicts are about the drug.

    """
    yes = [verdict for verdict in verdicts if is_credible_yes(verdict, rule)]
    if flags(yes, rule):
        return Decision(
            pair=pair,
            kind=DecisionKind.FLAGGED,
            severity=Severity.worst(verdict.graded for verdict in yes),
            tier=Tier.POSSIBLE if guessed else _tier(yes),
            reasons=(*([_GUESSED] if guessed else []), *(_because(voice) for voice in voices(yes))),
            verdicts=tuple(verdicts),
            planned=planned,
        )
    kind = DecisionKind.NONE_FOUND if _all_said_no(verdicts, planned) else DecisionKind.NOT_CHECKED
    reasons = _why_none_found(verdicts) if kind is DecisionKind.NONE_FOUND else _why_not_checked(verdicts, planned, yes)
    return Decision(pair=pair, kind=kind, reasons=reasons, verdicts=tuple(verdicts), planned=planned)


def is_credible_yes(verdict: Verdict, rule: VoteRule) -> bool:
    """Whether a verdict speaks for an interaction."""
    return verdict.outcome is Outcome.INTERACTION or (verdict.outcome is Outcome.UNCLEAR and rule.unclear_is_yes)


def is_settled(decision: Decision) -> bool:
    """Whether no further verdict can change the decision: as bad as it gets, and as well supported."""
    return decision.severity is Severity.CONTRAINDICATED and decision.tier is Tier.CONFIRMED


def flags(yes: Sequence[Verdict], rule: VoteRule) -> bool:
    """A table's listing flags by itself, and so does one dissent at sign-off or review; the screen by the rule."""
    if any(verdict.is_evidence or verdict.stage is not Stage.SCREEN for verdict in yes):
        return True
    return bool(yes) and supports(gravest(yes).items(), rule)


def gravest(yes: Iterable[Verdict]) -> dict[str, int]:
    """Each evaluator that said yes, with the rank of the gravest severity that it gave."""
    ranks: dict[str, int] = {}
    for verdict in yes:
        ranks[verdict.evaluator] = min(verdict.graded.rank, ranks.get(verdict.evaluator, verdict.graded.rank))
    return ranks


def supports(ranks: Collection[tuple[str, int]], rule: VoteRule) -> bool:
    """Whether so many evaluators grade a pair at least so grave as the rule wants for some severity."""
    return any(
        support >= rule.needed(severity)
        for severity in Severity
        if (support := support_of(rule.weight(name) for name, rank in ranks if rank <= severity.rank))
    )


def support_of(weights: Iterable[float]) -> float:
    """The sum of weights, whatever their order: ten tenths are one."""
    return round(math.fsum(weights), 9)


def _tier(yes: Sequence[Verdict]) -> Tier:
    """How well the flag is supported; an `unclear`, an auditor or a rival alone makes it no more than possible."""
    if any(verdict.is_evidence for verdict in yes):
        return Tier.CONFIRMED
    sure = [v for v in yes if v.outcome is Outcome.INTERACTION and v.stage is Stage.SCREEN]
    if len({verdict.evaluator for verdict in sure}) < 2:
        return Tier.POSSIBLE
    return Tier.CONFIRMED if len({verdict.family for verdict in sure}) >= 2 else Tier.PROBABLE


def _all_said_no(verdicts: Sequence[Verdict], planned: int) -> bool:
    stages = {verdict.stage for verdict in verdicts}
    return (
        {Stage.SCREEN, Stage.SIGN_OFF} <= stages
        and all(verdict.outcome is Outcome.NO_INTERACTION for verdict in verdicts)
        and len({verdict.question for verdict in verdicts}) == planned
    )


def _because(verdict: Verdict) -> str:
    said = "cannot exclude it" if verdict.outcome is Outcome.UNCLEAR else str(verdict.severity)
    by = f"{verdict.evaluator}, {verdict.model}" if verdict.model else verdict.evaluator
    return f"{' + '.join(verdict.names)} [{by}] {said}: {verdict.reason}"


def _why_none_found(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    audits = sum(verdict.stage is Stage.SIGN_OFF for verdict in verdicts)
    screened = sum(verdict.stage is Stage.SCREEN for verdict in verdicts)
    return (f"all {screened} questions answered no, and all {audits} questions to auditors agreed",)


def _why_not_checked(verdicts: Sequence[Verdict], planned: int, yes: Sequence[Verdict]) -> tuple[str, ...]:
    if not planned:
        return ("no reference table lists this pair, and no model was asked: absence from a table is not a no",)
    reasons = []
    if yes:
        names = sorted({verdict.evaluator for verdict in yes})
        reasons.append(f"a yes from {', '.join(names)} is below the cascade's vote rule, and is not a no")
    if unsure := sum(v.outcome is Outcome.UNCLEAR and v not in yes for v in verdicts):
        reasons.append(f"{unsure} of {planned} questions: the model could not tell")
    lost = Counter((v.outcome, v.reason) for v in verdicts if v.outcome in (Outcome.UNPARSED, Outcome.FAILED))
    for (outcome, reason), count in sorted(lost.items(), key=lambda item: (-item[1], item[0])):
        what = "no reply" if outcome is Outcome.FAILED else "a reply that is no answer"
        reasons.append(f"{count} of {planned} questions: {what} ({reason})")
    if missing := planned - len({verdict.question for verdict in verdicts}):
        reasons.append(f"{missing} of {planned} questions were not asked")
    return tuple(reasons) or ("the auditors of the negative result have not been asked",)
