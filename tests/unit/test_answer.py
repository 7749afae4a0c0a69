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


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("aspirin with warfarin: bleeding [a label: here]", "said of the two"),
        # The words " with " also stand in roles and sources: such a row speaks of classes, not of these two drugs.
        ("aspirin is a drug with a risk [x]; aspirin with warfarin: bleeding [y]", "said of classes"),
        ("aspirin is a substrate [table: substrates with a narrow index]; together: bleeding [y]", "said of classes"),
    ],
)
def test_only_a_source_that_names_the_two_drugs_is_told_before_a_graver_rule(reason: str, told: str) -> None:
    named = listed(Severity.MINOR, "known", "Say so.").model_copy(
        update={"reason": reason, "effect": "said of the two"}
    )
    rule = listed(Severity.MAJOR, "in general", "Avoid.")
    rule = rule.model_copy(update={"evaluator": "mechanism", "effect": "said of classes"})
    answer = compose(PAIR, decide(named, rule))
    assert answer.severity is Severity.MAJOR
    assert answer.effect == told


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
