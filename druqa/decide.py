"""One pair of drugs through the flow: evaluate, vote, sign-off, answer, rival. Nothing later removes a flag."""

from __future__ import annotations

from collections.abc import Sequence

from druqa.models.asker import Asker
from druqa.records import DrugPair, Stage, Verdict
from druqa.report import Answer, Decision, DecisionKind, PairReport, Review
from druqa.setup import Setup
from druqa.stages.answer import compose, write
from druqa.stages.evaluate import evaluate, look_up
from druqa.stages.pairs import ListedPair, questions
from druqa.stages.rival import review
from druqa.stages.vote import is_settled, vote


async def decide(
    listed: ListedPair, lost: Sequence[Verdict | None], setup: Setup, asker: Asker, *, beyond: str = ""
) -> PairReport:
    """One pair through evaluate, vote, sign-off, answer and rival.

    Args:
        listed: the pair, with the names it is asked about under.
        lost: the questions for names of its drugs that brought none; None for one that was not even asked.
        setup: the cascade with its models and tables.
        asker: asks the models.
        beyond: why no model is asked, where the budget does not reach this pair.

    """
    cascade, pair, affordable = setup.cascade, listed.pair, not beyond
    known = (*look_up(pair, setup.tables), *(verdict for verdict in lost if verdict))
    decision = vote(pair.ids, known, len(lost), cascade.vote, guessed=listed.guessed)
    for stage in (Stage.SCREEN, Stage.SIGN_OFF):
        # Auditors are asked about flagged pairs too: were they not, a further evaluator with a mild yes would keep a
        # graver one of theirs unsaid. Only a decision that no verdict can change is left as it is.
        if cascade.prompt_evaluators and (setup.exhaustive or not is_settled(decision)):
            decision = await _ask(stage, listed, decision, setup, asker, affordable=affordable)
    answer, opinion = await _answer(listed, decision, setup, asker, affordable=affordable), None
    if affordable and setup.models("rival") and not pair.unasked:
        decision, opinion = await _review(listed, decision, answer, setup, asker)
    return PairReport(
        drugs=(pair.first.name, pair.second.name),
        medications=listed.medications,
        decision=decision.kind,
        severity=decision.severity,
        tier=decision.tier,
        reasons=_reasons(pair, decision, asker.exchange.ended or beyond),
        verdicts=decision.verdicts,
        planned=decision.planned,
        answer=_kept_true(answer, listed, decision),
        review=opinion,
    )


def _reasons(pair: DrugPair, decision: Decision, cut: str) -> tuple[str, ...]:
    """The vote's reasons; for a pair that the end of the run or of its money left open, or that is none, that too."""
    asked_about = any(verdict.stage is not Stage.NAMES for verdict in decision.verdicts)
    if pair.unasked and decision.kind is DecisionKind.NOT_CHECKED and not asked_about:
        return (*pair.unasked, "no model was asked about this pair")
    asked = {verdict.question for verdict in decision.verdicts if not verdict.is_evidence}
    open_ = decision.kind is DecisionKind.NOT_CHECKED and decision.planned > len(asked)
    return (*decision.reasons, cut) if cut and open_ else decision.reasons


async def _ask(
    stage: Stage, listed: ListedPair, so_far: Decision, setup: Setup, asker: Asker, *, affordable: bool
) -> Decision:
    """Put a stage's questions about a pair to the models, and vote again on everything said so far."""
    cascade = setup.cascade
    evaluators = cascade.prompt_evaluators if stage is Stage.SCREEN else setup.auditors
    due = questions(listed, evaluators, setup.binding.roles, cascade.orders, stage)
    if affordable:
        verdicts = await evaluate(due, {e.name: e for e in evaluators}, asker)
    else:
        verdicts = ()
        asker.tally.skip(len(due))
    return vote(
        so_far.pair, (*so_far.verdicts, *verdicts), so_far.planned + len(due), cascade.vote, guessed=listed.guessed
    )


async def _answer(listed: ListedPair, decision: Decision, setup: Setup, asker: Asker, *, affordable: bool) -> Answer:
    """The answer as the vote stands: for a pair without a flag the bare negative, for the rival to look at."""
    prompt, models = setup.cascade.answer, setup.models("answerer")
    if decision.kind is DecisionKind.FLAGGED and prompt and models and affordable:
        return await write(listed.pair, decision, prompt, models[0], asker)
    return compose(listed.pair, decision)


async def _review(
    listed: ListedPair, decision: Decision, answer: Answer, setup: Setup, asker: Asker
) -> tuple[Decision, Review]:
    """Have the rival re-vet the answer; its verdicts join the vote, so that it can add and not erase."""
    context = [setup.evidence.describe(role) for id_ in listed.pair.ids for role in setup.evidence.roles_of(id_)]
    reviewed = await review(listed.pair, answer, setup.cascade.rival, setup.models("rival"), context, asker)
    verdicts = (*decision.verdicts, *reviewed.verdicts)
    planned = decision.planned + reviewed.planned
    return vote(decision.pair, verdicts, planned, setup.cascade.vote, guessed=listed.guessed), reviewed.review


def _kept_true(answer: Answer, listed: ListedPair, decision: Decision) -> Answer | None:
    """The answer, if it still says what the vote now holds; else one that does."""
    if decision.kind is DecisionKind.NOT_CHECKED:
        return None
    return answer if answer.severity == decision.severity else compose(listed.pair, decision)
