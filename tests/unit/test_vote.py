"""The vote on telling patterns of verdicts: who flags, how well supported, and what is said where nothing is."""

from __future__ import annotations

from typing import Any

import pytest

from druqa.cascade import VoteRule
from druqa.records import Outcome, Severity, Stage, Tier, Verdict
from druqa.report import Decision, DecisionKind
from druqa.stages.vote import flags, gravest, is_credible_yes, is_settled, support_of, supports, vote

PAIR = ("a", "b")
SCREEN, SIGN_OFF, REVIEW = Stage.SCREEN, Stage.SIGN_OFF, Stage.REVIEW


def said(outcome: str, severity: str | None = None, evaluator: str = "e", **more: Any) -> Verdict:
    fields: dict[str, Any] = {
        "question": f"q {evaluator} {more.get('stage', SCREEN)}",
        "stage": SCREEN,
        "evaluator": evaluator,
        "outcome": Outcome(outcome),
        "names": PAIR,
        "severity": severity,
        "reason": "because",
        "model": "m",
        "family": "f",
    }
    return Verdict(**{**fields, **more})


def yes(severity: str = "major", evaluator: str = "e", **more: Any) -> Verdict:
    return said("interaction", severity, evaluator, **more)


def unsure(evaluator: str = "e", severity: str | None = None, **more: Any) -> Verdict:
    return said("unclear", severity, evaluator, **more)


def no(evaluator: str = "e", **more: Any) -> Verdict:
    return said("no_interaction", None, evaluator, **more)


TABLE = yes("minor", "table", model=None, family=None, source="row 1", question="table:a:b")
AGREED = no("auditor", stage=SIGN_OFF)


def decide(
    *verdicts: Verdict, planned: int | None = None, rule: VoteRule | None = None, guessed: bool = False
) -> Decision:
    return vote(PAIR, verdicts, len(verdicts) if planned is None else planned, rule or VoteRule(), guessed=guessed)


@pytest.mark.parametrize(
    ("verdicts", "tier"),
    [
        ([yes()], Tier.POSSIBLE),
        ([TABLE], Tier.CONFIRMED),
        ([yes(), yes(evaluator="d")], Tier.PROBABLE),
        ([yes(), yes(evaluator="d", family="g")], Tier.CONFIRMED),
        ([yes(), yes(family="g", question="q2")], Tier.POSSIBLE),
        ([yes(), yes(question="q2")], Tier.POSSIBLE),
        ([yes(), unsure("d", family="g")], Tier.POSSIBLE),
        ([yes(), yes(evaluator="d", family="g", stage=SIGN_OFF)], Tier.POSSIBLE),
        ([yes(), yes(evaluator="d"), yes(evaluator="c", family="g", stage=REVIEW)], Tier.PROBABLE),
        ([yes(), yes(evaluator="d"), unsure("c", family="g")], Tier.PROBABLE),
        ([yes(), yes(evaluator="d", family="g"), yes(evaluator="c", family="h")], Tier.CONFIRMED),
        ([yes(stage=SIGN_OFF), yes(evaluator="d", family="g", stage=REVIEW)], Tier.POSSIBLE),
        ([unsure(), unsure("d", family="g")], Tier.POSSIBLE),
    ],
)
def test_how_well_a_flag_is_supported(verdicts: list[Verdict], tier: Tier) -> None:
    assert decide(*verdicts).tier is tier


def test_a_guess_at_a_name_is_no_more_than_possible_and_says_so_first() -> None:
    sure = decide(TABLE, yes())
    guessed = decide(TABLE, yes(), guessed=True)
    assert (sure.tier, guessed.tier) == (Tier.CONFIRMED, Tier.POSSIBLE)
    assert guessed.reasons == ("one of the drugs is a guess at a name that was not recognised", *sure.reasons)


@pytest.mark.parametrize("severity", list(Severity))
def test_the_worst_grade_counts_and_an_unsure_voice_gives_none(severity: Severity) -> None:
    assert decide(yes(severity), unsure("d", "contraindicated")).severity is severity
    assert decide(unsure("d", "contraindicated")).severity is Severity.UNKNOWN
    assert decide(yes("unknown"), yes(severity, "d")).severity is severity


