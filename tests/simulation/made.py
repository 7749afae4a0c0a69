"""Results as a run over simulated evaluators leaves them, made without asking: thousands of worlds in minutes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product

from druqa.cascade import Cascade
from druqa.measure.cases import Case
from druqa.measure.circular import Standing
from druqa.measure.gold import GoldPair
from druqa.measure.results import Result, Seen, lost_at
from druqa.records import Outcome, Severity, Stage, Verdict
from druqa.report import Cost, DecisionKind
from druqa.stages.vote import vote
from tests.simulation.planted import Planted

Drugs = tuple[str, str]


def pairs_of(count: int, seed: int = 0) -> list[Drugs]:
    """So many pairs of made-up drugs, each drug in about four of them."""
    drugs = [f"drug{seed}x{number:03d}" for number in range(max(4, count // 2))]
    offsets = (1, 2)
    pairs = [(drugs[i], drugs[(i + step) % len(drugs)]) for step in offsets for i in range(len(drugs))]
    return (
        [(min(pair), max(pair)) for pair in pairs[:count]]
        if count <= len(pairs)
        else list(combinations(drugs, 2))[:count]
    )


def result(planted: Planted, rival: Planted | None, drugs: Drugs, cascade: Cascade, brands: bool = False) -> Result:
    """What a run leaves of one pair: the screen, the auditors and the rival on every name pair, in one order."""
    names = [(drug, f"{drug}-brand") if brands else (drug,) for drug in drugs]
    auditors = cascade.sign_off.auditors if cascade.sign_off else ()
    verdicts = [
        _verdict(planted, evaluator.name, stage, pair)
        for stage, evaluators in ((Stage.SCREEN, cascade.evaluators), (Stage.SIGN_OFF, auditors))
        for evaluator in evaluators
        for pair in product(*names)
    ]
    if rival is not None:
        verdicts += [_verdict(rival, prompt.name, Stage.REVIEW, drugs) for prompt in cascade.rival]
    interacts = frozenset(drugs) in planted.truth
    decision = vote(drugs, verdicts, len(verdicts), cascade.vote)
    seen = Seen.model_construct(
        drugs=drugs, decision=decision.kind, severity=decision.severity, tier=decision.tier, verdicts=tuple(verdicts),
        planned=len(verdicts), review=None,
    )  # fmt: skip
    severity = Severity(planted.truth[frozenset(drugs)]) if interacts else None
    gold = GoldPair.model_construct(
        drugs=drugs,
        interacts=interacts,
        severity=severity,
        sources=("made up",),
        groups=(),
        form="generic",
        written=drugs,
    )
    case = Case.model_construct(id=" + ".join(drugs), pair=gold, standing=Standing.INDEPENDENT)
    return Result.model_construct(
        case=case, decision=decision.kind, severity=decision.severity, tier=decision.tier,
        lost_at=lost_at([seen]) if interacts and decision.kind is not DecisionKind.FLAGGED else None, seen=(seen,),
        lines=(), others_flagged=0, cost=Cost(), questions=len(verdicts), failed=0, not_asked=0,
    )  # fmt: skip


def _verdict(planted: Planted, evaluator: str, stage: Stage, names: Drugs) -> Verdict:
    yes = planted.answers(evaluator, names, [name.removesuffix("-brand") for name in names])
    pair = frozenset(name.removesuffix("-brand") for name in names)
    return Verdict.model_construct(
        question=f"{stage} {evaluator} {names}", stage=stage, evaluator=evaluator,
        outcome=Outcome.INTERACTION if yes else Outcome.NO_INTERACTION, names=names,
        severity=Severity(planted.truth.get(pair, "moderate")) if yes else None, effect="", mechanism="", management="",
        depends="", reason="simulated", model="simulated/alpha", family="simulated", source="", usd=0.0,
    )  # fmt: skip


def results(
    planted: Planted, pairs: Sequence[Drugs], cascade: Cascade, rival: Planted | None = None, *, brands: bool = False
) -> list[Result]:
    """What a run leaves of these pairs."""
    return [result(planted, rival, drugs, cascade, brands) for drugs in pairs]
