"""The quick count that calibration uses says what the vote says; and a bolder counting flags nothing more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from druqa.cascade import VoteRule
from druqa.measure.ballots import Counting, ballots, flagged
from druqa.measure.recount import count
from druqa.measure.recount import flagged as recounted
from druqa.measure.results import Result, Seen
from druqa.records import Outcome, Severity, Stage, Verdict
from druqa.report import DecisionKind
from druqa.stages.vote import flags, is_credible_yes, support_of

NAMES = ["a", "b", "c"]
AUDITORS = ["x", "y"]


@st.composite
def verdicts(draw: st.DrawFn) -> Verdict:
    stage = draw(st.sampled_from([Stage.SCREEN, Stage.SIGN_OFF, Stage.REVIEW]))
    evidence = stage is Stage.SCREEN and draw(st.integers(0, 9)) == 0
    outcome = Outcome.INTERACTION if evidence else draw(st.sampled_from(list(Outcome)))
    yes = outcome in (Outcome.INTERACTION, Outcome.UNCLEAR)
    return Verdict(
        question="q",
        stage=stage,
        evaluator=draw(st.sampled_from(AUDITORS if stage is Stage.SIGN_OFF else NAMES)),
        outcome=outcome,
        names=("p", "q"),
        severity=draw(st.sampled_from(list(Severity))) if yes else None,
        reason="because",
        model=None if evidence else "m",
        source="s" if evidence else "",
    )


@st.composite
def countings(draw: st.DrawFn) -> Counting:
    k = sorted(draw(st.lists(st.integers(1, 3), min_size=5, max_size=5)))
    weights = draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from([0.0, 0.5, 1.0, 2.0])))
    rule = VoteRule(k=dict(zip(Severity, k, strict=True)), weights=weights, unclear_is_yes=draw(st.booleans()))
    return Counting(rule, tuple(draw(st.lists(st.sampled_from(AUDITORS), unique=True))))


def result(pairs: list[list[Verdict]]) -> Result:
    seen = tuple(
        Seen(drugs=("p", "q"), decision=DecisionKind.NOT_CHECKED, severity=None, tier=None, verdicts=tuple(said),
             planned=0, review=None)
        for said in pairs
    )  # fmt: skip
    return Result.model_construct(seen=seen)


CASES = st.lists(st.lists(verdicts(), max_size=6), max_size=3).map(result)


@given(CASES, countings(), countings())
def test_the_quick_count_is_the_vote(case: Result, ran: Counting, counting: Counting) -> None:
    rule = ran.vote.model_copy(update={"unclear_is_yes": counting.vote.unclear_is_yes})
    (counted,) = count([case], rule)
    heard = recounted(
        counted, counting.vote, lambda v, _: v.stage is not Stage.SIGN_OFF or v.evaluator in counting.auditors
    )
    assert flagged(ballots(counted), counting) == heard


@given(CASES, countings(), verdicts())
def test_a_further_yes_never_takes_a_flag_away(case: Result, counting: Counting, further: Verdict) -> None:
    yes = [v for seen in case.seen[:1] for v in seen.verdicts if is_credible_yes(v, counting.vote)]
    more = [*yes, *([further] if is_credible_yes(further, counting.vote) else [])]
    assert flags(more, counting.vote) or not flags(yes, counting.vote)


@given(st.permutations([0.1] * 10), st.permutations([0.1, 0.2, 0.7]))
def test_ten_tenths_are_one_in_any_order(tenths: list[float], parts: list[float]) -> None:
    assert support_of(tenths) == support_of(parts) == 1.0


@given(CASES, countings())
def test_a_rival_that_confirmed_a_flag_saves_nothing_that_is_no_longer_flagged(
    case: Result, counting: Counting
) -> None:
    (counted,) = count([case], VoteRule())
    bold = Counting(VoteRule(k=9), ())
    saved = [
        heard
        for heard in counted.heard
        if not heard.stood and any(verdict.stage is Stage.REVIEW for verdict in heard.yes)
    ]
    tables = any(verdict.is_evidence for heard in counted.heard for verdict in heard.yes)
    assert flagged(ballots(counted), bold) == bool(saved or tables)