@pytest.mark.parametrize(
    ("verdicts", "k", "flagged"),
    [
        ([yes()], 1, True),
        ([yes()], 2, False),
        ([yes(), yes(evaluator="d")], 2, True),
        ([yes(), yes(question="q2")], 2, False),
        ([yes(), yes(evaluator="d")], 3, False),
        ([TABLE], 9, True),
        ([yes(stage=SIGN_OFF)], 9, True),
        ([yes(stage=REVIEW)], 9, True),
        ([unsure(stage=SIGN_OFF)], 9, True),
        ([yes(), no("d"), no("c"), no("b")], 1, True),
        ([], 1, False),
    ],
)
def test_the_screen_flags_by_the_rule_and_all_others_by_themselves(
    verdicts: list[Verdict], k: int, flagged: bool
) -> None:
    assert (decide(*verdicts, rule=VoteRule(k=k)).kind is DecisionKind.FLAGGED) is flagged
    assert flags([v for v in verdicts if is_credible_yes(v, VoteRule(k=k))], VoteRule(k=k)) is flagged


def test_k_by_severity_asks_for_more_evaluators_of_milder_grades() -> None:
    rule = VoteRule(k=dict(zip(Severity, (1, 1, 2, 3, 3), strict=True)))
    assert decide(yes("major"), rule=rule).kind is DecisionKind.FLAGGED
    assert decide(yes("moderate"), rule=rule).kind is DecisionKind.NOT_CHECKED
    assert decide(yes("moderate"), yes("minor", "d"), rule=rule).kind is DecisionKind.NOT_CHECKED
    assert decide(yes("moderate"), yes("moderate", "d"), rule=rule).kind is DecisionKind.FLAGGED
    assert decide(yes("minor"), yes("minor", "d"), rule=rule).kind is DecisionKind.NOT_CHECKED
    assert decide(yes("minor"), yes("unknown", "d"), yes("minor", "c"), rule=rule).kind is DecisionKind.FLAGGED


def test_weights_count_towards_k_and_ten_tenths_are_one() -> None:
    assert decide(yes(), rule=VoteRule(weights={"e": 0.5})).kind is DecisionKind.NOT_CHECKED
    assert decide(yes(), yes(evaluator="d"), rule=VoteRule(weights={"e": 0.5, "d": 0.5})).kind is DecisionKind.FLAGGED
    assert decide(yes(), rule=VoteRule(k=2, weights={"e": 2})).kind is DecisionKind.FLAGGED
    assert support_of([0.1] * 10) == 1.0
    assert support_of([0.1, 0.1]) == 0.2
    assert support_of([1e-9, 0.5]) == 0.500000001
    assert support_of([0.4e-9, 1.0]) == 1.0


def test_each_evaluator_counts_once_by_the_gravest_that_it_said() -> None:
    both = [yes("minor"), yes("contraindicated", question="q2"), yes("major", question="q3"), unsure("d")]
    assert gravest(both) == {"e": 0, "d": Severity.UNKNOWN.rank}
    assert gravest(reversed(both)) == gravest(both)
    assert supports(gravest(both).items(), VoteRule(k=2))
    assert not supports(gravest(both).items(), VoteRule(k=3))


@pytest.mark.parametrize(
    ("outcome", "unclear_is_yes", "credible"),
    [
        ("interaction", False, True),
        ("interaction", True, True),
        ("unclear", True, True),
        ("unclear", False, False),
        ("no_interaction", True, False),
        ("unparsed", True, False),
        ("failed", True, False),
    ],
)
def test_who_speaks_for_an_interaction(outcome: str, unclear_is_yes: bool, credible: bool) -> None:
    verdict = said(outcome, "major" if outcome == "interaction" else None)
    assert is_credible_yes(verdict, VoteRule(unclear_is_yes=unclear_is_yes)) is credible


@pytest.mark.parametrize(
    ("verdicts", "settled"),
    [
        ([yes("contraindicated", "table", model=None, source="row")], True),
        ([yes("contraindicated"), yes(evaluator="d", family="g")], True),
        ([yes("contraindicated")], False),
        ([TABLE], False),
        ([no(), AGREED], False),
    ],
)
def test_settled_is_as_bad_and_as_well_supported_as_it_gets(verdicts: list[Verdict], settled: bool) -> None:
    assert is_settled(decide(*verdicts)) is settled


