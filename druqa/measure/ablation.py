"""What each stage and each evaluator earns: one run, counted again without it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

from druqa.cascade import Cascade, VoteRule
from druqa.measure.evaluation import EvaluatorScore, Point, Variant
from druqa.measure.recount import Keep, asked, flagged
from druqa.measure.results import Result, Seen
from druqa.measure.statistics.paired import Change, mcnemar
from druqa.measure.statistics.proportions import Proportion
from druqa.records import Outcome, Stage, Verdict
from druqa.stages.vote import is_credible_yes


def evaluator_names(results: Sequence[Result], cascade: Cascade) -> list[str]:
    """Every evaluator that spoke or could have: tables, prompts, auditors, rivals, in the order of the cascade."""
    auditors = cascade.sign_off.auditors if cascade.sign_off else ()
    known = [*(e.name for e in (*cascade.evaluators, *auditors)), *(rival.name for rival in cascade.rival)]
    spoke = {verdict.evaluator for result in results for seen in result.seen for verdict in seen.verdicts}
    tables = {evaluator.name for evaluator in cascade.evidence_evaluators}
    return [name for name in known if name in spoke | tables] + sorted(spoke - set(known))


def variants(interacting: Sequence[Result], quiet: Sequence[Result], cascade: Cascade) -> tuple[Variant, ...]:
    """The run as it was, and as it would have come out with less asked or a larger k."""
    rule = cascade.vote
    cases = [*interacting, *quiet]
    rows: list[tuple[str, str, VoteRule, Keep]] = [("as run", "", rule, _all)]
    if asked(cases):
        rows += _without_models(cascade)
    else:
        names = [evaluator.name for evaluator in cascade.evidence_evaluators]
        rows += [(f"{name} alone", "every other table", rule, _only({name})) for name in names if len(names) > 1]
    return tuple(
        Variant(
            name=name,
            without=without,
            recall=Proportion.counted(sum(flagged(r, changed, keep) for r in interacting), len(interacting)),
            specificity=Proportion.counted(sum(not flagged(r, changed, keep) for r in quiet), len(quiet))
            if quiet
            else None,
            questions=asked(cases, keep) / len(cases) if cases else 0.0,
        )
        for name, without, changed, keep in rows
    )


def _without_models(cascade: Cascade) -> list[tuple[str, str, VoteRule, Keep]]:
    rule, first = cascade.vote, cascade.prompt_evaluators[0].name
    rows: list[tuple[str, str, VoteRule, Keep]] = [
        ("one plain prompt", f"all but {first} on the generic names, in one order", rule, _plain(first)),
        ("one prompt, all names", f"all but {first}", rule, _only({first})),
        ("one name", "every name but the generic ones", rule, _generic_names),
        ("one order", "each name pair turned round", rule, lambda v, _: v.is_evidence or v.names[0] <= v.names[1]),
        ("without sign-off", "the auditors", rule, lambda v, _: v.stage is not Stage.SIGN_OFF),
        ("without rival", "the rival", rule, lambda v, _: v.stage is not Stage.REVIEW),
        ("screen alone", "auditors and rival", rule, _screen),
    ]
    if cascade.evidence_evaluators:
        rows += [
            ("without tables", "the reference tables", rule, lambda v, _: not v.is_evidence),
            ("tables alone", "every model", rule, lambda v, _: v.is_evidence),
        ]
    for k in range(1, len(cascade.evaluators) + 1):
        larger = rule.model_copy(update={"k": k, "weights": {}})
        rows.append((f"k = {k}, screen alone", "auditors and rival", larger, _screen))
    return rows


def _all(_verdict: Verdict, _seen: Seen) -> bool:
    return True


def _screen(verdict: Verdict, _seen: Seen) -> bool:
    return verdict.stage is Stage.SCREEN


def _only(names: set[str]) -> Keep:
    return lambda verdict, _: verdict.evaluator in names


def _generic_names(verdict: Verdict, seen: Seen) -> bool:
    return verdict.is_evidence or {name.casefold() for name in verdict.names} == set(seen.drugs)


def _plain(name: str) -> Keep:
    return lambda verdict, seen: verdict.evaluator == name and verdict.names == seen.drugs


def scores(
    interacting: Sequence[Result],
    quiet: Sequence[Result],
    cascade: Cascade,
    repeats: Mapping[str, tuple[int, int]],
) -> tuple[EvaluatorScore, ...]:
    """What each evaluator caught, alone and first of all, what it raised in vain, and what it cost."""
    tables = {evaluator.name for evaluator in cascade.evidence_evaluators}
    names = evaluator_names([*interacting, *quiet], cascade)
    return tuple(_score(name, name in tables, interacting, quiet, cascade.vote, repeats.get(name)) for name in names)


def _score(
    name: str,
    is_table: bool,  # noqa: FBT001
    interacting: Sequence[Result],
    quiet: Sequence[Result],
    rule: VoteRule,
    repeat: tuple[int, int] | None,
) -> EvaluatorScore:
    verdicts = [v for result in (*interacting, *quiet) for v in spoken(result, name)]
    prices = [verdict.usd for verdict in verdicts]
    others: Keep = lambda verdict, _: verdict.evaluator != name  # noqa: E731
    return EvaluatorScore(
        name=name,
        stage="table" if is_table else str(verdicts[0].stage) if verdicts else str(Stage.SCREEN),
        caught=_yes(interacting, name, rule, is_table=is_table),
        unique=sum(flagged(r, rule) and not flagged(r, rule, others) for r in interacting),
        alarms=_yes(quiet, name, rule, is_table=is_table) if quiet else None,
        unique_alarms=sum(flagged(r, rule) and not flagged(r, rule, others) for r in quiet),
        questions=0 if is_table else len(verdicts),
        invalid=sum(verdict.outcome in (Outcome.UNPARSED, Outcome.FAILED) for verdict in verdicts),
        usd=None if None in prices else round(sum(price for price in prices if price is not None), 8),
        order_flips=None if is_table else _order_flips(verdicts, rule),
        repeat_flips=Proportion.counted(*repeat) if repeat else None,
    )


def spoken(result: Result, name: str) -> list[Verdict]:
    """Every verdict of an evaluator on a case."""
    return [verdict for seen in result.seen for verdict in seen.verdicts if verdict.evaluator == name]


def said_yes(result: Result, name: str, rule: VoteRule) -> bool:
    """Whether an evaluator gave a credible yes, under any names."""
    return any(is_credible_yes(verdict, rule) for verdict in spoken(result, name))


def _yes(results: Sequence[Result], name: str, rule: VoteRule, *, is_table: bool) -> Proportion:
    due = [result for result in results if is_table or spoken(result, name)]
    return Proportion.counted(sum(said_yes(result, name, rule) for result in due), len(due))


def _order_flips(verdicts: Sequence[Verdict], rule: VoteRule) -> Proportion | None:
    """How often a name pair came out otherwise when it was asked the other way round."""
    said = {(v.question, v.names, v.model): is_credible_yes(v, rule) for v in verdicts}
    turned = {(names, model): yes for (_, names, model), yes in said.items()}
    both = [
        (yes, turned[(names[1], names[0]), model])
        for (names, model), yes in turned.items()
        if names[0] < names[1] and ((names[1], names[0]), model) in turned
    ]
    return Proportion.counted(sum(one is not other for one, other in both), len(both)) if both else None


def other_names(interacting: Sequence[Result], rule: VoteRule) -> Change | None:
    """Whether evaluators see less when a drug goes by another name: a sign test over pairs (exact, as McNemar's).

    A pair counts as newly missed if its evaluators say yes less often under other names than under the generic ones.
    """
    signs = [sign for result in interacting if (sign := _less_often(result, rule)) is not None]
    if not signs:
        return None
    missed, caught = sum(sign > 0 for sign in signs), sum(sign < 0 for sign in signs)
    p = mcnemar(caught, missed)
    return Change(
        stratum="asked by other names",
        pairs=len(signs),
        newly_caught=caught,
        newly_missed=missed,
        p=p,
        p_adjusted=p,
    )


def _less_often(result: Result, rule: VoteRule) -> int | None:
    """How many evaluators more say yes by generic names than by others; None if none was asked by both.

    One answer of each kind is taken, by hash: where nothing depends on names, either may then be the other, and the
    sign is as likely to fall either way. Means over more answers on one side would not be.
    """
    said: dict[tuple[str, bool], list[Verdict]] = defaultdict(list)
    for seen in result.seen:
        for verdict in (v for v in seen.verdicts if not v.is_evidence and v.stage is not Stage.REVIEW):
            said[verdict.evaluator, _generic_names(verdict, seen)].append(verdict)
    drawn = {place: is_credible_yes(min(verdicts, key=_lot), rule) for place, verdicts in said.items()}
    both = [name for name, generic in drawn if generic and (name, False) in drawn]
    return sum(drawn[name, True] - drawn[name, False] for name in both) if both else None


def _lot(verdict: Verdict) -> bytes:
    return hashlib.sha256(verdict.question.encode("utf-8", "replace")).digest()


def curve(interacting: Sequence[Result], cascade: Cascade) -> tuple[Point, ...]:
    """Recall against questions, each time with the evaluator that adds most catches for each question.

    The order is chosen on the pairs that it is shown on, so the first points are optimistic.
    """
    names = [n for n in evaluator_names(interacting, cascade) if any(spoken(r, n) for r in interacting)]
    if not interacting:
        return ()
    yes = {n: {i for i, r in enumerate(interacting) if said_yes(r, n, cascade.vote)} for n in names}
    cost = {n: sum(not v.is_evidence for r in interacting for v in spoken(r, n)) for n in names}
    points: list[Point] = []
    caught: set[int] = set()
    spent = 0
    while names:
        best = max(names, key=lambda n: (len(yes[n] - caught) / max(cost[n], 1e-9), -cost[n], -names.index(n)))
        names.remove(best)
        caught |= yes[best]
        spent += cost[best]
        points.append(Point(added=best, questions=spent / len(interacting), recall=len(caught) / len(interacting)))
    return tuple(points)
