"""The answer is composed from the verdicts; a model's draft is used only if it keeps what the vote holds."""

from __future__ import annotations

import pytest

from druqa.cascade import VoteRule
from druqa.models.replies import AnswerReply
from druqa.records import Drug, DrugPair, Outcome, Severity, Stage, Verdict
from druqa.report import Decision
from druqa.stages.answer import compose, objections_to
from druqa.stages.vote import vote

PAIR = DrugPair.of(Drug(id="warfarin", name="warfarin"), Drug(id="aspirin", name="aspirin"))


def listed(severity: Severity, mechanism: str, management: str = "") -> Verdict:
    return Verdict(
        question="listed",
        stage=Stage.SCREEN,
        evaluator="listed",
        outcome=Outcome.INTERACTION,
        names=("aspirin", "warfarin"),
        severity=severity,
        mechanism=mechanism,
        management=management,
        reason=f"row: {mechanism}",
        source="a label",
    )


def decide(*verdicts: Verdict) -> Decision:
    return vote(PAIR.ids, verdicts, 0, VoteRule())


def test_composed_of_the_worst_verdicts() -> None:
    answer = compose(PAIR, decide(listed(Severity.MINOR, "less so"), listed(Severity.MAJOR, "bleeding", "Avoid.")))
    assert answer.severity is Severity.MAJOR
    assert answer.text == "aspirin with warfarin: major. Bleeding. Avoid."
    assert answer.evidence == ("a label",)
    assert answer.written_by == "composed"


def test_a_negative_is_one_fixed_sentence() -> None:
    answer = compose(PAIR, decide())
    assert answer.severity is None
    assert answer.text == "No clinically relevant interaction between aspirin and warfarin was found."


@pytest.mark.parametrize(
    ("severity", "text", "says"),
    [
        ("major", "Aspirin raises the bleeding risk of warfarin.", None),
        ("contraindicated", "Aspirin with warfarin: never.", None),
        ("moderate", "Aspirin raises the bleeding risk of warfarin.", "the draft says moderate"),
        ("unknown", "Aspirin raises the bleeding risk of warfarin.", "the draft says unknown"),
        ("major", "Aspirin raises the bleeding risk.", "does not name warfarin"),
        ("major", "There is no known interaction of aspirin with warfarin.", "plays the flag down"),
        ("major", "Aspirin with warfarin: safe to combine.", "plays the flag down"),
    ],
)
def test_a_draft_may_not_lose_what_the_vote_holds(severity: str, text: str, says: str | None) -> None:
    draft = AnswerReply(question_id="q", severity=severity, mechanism="", management="", text=text)  # type: ignore[arg-type]
    objections = objections_to(draft, PAIR, decide(listed(Severity.MAJOR, "bleeding")))
    assert (says is None and not objections) or (says is not None and says in " ".join(objections))
