"""Impossible states cannot be built."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from druqa.records import (
    Drug,
    DrugName,
    DrugPair,
    NameKind,
    Outcome,
    ResolvedMedication,
    Severity,
    Stage,
    Tier,
    Verdict,
    voices,
)
from druqa.report import Decision, DecisionKind, QuestionCounts

A, B = Drug(id="a", name="a"), Drug(id="b", name="b")
NO: dict[str, Any] = {
    "question": "q1",
    "stage": Stage.SCREEN,
    "evaluator": "direct",
    "outcome": Outcome.NO_INTERACTION,
    "names": ("a", "b"),
    "reason": "none",
    "model": "m",
}


def verdict(**changes: Any) -> Verdict:
    return Verdict(**{**NO, **changes})


def test_a_pair_is_unordered_and_of_two_drugs() -> None:
    assert DrugPair.of(B, A) == DrugPair.of(A, B)
    with pytest.raises(ValidationError):
        DrugPair.of(A, A)
    with pytest.raises(ValidationError):
        DrugPair(first=B, second=A)


@pytest.mark.parametrize(
    "wrong",
    [
        {"severity": Severity.MAJOR},
        {"outcome": Outcome.INTERACTION},
        {"outcome": Outcome.FAILED, "severity": Severity.MINOR},
        {"reason": ""},
        {"model": None},
        {"model": None, "source": "a table"},
        {"model": None, "outcome": Outcome.UNCLEAR, "source": "a table"},
        {"model": None, "outcome": Outcome.INTERACTION, "severity": Severity.MAJOR},
        {"extra": 1},
    ],
)
def test_a_verdict_that_contradicts_itself_cannot_be_built(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        verdict(**wrong)


SIGNED = (verdict(), verdict(question="q2", stage=Stage.SIGN_OFF))


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": DecisionKind.NONE_FOUND, "verdicts": SIGNED, "planned": 3},
        {"kind": DecisionKind.NONE_FOUND, "verdicts": SIGNED[:1], "planned": 1},
        {
            "kind": DecisionKind.NONE_FOUND,
            "verdicts": (*SIGNED, verdict(question="q3", outcome="failed")),
            "planned": 3,
        },
        {"kind": DecisionKind.NONE_FOUND, "verdicts": (SIGNED[0], SIGNED[1], SIGNED[1]), "planned": 3},
        {"kind": DecisionKind.NONE_FOUND, "verdicts": (), "planned": 0},
        {"kind": DecisionKind.NONE_FOUND, "verdicts": SIGNED, "planned": 2, "severity": Severity.MINOR},
        {"kind": DecisionKind.FLAGGED, "verdicts": SIGNED, "planned": 2, "severity": Severity.MINOR},
        {
            "kind": DecisionKind.FLAGGED,
            "severity": Severity.MINOR,
            "tier": Tier.POSSIBLE,
            "verdicts": SIGNED,
            "planned": 2,
        },
        {"kind": DecisionKind.NOT_CHECKED, "tier": Tier.POSSIBLE, "planned": 0},
        {"kind": DecisionKind.NOT_CHECKED, "planned": 0, "reasons": ()},
    ],
)
def test_an_impossible_decision_cannot_be_built(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Decision(**{"pair": ("a", "b"), "reasons": ("because",), **wrong})


def test_the_one_none_found_that_can_be_built() -> None:
    kind = DecisionKind.NONE_FOUND
    assert Decision(pair=("a", "b"), kind=kind, reasons=("so",), verdicts=SIGNED, planned=2).kind is kind


def test_a_medication_speaks_only_of_its_own_drugs() -> None:
    name = DrugName(text="x", kind=NameKind.BRAND, source="s", drug="b")
    for wrong in ({"names": (name,)}, {"names": (), "alternatives": (("a", "b"),)}):
        with pytest.raises(ValidationError):
            ResolvedMedication(text="a", recognised=True, drugs=(A,), **wrong)  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="says why"):
        ResolvedMedication(text="a", recognised=False, drugs=(), names=())
    with pytest.raises(ValidationError, match="known drug"):
        ResolvedMedication(text="a", recognised=True, drugs=(), names=())


def test_questions_are_conserved() -> None:
    with pytest.raises(ValidationError, match="lost"):
        QuestionCounts(planned=3, answered=1, failed=1, not_asked=0)


def test_a_known_grade_ranks_before_unknown() -> None:
    assert Severity.worst([Severity.UNKNOWN, Severity.MINOR]) is Severity.MINOR
    assert Severity.worst([]) is Severity.UNKNOWN


def test_voices_are_the_worst_of_each_evaluator_sure_before_unsure() -> None:
    said = [
        verdict(outcome="unclear", severity="major", evaluator="qt"),
        verdict(outcome="interaction", severity="minor", evaluator="direct", question="q5"),
        verdict(outcome="interaction", severity="major", evaluator="direct", question="q6"),
    ]
    assert [(v.evaluator, v.severity) for v in voices(said)] == [("direct", "major"), ("qt", "major")]
