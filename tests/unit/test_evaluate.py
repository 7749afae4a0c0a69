"""Each question becomes one verdict, or none where it was not asked; what a model says against itself is no no."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from druqa.cascade import Evaluator
from druqa.knowledge.evidence import Hit
from druqa.models.asker import Heard, Status
from druqa.models.replies import VerdictReply
from druqa.prompts import Prompt, PromptText
from druqa.records import Drug, DrugPair, Outcome, Question, Severity, Stage
from druqa.stages.evaluate import evaluate, look_up

PAIR = DrugPair.of(Drug(id="a", name="drug a"), Drug(id="b", name="drug b"))
SLOT = "question_id: $question_id\nDrug 1: $first\nDrug 2: $second"
EVALUATOR = Evaluator(name="e", role="screener", prompt=Prompt(file="x.md", instruction="Look.", slot=SLOT))
REPLY = {"question_id": "q1", "drug_1": "A", "drug_2": "B", "mechanism": "CYP", "reason": "because"}


def question(number: int = 1) -> Question:
    return Question(
        id=f"q{number}", evaluator="e", stage=Stage.SIGN_OFF, pair=("a", "b"), names=("A", "B"), role="r", model="m"
    )


class Scripted:
    """Stands where an asker does: says what it is told, and remembers what it was asked."""

    def __init__(self, *heard: Heard[VerdictReply]) -> None:
        self.heard, self.asked = list(heard), list[Any]()

    async def ask(self, model: str, role: str, prompt: PromptText, form: type, echo: Mapping[str, str]) -> Any:
        self.asked.append((model, role, prompt, form, dict(echo)))
        return self.heard[len(self.asked) - 1]


def heard(status: Status = Status.ANSWERED, problem: str = "", **said: Any) -> Heard[VerdictReply]:
    reply = VerdictReply.model_validate({**REPLY, "severity": None, **said}) if said else None
    return Heard("asked model", "family", status, reply, problem, 0.25)


def ask(*said: Heard[VerdictReply]) -> tuple[Any, ...]:
    asked = [question(number) for number, _ in enumerate(said, 1)]
    return asyncio.run(evaluate(asked, {"e": EVALUATOR}, Scripted(*said)))  # type: ignore[arg-type]


def test_a_prompt_asks_about_the_names_and_the_reply_must_echo_them() -> None:
    asker = Scripted(heard(outcome="no_interaction"))
    asyncio.run(evaluate([question()], {"e": EVALUATOR}, asker))  # type: ignore[arg-type]
    assert asker.asked == [
        (
            "m",
            "r",
            PromptText(instruction="Look.", data='question_id: "q1"\nDrug 1: "A"\nDrug 2: "B"'),
            VerdictReply,
            {"question_id": "q1", "drug_1": "A", "drug_2": "B"},
        )
    ]


def test_a_table_has_no_prompt_to_ask() -> None:
    broken = EVALUATOR.model_copy(update={"prompt": None})
    with pytest.raises(ValueError, match="e reads tables: it has no prompt for the question q1"):
        asyncio.run(evaluate([question()], {"e": broken}, Scripted()))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "outcome", "severity", "reason"),
    [
        ({"outcome": "interaction", "severity": "minor"}, "interaction", "minor", "because"),
        ({"outcome": "interaction"}, "interaction", "unknown", "because"),
        ({"outcome": "unclear", "severity": "major"}, "unclear", "major", "because"),
        ({"outcome": "unclear"}, "unclear", "unknown", "because"),
        ({"outcome": "no_interaction"}, "no_interaction", None, "because"),
        ({"outcome": "no_interaction", "severity": "unknown"}, "no_interaction", None, "because"),
    ],
)
def test_a_reply_becomes_the_verdict_that_it_says(
    said: dict[str, str], outcome: str, severity: str | None, reason: str
) -> None:
    (verdict,) = ask(heard(**said))
    assert (verdict.outcome, verdict.severity, verdict.reason) == (outcome, severity, reason)
    assert (verdict.question, verdict.stage, verdict.evaluator, verdict.names) == ("q1", "sign_off", "e", ("A", "B"))
    assert (verdict.model, verdict.family, verdict.usd, verdict.mechanism) == ("asked model", "family", 0.25, "CYP")


@pytest.mark.parametrize("grade", [severity for severity in Severity if severity is not Severity.UNKNOWN])
def test_a_no_that_is_graded_is_unclear(grade: Severity) -> None:
    (verdict,) = ask(heard(outcome="no_interaction", severity=str(grade)))
    assert verdict.outcome is Outcome.UNCLEAR
    assert verdict.reason == f"it says no_interaction and grades it {grade}: because"


@pytest.mark.parametrize("field", ["mechanism", "reason"])
def test_a_no_that_names_a_harm_is_unclear(field: str) -> None:
    (verdict,) = ask(heard(outcome="no_interaction", **{field: "It may cause bleeding."}))
    assert verdict.outcome is Outcome.UNCLEAR
    assert verdict.reason.startswith("it says no_interaction and writes 'It may cause bleeding.'")


def test_a_harm_beside_a_yes_is_no_contradiction() -> None:
    (verdict,) = ask(heard(outcome="interaction", severity="major", reason="It may cause bleeding."))
    assert (verdict.outcome, verdict.reason) == (Outcome.INTERACTION, "It may cause bleeding.")


def test_no_reply_is_no_vote_and_a_question_not_asked_has_no_verdict() -> None:
    unparsed, failed = ask(
        heard(Status.UNPARSED, "no JSON"), heard(Status.NOT_ASKED, "budget"), heard(Status.FAILED, "down")
    )
    assert (unparsed.question, unparsed.outcome, unparsed.reason) == ("q1", Outcome.UNPARSED, "no JSON")
    assert (failed.question, failed.outcome, failed.reason) == ("q3", Outcome.FAILED, "down")
    assert {(v.severity, v.mechanism, v.usd) for v in (unparsed, failed)} == {(None, "", 0.25)}


def test_a_question_not_asked_has_no_verdict_even_if_a_reply_lies_about() -> None:
    assert ask(heard(Status.NOT_ASKED, outcome="interaction")) == ()


def test_a_table_gives_one_verdict_for_each_hit_and_none_for_none() -> None:
    hit = Hit(Severity.MAJOR, "mechanism", "effect", "management", "chain", "source", "depends")
    other = Hit(Severity.MINOR, "", "", "", "chain 2", "source 2")
    asked: list[tuple[str, str]] = []

    def find(one: str, two: str) -> tuple[Hit, ...]:
        asked.append((one, two))
        return hit, other

    first, second = look_up(PAIR, [("listed", find), ("mechanism", lambda *_: ())])
    assert asked == [("a", "b")]
    assert (first.severity, second.severity) == (Severity.MAJOR, Severity.MINOR)
    assert (first.mechanism, first.effect, first.management, first.reason, first.source, first.depends) == hit[1:]
    assert (first.question, first.stage, first.evaluator) == ("listed:a:b", Stage.SCREEN, "listed")
    assert (first.outcome, first.names, first.is_evidence) == (Outcome.INTERACTION, ("drug a", "drug b"), True)