def test_reasons_of_a_flag_name_evaluator_and_model_the_worst_first() -> None:
    reasons = decide(unsure("u"), TABLE, yes("major")).reasons
    assert reasons == (
        "a + b [e, m] major: because",
        "a + b [table] minor: because",
        "a + b [u, m] cannot exclude it: because",
    )


def test_none_found_says_how_many_answered() -> None:
    decision = decide(no(), no("d"), AGREED)
    assert decision.kind is DecisionKind.NONE_FOUND
    assert decision.reasons == ("all 2 questions answered no, and all 1 questions to auditors agreed",)


@pytest.mark.parametrize(
    ("verdicts", "planned", "reasons"),
    [
        ([], 0, ["no reference table lists this pair, and no model was asked: absence from a table is not a no"]),
        ([], 2, ["2 of 2 questions were not asked"]),
        ([no()], 1, ["the auditors of the negative result have not been asked"]),
        ([AGREED], 1, ["the auditors of the negative result have not been asked"]),
        ([no(), AGREED], 3, ["1 of 3 questions were not asked"]),
        ([no(), no(), AGREED], 3, ["1 of 3 questions were not asked"]),
        ([no()], 4, ["3 of 4 questions were not asked"]),
        (
            [said("unparsed"), said("unparsed", evaluator="d"), said("failed", evaluator="c")],
            3,
            ["2 of 3 questions: a reply that is no answer (because)", "1 of 3 questions: no reply (because)"],
        ),
        ([said("failed"), no("d"), AGREED], 3, ["1 of 3 questions: no reply (because)"]),
        ([said("unparsed"), AGREED], 2, ["1 of 2 questions: a reply that is no answer (because)"]),
        (
            [said("unparsed"), said("failed", evaluator="d"), said("failed", evaluator="c"), AGREED],
            4,
            ["2 of 4 questions: no reply (because)", "1 of 4 questions: a reply that is no answer (because)"],
        ),
        (
            [said("unparsed"), said("failed", evaluator="d")],
            2,
            ["1 of 2 questions: no reply (because)", "1 of 2 questions: a reply that is no answer (because)"],
        ),
    ],
)
def test_not_checked_says_what_is_missing(verdicts: list[Verdict], planned: int, reasons: list[str]) -> None:
    decision = decide(*verdicts, planned=planned)
    assert (decision.kind, list(decision.reasons)) == (DecisionKind.NOT_CHECKED, reasons)
    assert (decision.severity, decision.tier, decision.planned) == (None, None, planned)


def test_a_yes_below_the_rule_is_no_no_and_said() -> None:
    decision = decide(yes(), no("d"), AGREED, rule=VoteRule(k=2))
    assert decision.kind is DecisionKind.NOT_CHECKED
    assert decision.reasons == ("a yes from e is below the cascade's vote rule, and is not a no",)
    decision = decide(unsure(), no("d"), AGREED, rule=VoteRule(unclear_is_yes=False))
    assert decision.reasons == ("1 of 3 questions: the model could not tell",)
    decision = decide(unsure(), AGREED, rule=VoteRule(k=2))
    assert decision.reasons == ("a yes from e is below the cascade's vote rule, and is not a no",)


def test_nobody_guesses_unless_told() -> None:
    assert vote(PAIR, [TABLE], 0, VoteRule()).tier is Tier.CONFIRMED


def test_hundreds_of_noes_are_none_found_and_one_missing_is_not() -> None:
    noes = [no(question=f"q{number}") for number in range(600)]
    assert decide(*noes, AGREED, planned=601).kind is DecisionKind.NONE_FOUND
    assert decide(*noes, AGREED, planned=602).kind is DecisionKind.NOT_CHECKED


@pytest.mark.parametrize("stage", [REVIEW, Stage.NAMES])
def test_a_no_of_a_further_stage_leaves_none_found(stage: Stage) -> None:
    decision = decide(no(), AGREED, no("rival", stage=stage))
    assert decision.kind is DecisionKind.NONE_FOUND
    assert decision.reasons == ("all 1 questions answered no, and all 1 questions to auditors agreed",)


def test_more_answers_than_were_planned_are_no_none_found() -> None:
    assert decide(no(), no("d"), AGREED, planned=2).kind is DecisionKind.NOT_CHECKED
