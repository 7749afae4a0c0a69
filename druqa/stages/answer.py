"""Writes the answer for a pair, after the vote. What a model drafts is held against the vote before it is used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from druqa.cascade import AnswerPrompt
from druqa.models.asker import Asker
from druqa.models.replies import AnswerReply
from druqa.records import DrugPair, Outcome, Severity, Stage, Verdict, question_id, voices
from druqa.report import Answer, Decision, DecisionKind

_ADVICE = 2
"""Verdicts whose advice goes into an answer."""
_UNEXPLAINED = "not established"


def compose(pair: DrugPair, decision: Decision) -> Answer:
    """The answer without a model: what the worst verdicts say of effect, mechanism and management.

    Without a flag it is one fixed sentence: a rival is to judge the claim, not the number of voices behind it.
    """
    first, second = pair.first.name, pair.second.name
    if decision.kind is not DecisionKind.FLAGGED:
        text = f"No clinically relevant interaction between {first} and {second} was found."
        return Answer(text=text, severity=None, mechanism="", management="", written_by="composed")
    voiced = speaking(decision)
    told = _told(decision, voiced)
    effect = _joined(voice.effect for voice in told[:1])
    mechanism = _joined(voice.mechanism for voice in told[:1] if _UNEXPLAINED not in voice.mechanism)
    management = _joined(_advice(voice.management for voice in told), ". ")
    depends = _graver(decision, voiced)
    text = f"{first} with {second}: {decision.severity}."
    return Answer(
        text=" ".join(
            part
            for part in (
                text,
                *map(_sentence, (effect, mechanism, management)),
                f"Graver if: {depends}." * bool(depends),
            )
            if part
        ),
        severity=decision.severity,
        effect=effect,
        mechanism=mechanism,
        management=management,
        depends=depends,
        evidence=_evidence(voiced),
        written_by="composed",
    )


def _told(decision: Decision, yes: Sequence[Verdict]) -> list[Verdict]:
    """The voices that an answer tells, the first of them first: all of them stay in the report.

    The worst ones, the most specific first. But where a source names the two drugs themselves, at whatever grade, it is
    told in place of rules about what drugs do in general: these may raise the grade, and know less of what to do.
    """
    worst = sorted((voice for voice in yes if voice.graded is decision.severity), key=_vagueness)
    named = sorted((voice for voice in yes if voice.is_evidence and _names_both(voice)), key=_vagueness)
    if not named or _names_both(worst[0]):
        return worst
    firm = [voice for voice in worst if not voice.is_evidence or voice.evaluator != "mechanism"]
    return [*firm, *named] if decision.severity is Severity.CONTRAINDICATED and firm else [*named, *firm]


def _names_both(verdict: Verdict) -> bool:
    """Whether a source names the two drugs themselves, and says what happens."""
    return (
        bool(verdict.effect) and verdict.is_evidence and verdict.reason.startswith(" with ".join(verdict.names) + ": ")
    )


def _vagueness(verdict: Verdict) -> tuple[bool, bool, int]:
    unexplained = not verdict.mechanism or _UNEXPLAINED in verdict.mechanism
    return not verdict.effect, unexplained, verdict.reason.count("; ")


def _advice(texts: Iterable[str]) -> list[str]:
    """The first pieces of advice, without one that another begins with."""
    said = [text.strip().rstrip(".") for text in texts if text]
    kept = [text for text in dict.fromkeys(said) if not any(o != text and o.startswith(text) for o in said)]
    return kept[:_ADVICE]


async def write(pair: DrugPair, decision: Decision, prompt: AnswerPrompt, model: str, asker: Asker) -> Answer:
    """The answer for a flagged pair by a model, if its draft passes the mechanical check; else the composed one."""
    composed = compose(pair, decision)
    id_ = question_id(Stage.ANSWER, model, *pair.ids)
    filled = prompt.prompt.fill(
        question_id=id_,
        first=pair.first.name,
        second=pair.second.name,
        severity=str(decision.severity),
        verdicts=[_shown(voice) for voice in speaking(decision)],
    )
    heard = await asker.ask(model, prompt.role, filled, AnswerReply, {"question_id": id_})
    if heard.reply is None:
        return composed.model_copy(update={"objections": (f"{model} wrote no answer: {heard.problem}",)})
    if objections := objections_to(heard.reply, pair, decision):
        return composed.model_copy(update={"objections": objections})
    return Answer(
        text=heard.reply.text,
        severity=decision.severity,
        effect=composed.effect,
        mechanism=composed.mechanism or heard.reply.mechanism,
        # What a reference says to do is never replaced by what a model says.
        management=composed.management or heard.reply.management,
        depends=composed.depends,
        evidence=composed.evidence,
        written_by=model,
    )


def objections_to(draft: AnswerReply, pair: DrugPair, decision: Decision) -> tuple[str, ...]:
    """Where a draft loses something that the vote holds: the severity, one of the drugs, or the flag itself."""
    objections = []
    if Severity(draft.severity).rank > (decision.severity or Severity.UNKNOWN).rank:
        objections.append(f"the draft says {draft.severity}, the vote {decision.severity}")
    text = draft.text.casefold()
    objections += [
        f"the draft does not name {name}" for name in (pair.first.name, pair.second.name) if name.casefold() not in text
    ]
    if denial := _DENIAL.search(" ".join((draft.text, draft.mechanism, draft.management)).casefold()):
        objections.append(f"the draft plays the flag down: {denial.group()!r}")
    return tuple(objections)


# What an answer about a flagged pair has no business to say. It refuses some harmless drafts too: the composed answer
# then stands in their place, which loses nothing.
_DENIAL = re.compile(
    r"\b(no|not|without|isn't|lacks?)\b[^.;]{0,50}\b(interact\w*|risks?|concerns?|action|contraindicat\w*|clinical\w*)\b"
    r"|\bsafe(ly)?\b|\bharmless\b|\bno problem"
)


def speaking(decision: Decision) -> tuple[Verdict, ...]:
    """The voices for an interaction, worst first."""
    yes = (v for v in decision.verdicts if v.outcome in (Outcome.INTERACTION, Outcome.UNCLEAR))
    return voices(yes)


def _shown(verdict: Verdict) -> dict[str, str]:
    shown = {
        "evaluator": verdict.evaluator,
        "outcome": str(verdict.outcome),
        "severity": str(verdict.severity or ""),
        "mechanism": verdict.mechanism,
        "reason": verdict.reason,
        "management": verdict.management,
        "source": verdict.source,
    }
    return {key: value for key, value in shown.items() if value}


def _graver(decision: Decision, yes: Sequence[Verdict]) -> str:
    """When references grade the pair higher than it is decided, worst first."""
    cases = {case for voice in yes for case in voice.depends.split("; ") if case}
    rank = {case: Severity(case.partition(":")[0]).rank for case in cases}
    graver = [case for case in cases if rank[case] < (decision.severity or Severity.UNKNOWN).rank]
    return "; ".join(sorted(graver, key=lambda case: (rank[case], case)))


def _evidence(yes: Sequence[Verdict]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(voice.source for voice in yes if voice.source))


def _joined(texts: Iterable[str], between: str = "; ") -> str:
    return between.join(dict.fromkeys(text.strip().rstrip(".") for text in texts if text))


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:].rstrip('.')}." if text else ""
