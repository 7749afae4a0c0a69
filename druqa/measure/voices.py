"""What each evaluator earns: its catches, those that nobody else made, its false alarms, its price, and its whims."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from druqa.cascade import Cascade, VoteRule
from druqa.measure.ablation import generic_names
from druqa.measure.evaluation import EvaluatorScore
from druqa.measure.recount import Counted, Keep, flagged
from druqa.measure.results import INVALID
from druqa.measure.statistics.paired import Change, mcnemar
from druqa.measure.statistics.proportions import Proportion
from druqa.records import Stage, Verdict
from druqa.stages.vote import is_credible_yes


def evaluator_names(cases: Sequence[Counted], cascade: Cascade, tables: Sequence[str]) -> list[str]:
    """Every evaluator that spoke or was looked up: tables, prompts, auditors, rivals, in the order of the cascade."""
    auditors = cascade.sign_off.auditors if cascade.sign_off else ()
    known = [*(e.name for e in (*cascade.evaluators, *auditors)), *(rival.name for rival in cascade.rival)]
    spoke = {name for case in cases for name in case.by} | set(tables)
    return [name for name in known if name in spoke] + sorted(spoke - set(known))


def scores(
    interacting: Sequence[Counted],
    quiet: Sequence[Counted],
    cascade: Cascade,
    tables: Sequence[str],
    repeats: Mapping[str, tuple[int, int]],
) -> tuple[EvaluatorScore, ...]:
    """A row for each evaluator."""
    names = evaluator_names([*interacting, *quiet], cascade, tables)
    return tuple(
        _score(name, interacting, quiet, cascade.vote, table=name in tables, repeat=repeats.get(name)) for name in names
    )


def _score(
    name: str,
    interacting: Sequence[Counted],
    quiet: Sequence[Counted],
    rule: VoteRule,
    *,
    table: bool,
    repeat: tuple[int, int] | None,
) -> EvaluatorScore:
    verdicts = [verdict for case in (*interacting, *quiet) for verdict in case.by.get(name, ())]
    prices = [verdict.usd for verdict in verdicts]
    return EvaluatorScore(
        name=name,
        stage="table" if table else str(verdicts[0].stage) if verdicts else str(Stage.SCREEN),
        caught=_yes(interacting, name, table=table),
        unique=_unique(interacting, name, rule),
        alarms=_yes(quiet, name, table=table) if quiet else None,
        unique_alarms=_unique(quiet, name, rule),
        questions=0 if table else len(verdicts),
        invalid=sum(verdict.outcome in INVALID for verdict in verdicts),
        usd=None if None in prices else round(sum(price for price in prices if price is not None), 8),
        order_flips=None if table else _order_flips(verdicts, rule),
        repeat_flips=Proportion.counted(*repeat) if repeat else None,
    )


def _yes(cases: Sequence[Counted], name: str, *, table: bool) -> Proportion:
    due = [case for case in cases if table or name in case.by]
    return Proportion.counted(sum(name in case.yes_of for case in due), len(due))


def _unique(cases: Sequence[Counted], name: str, rule: VoteRule) -> int:
    others: Keep = lambda verdict, _: verdict.evaluator != name  # noqa: E731
    return sum(name in case.yes_of and flagged(case, rule) and not flagged(case, rule, others) for case in cases)


def _order_flips(verdicts: Sequence[Verdict], rule: VoteRule) -> Proportion | None:
    """How often a name pair came out otherwise when it was asked the other way round; valid replies alone."""
    said = {(v.names, v.model): is_credible_yes(v, rule) for v in verdicts if v.outcome not in INVALID}
    both = [
        (yes, said[(names[1], names[0]), model])
        for (names, model), yes in said.items()
        if names[0] < names[1] and ((names[1], names[0]), model) in said
    ]
    return Proportion.counted(sum(one is not other for one, other in both), len(both)) if both else None


def other_names(interacting: Sequence[Counted], rule: VoteRule) -> Change | None:
    """Whether evaluators see less when a drug goes by another name: a sign test over pairs (exact, as McNemar's).

    A pair counts as newly missed if fewer of its evaluators say yes by another name than by the generic ones.
    """
    signs = [sign for case in interacting if (sign := _less_often(case, rule)) is not None]
    if not signs:
        return None
    missed, caught = sum(sign > 0 for sign in signs), sum(sign < 0 for sign in signs)
    p = mcnemar(caught, missed)
    return Change(
        stratum="asked by other names", pairs=len(signs), newly_caught=caught, newly_missed=missed, p=p, p_adjusted=p
    )


def _less_often(case: Counted, rule: VoteRule) -> int | None:
    """How many evaluators more say yes by generic names than by others; None if none was asked by both.

    One answer of each kind is taken, by hash: where nothing depends on names, either may then be the other, and the
    sign is as likely to fall either way. Means over more answers on one side would not be.
    """
    said: dict[tuple[str, bool], list[Verdict]] = defaultdict(list)
    for verdict, generic in _by_name(case):
        said[verdict.evaluator, generic].append(verdict)
    drawn = {place: is_credible_yes(min(verdicts, key=_lot), rule) for place, verdicts in said.items()}
    both = [name for name, generic in drawn if generic and (name, False) in drawn]
    return sum(drawn[name, True] - drawn[name, False] for name in both) if both else None


def _by_name(case: Counted) -> Iterator[tuple[Verdict, bool]]:
    for seen in case.result.seen:
        for verdict in seen.verdicts:
            if not verdict.is_evidence and verdict.stage is not Stage.REVIEW:
                yield verdict, generic_names(verdict, seen)


def _lot(verdict: Verdict) -> bytes:
    return hashlib.sha256(verdict.question.encode("utf-8", "replace")).digest()
