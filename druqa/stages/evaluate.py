"""Asks every question about a pair: reference tables at once, models through the asker. One Verdict per answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from druqa.cascade import Evaluator
from druqa.knowledge.evidence import Hit, LookUp
from druqa.models.asker import Asker, Heard, Status, together
from druqa.models.replies import VerdictReply
from druqa.records import DrugPair, Outcome, Question, Stage, Verdict

_OUTCOMES = {Status.UNPARSED: Outcome.UNPARSED, Status.FAILED: Outcome.FAILED}


def look_up(pair: DrugPair, tables: Iterable[tuple[str, LookUp]]) -> tuple[Verdict, ...]:
    """What the reference tables say of a pair. A table that lists nothing abstains: it gives no verdict."""
    return tuple(_from_evidence(pair, evaluator, hit) for evaluator, find in tables for hit in find(*pair.ids))


def _from_evidence(pair: DrugPair, evaluator: str, hit: Hit) -> Verdict:
    return Verdict(
        question=f"{evaluator}:{pair.first.id}:{pair.second.id}",
        stage=Stage.SCREEN,
        evaluator=evaluator,
        outcome=Outcome.INTERACTION,
        names=(pair.first.name, pair.second.name),
        severity=hit.severity,
        effect=hit.effect,
        mechanism=hit.mechanism,
        management=hit.management,
        depends=hit.depends,
        reason=hit.chain,
        source=hit.source,
    )


async def evaluate(
    questions: Sequence[Question], evaluators: Mapping[str, Evaluator], asker: Asker
) -> tuple[Verdict, ...]:
    """Ask all questions and return a verdict for each that was asked, in the order of the questions."""
    verdicts = await together(_ask(question, evaluators[question.evaluator], asker) for question in questions)
    return tuple(verdict for verdict in verdicts if verdict is not None)


async def _ask(question: Question, evaluator: Evaluator, asker: Asker) -> Verdict | None:
    if evaluator.prompt is None:
        raise ValueError(f"{evaluator.name} reads tables: it has no prompt for the question {question.id}")
    first, second = question.names
    prompt = evaluator.prompt.fill(question_id=question.id, first=first, second=second)
    echo = {"question_id": question.id, "drug_1": first, "drug_2": second}
    heard = await asker.ask(question.model, question.role, prompt, VerdictReply, echo)
    return _verdict(question, heard)


def _verdict(question: Question, heard: Heard[VerdictReply]) -> Verdict | None:
    """The verdict of a reply; None if the question was never asked."""
    if heard.status is Status.NOT_ASKED:
        return None
    reply = heard.reply
    if reply is None:
        outcome, reason = _OUTCOMES[heard.status], heard.problem
    elif reply.contradiction:
        outcome, reason = Outcome.UNCLEAR, f"{reply.contradiction}: {reply.reason}"
    else:
        # What the first reply said beside its no is told, though the second has taken it back.
        again = f" [asked again: {heard.problem}]" if heard.problem else ""
        outcome, reason = Outcome(reply.outcome), reply.reason + again
    return Verdict(
        question=question.id,
        stage=question.stage,
        evaluator=question.evaluator,
        outcome=outcome,
        names=question.names,
        severity=reply.grade if reply else None,
        mechanism=reply.mechanism if reply else "",
        reason=reason,
        model=heard.model,
        family=heard.family,
        usd=heard.usd,
    )
