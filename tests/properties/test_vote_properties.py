"""Properties of the vote itself: fail-closed, monotone, blind to order. No model, no table: only verdicts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from druqa.cascade import VoteRule
from druqa.records import Outcome, Severity, Stage, Tier, Verdict
from druqa.report import Decision, DecisionKind
from druqa.stages.vote import is_credible_yes, is_settled, vote

PAIR = ("aspirin", "warfarin")
# Only verdicts, no flow: examples are cheap, and the telling ones (one lone yes at k = 1) are rare.
thorough = settings(max_examples=300)

rules = st.builds(VoteRule, k=st.integers(1, 4), unclear_is_yes=st.booleans())


@st.composite
def model_verdicts(draw: st.DrawFn) -> Verdict:
    outcome = draw(st.sampled_from(Outcome))
    says_yes = outcome in (Outcome.INTERACTION, Outcome.UNCLEAR)
    return Verdict(
        question=f"q{draw(st.integers(0, 10**9))}",
        stage=draw(st.sampled_from([Stage.SCREEN, Stage.SIGN_OFF, Stage.REVIEW])),
        evaluator=draw(st.sampled_from(["direct", "bleeding", "qt", "cyp"])),
        outcome=outcome,
        names=PAIR,
        severity=draw(st.sampled_from(Severity)) if says_yes else None,
        reason="scripted",
        model=draw(st.sampled_from(["alpha/1", "beta/1"])),
        family=draw(st.sampled_from(["alpha", "beta"])),
    )


evidence_verdicts = st.builds(
    Verdict,
    question=st.just("listed:aspirin:warfarin"),
    stage=st.just(Stage.SCREEN),
    evaluator=st.sampled_from(["listed", "mechanism"]),
    outcome=st.just(Outcome.INTERACTION),
    names=st.just(PAIR),
    severity=st.sampled_from(Severity),
    reason=st.sampled_from(["row 1", "row 2"]),
    source=st.just("a table"),
)
any_verdicts = st.lists(
    st.one_of(model_verdicts(), evidence_verdicts), max_size=12, unique_by=lambda v: (v.question, v.reason)
)


def plain_vote(verdicts: Sequence[Verdict], planned: int, rule: VoteRule) -> tuple[str, Severity | None]:
    """The obvious twin: loops and ifs, as section 2 of the design words it."""
    screen_yes, flags_alone, worst = set(), False, Severity.UNKNOWN
    for verdict in verdicts:
        if verdict.outcome == "interaction" or (verdict.outcome == "unclear" and rule.unclear_is_yes):
            if verdict.stage is Stage.SCREEN:
                screen_yes.add(verdict.evaluator)
            if verdict.model is None or verdict.stage is not Stage.SCREEN:
                flags_alone = True
            if verdict.outcome == "interaction" and verdict.severity is not None:
                worst = min(worst, verdict.severity, key=lambda severity: severity.rank)
    if len(screen_yes) >= rule.k or flags_alone:
        return "flagged", worst
    answered_no = {v.question for v in verdicts if v.outcome == "no_interaction"}
    everything_no = len(answered_no) == planned and all(v.outcome == "no_interaction" for v in verdicts)
    screened = any(v.stage is Stage.SCREEN for v in verdicts)
    signed_off = any(v.stage is Stage.SIGN_OFF for v in verdicts)
    return ("none_found" if everything_no and screened and signed_off else "not_checked"), None


@thorough
@given(any_verdicts, st.integers(0, 3), rules)
def test_equals_the_plain_twin(verdicts: list[Verdict], missing: int, rule: VoteRule) -> None:
    planned = len({v.question for v in verdicts if not v.is_evidence}) + missing
    decision = vote(PAIR, verdicts, planned, rule)
    assert (decision.kind, decision.severity) == plain_vote(verdicts, planned, rule)


@thorough
@given(st.lists(model_verdicts(), max_size=12, unique_by=lambda v: v.question), st.integers(0, 3), rules)
def test_none_found_only_if_every_planned_question_was_answered_no(
    verdicts: list[Verdict], missing: int, rule: VoteRule
) -> None:
    decision = vote(PAIR, verdicts, len(verdicts) + missing, rule)
    if decision.kind is DecisionKind.NONE_FOUND:
        assert missing == 0
        assert {v.outcome for v in verdicts} == {Outcome.NO_INTERACTION}
        assert {Stage.SCREEN, Stage.SIGN_OFF} <= {v.stage for v in verdicts}


@thorough
@given(any_verdicts, st.one_of(model_verdicts(), evidence_verdicts), st.integers(0, 3), rules)
def test_a_further_verdict_never_removes_or_downgrades_a_flag(
    verdicts: list[Verdict], further: Verdict, missing: int, rule: VoteRule
) -> None:
    planned = len(verdicts) + missing
    before = vote(PAIR, verdicts, planned, rule)
    after = vote(PAIR, [*verdicts, further], planned + 1, rule)
    if before.kind is DecisionKind.FLAGGED:
        assert after.kind is DecisionKind.FLAGGED
        assert after.severity is not None
        assert before.severity is not None
        assert after.severity.rank <= before.severity.rank
        assert after.tier is not None
        assert before.tier is not None
        assert after.tier.rank <= before.tier.rank
    if is_settled(before):
        assert (after.kind, after.severity, after.tier) == (before.kind, before.severity, before.tier)


@thorough
@given(any_verdicts.flatmap(lambda v: st.tuples(st.just(v), st.permutations(v))), rules)
def test_the_order_of_replies_changes_nothing(both: tuple[list[Verdict], list[Verdict]], rule: VoteRule) -> None:
    one, other = (vote(PAIR, verdicts, len(verdicts), rule) for verdicts in both)
    assert (one.kind, one.severity, one.tier, one.reasons) == (other.kind, other.severity, other.tier, other.reasons)


@thorough
@given(any_verdicts, rules)
def test_an_unsure_voice_alone_flags_as_possible_and_does_not_grade(verdicts: list[Verdict], rule: VoteRule) -> None:
    decision = vote(PAIR, verdicts, len(verdicts), rule)
    yes = [v for v in verdicts if is_credible_yes(v, rule)]
    if decision.kind is DecisionKind.FLAGGED and all(v.outcome is Outcome.UNCLEAR for v in yes):
        assert (decision.severity, decision.tier) == (Severity.UNKNOWN, Tier.POSSIBLE)


@thorough
@given(any_verdicts, st.integers(0, 3))
def test_a_none_found_with_a_gap_cannot_be_built(verdicts: list[Verdict], missing: int) -> None:
    outcomes = {v.outcome for v in verdicts}
    stages = {v.stage for v in verdicts}
    whole = outcomes == {Outcome.NO_INTERACTION} and {Stage.SCREEN, Stage.SIGN_OFF} <= stages and not missing
    planned = len({v.question for v in verdicts}) + missing

    def build() -> Decision:
        kind = DecisionKind.NONE_FOUND
        return Decision(pair=PAIR, kind=kind, reasons=("because",), verdicts=tuple(verdicts), planned=planned)

    if whole:
        assert build().kind is DecisionKind.NONE_FOUND
    else:
        with pytest.raises(ValidationError):
            build()


@thorough
@given(model_verdicts(), st.lists(model_verdicts(), max_size=12))
def test_no_number_of_noes_outvotes_one_yes(said: Verdict, others: list[Verdict]) -> None:
    noes = [v.model_copy(update={"outcome": Outcome.NO_INTERACTION, "severity": None}) for v in others]
    yes = said.model_copy(update={"outcome": Outcome.INTERACTION, "severity": Severity.MINOR, "stage": Stage.SCREEN})
    decision = vote(PAIR, [*noes, yes], len(noes) + 1, VoteRule())
    assert (decision.kind, decision.severity) == (DecisionKind.FLAGGED, Severity.MINOR)
