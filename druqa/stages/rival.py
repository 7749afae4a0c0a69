"""A model of another family re-vets an answer, without and with added context. It adds or disputes, never erases."""

from __future__ import annotations

from collections.abc import Sequence

from druqa.cascade import RivalPrompt
from druqa.models.asker import Asker, Heard, Status, together
from druqa.models.harm import harm_in
from druqa.models.replies import ReviewReply
from druqa.records import DrugPair, Outcome, Record, Severity, Stage, Verdict, question_id
from druqa.report import Answer, Review, View

_LOST = {Status.UNPARSED: Outcome.UNPARSED, Status.FAILED: Outcome.FAILED}
_PRECEDENCE = (View.ESCALATES, View.ADDS, View.DISPUTES, View.CONFIRMS, View.SILENT)


class Reviewed(Record):
    """The rival's verdicts, which are counted with all the others, and its view for the reader."""

    planned: int
    verdicts: tuple[Verdict, ...]
    review: Review


async def review(
    pair: DrugPair,
    answer: Answer,
    prompts: Sequence[RivalPrompt],
    models: Sequence[str],
    context: Sequence[str],
    asker: Asker,
) -> Reviewed:
    """Ask every rival prompt of every rival model about one answer.

    The context is what the tables know of each drug by itself. It holds nothing of the list or of the vote, so that a
    further drug on the list cannot change what the rival says of this pair.

    """
    calls = [(prompt, model) for prompt in prompts for model in models]
    heard = await together(_ask(pair, answer, prompt, model, context, asker) for prompt, model in calls)
    verdicts = [
        _verdict(pair, answer, prompt, model, reply) for (prompt, model), reply in zip(calls, heard, strict=True)
    ]
    return Reviewed(
        planned=len(calls),
        verdicts=tuple(verdict for verdict in verdicts if verdict is not None),
        review=_view(answer, [(prompt, reply) for (prompt, _), reply in zip(calls, heard, strict=True)], models),
    )


async def _ask(
    pair: DrugPair, answer: Answer, prompt: RivalPrompt, model: str, context: Sequence[str], asker: Asker
) -> Heard[ReviewReply]:
    id_ = _id(pair, prompt, model)
    added = {"context": list(context)} if prompt.with_context else {}
    filled = prompt.prompt.fill(
        question_id=id_, first=pair.first.name, second=pair.second.name, answer=answer.text, **added
    )
    echo = {"question_id": id_, "drug_1": pair.first.name, "drug_2": pair.second.name}
    return await asker.ask(model, prompt.role, filled, ReviewReply, echo)


def _id(pair: DrugPair, prompt: RivalPrompt, model: str) -> str:
    return question_id(Stage.REVIEW, prompt.name, model, *pair.ids)


def _verdict(
    pair: DrugPair, answer: Answer, prompt: RivalPrompt, model: str, heard: Heard[ReviewReply]
) -> Verdict | None:
    """What the rival says of the pair itself. To dispute a flag is a no, to dispute a negative is a yes."""
    if heard.status is Status.NOT_ASKED:
        return None
    negative, reply = answer.severity is None, heard.reply
    if reply is None:
        outcome = _LOST[heard.status]
    elif _meant(reply, answer) is (View.CONFIRMS if negative else View.DISPUTES):
        outcome = Outcome.NO_INTERACTION
    else:
        outcome = Outcome.INTERACTION
    return Verdict(
        question=_id(pair, prompt, model),
        stage=Stage.REVIEW,
        evaluator=prompt.name,
        outcome=outcome,
        names=(pair.first.name, pair.second.name),
        severity=reply.grade if reply and outcome is Outcome.INTERACTION else None,
        reason=_reason(heard, answer),
        model=model,
        family=heard.family,
        usd=heard.usd,
    )


def _meant(reply: ReviewReply, answer: Answer) -> View:
    """The reply's view; one that confirms a negative, and in the same breath grades it or names a harm, disputes it."""
    if answer.severity is None and reply.as_view is View.CONFIRMS and _harm(reply):
        return View.DISPUTES
    return reply.as_view


def _harm(reply: ReviewReply) -> str:
    return f"grades it {reply.grade}" if reply.grade is not Severity.UNKNOWN else harm_in(reply.reason)


def _reason(heard: Heard[ReviewReply], answer: Answer) -> str:
    if heard.reply is None:
        return heard.problem
    if _meant(heard.reply, answer) is heard.reply.as_view:
        return heard.reply.reason
    return f"it confirms that nothing was found, and says {_harm(heard.reply)!r}: {heard.reply.reason}"


def _view(answer: Answer, replies: Sequence[tuple[RivalPrompt, Heard[ReviewReply]]], models: Sequence[str]) -> Review:
    views = [_meant(heard.reply, answer) if heard.reply else View.SILENT for _, heard in replies]
    view = min(views, key=_PRECEDENCE.index)
    grades = [heard.reply.grade for _, heard in replies if heard.reply and heard.reply.severity]
    return Review(
        view=view,
        severity=Severity.worst(grades) if grades else None,
        reasons=tuple(
            _reason(heard, answer) if heard.reply else f"no valid reply: {heard.problem}" for _, heard in replies
        ),
        model=", ".join(models),
        with_context=tuple(prompt.with_context for prompt, _ in replies),
    )
