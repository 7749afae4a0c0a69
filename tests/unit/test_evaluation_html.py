from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from druqa.measure.circular import Standing
from druqa.measure.evaluation import (
    Bill,
    Burden,
    Evaluation,
    EvaluatorScore,
    Floor,
    Independence,
    Lost,
    Negatives,
    Part,
    Point,
    Provenance,
    Unseen,
    Variant,
)
from druqa.measure.results import LostAt
from druqa.measure.statistics.capture import StillMissed
from druqa.measure.statistics.clusters import Clustered
from druqa.measure.statistics.joint import JointMisses
from druqa.measure.statistics.paired import Change
from druqa.measure.statistics.proportions import Proportion, rule_of_three
from druqa.measure.traces import Said, Trace
from druqa.records import Outcome, Severity
from druqa.report import CascadeUse, Cost, DataUse, DecisionKind, ModelUse
from druqa.views.charts import axis_start, scale
from druqa.views.charts_two_way import steps
from druqa.views.evaluation_html import MOST_ALARMS, MOST_OPEN, page

SCRIPT = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(1)>'
TURNED = "warfarin\u202enirips\u200b\x1b[31m"
LONG = "because " * 250
EVALUATORS = ("listed", "direct", SCRIPT)


class Page(HTMLParser):
    """What a browser makes of a page: its tags in order, their attributes, and the text of each."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append((self.tags[-1][0] if self.tags else "", data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return " ".join("".join(text for tag, text in self.texts if tag != "style").split())


def share(hits: int, of: int) -> Proportion:
    return Proportion.counted(hits, of)


def part(kind: str, name: str, hits: int, of: int, effect: float | None = 2.5) -> Part:
    spread = Clustered(
        low=0.81,
        high=0.99,
        design_effect=effect,
        effective_pairs=of / effect if effect else None,
        drugs=40,
        resamples=2000,
        confidence=0.95,
    )
    return Part(kind=kind, name=name, recall=share(hits, of), not_checked=min(2, of - hits), clustered=spread)


def lost(case: str, drugs: tuple[str, str], **changed: Any) -> Lost:
    row = {
        "case": case,
        "drugs": drugs,
        "written": drugs,
        "form": "generic",
        "severity": Severity.MAJOR,
        "sources": ("onc",),
        "standing": Standing.INDEPENDENT,
        "decision": DecisionKind.NONE_FOUND,
        "lost_at": LostAt.SIGN_OFF,
        "said": ("direct: no_interaction x 4",),
    }
    return Lost.model_validate({**row, **changed})


def trace(case: str, said: Sequence[Said] = ()) -> Trace:
    return Trace(
        case=case,
        title=f"{SCRIPT} + aspirin, written as so",
        truth=f"interacts, major; source: {SCRIPT}; independent",
        decision="none_found",
        lost_at="sign-off: every evaluator and every auditor said no",
        read=(f"{TURNED!r} read as nothing; NOT RECOGNISED",),
        said=tuple(said),
        not_asked=3,
        review=f"adds: {IMAGE}",
    )


def says(evaluator: str, reason: str, outcome: Outcome = Outcome.NO_INTERACTION) -> Said:
    return Said(
        stage="screen",
        evaluator=evaluator,
        model="simulated/reader",
        outcome=outcome,
        severity="",
        names=("warfarin + aspirin", "aspirin + warfarin"),
        reason=reason,
    )


def provenance(model: str | None = "simulated/reader") -> Provenance:
    return Provenance(
        druqa_version="0.3.0",
        suite="models",
        suite_sha256="ab" * 32,
        cascade=CascadeUse(name="recall_first", version="1.0.0", sha256="cd" * 32),
        tables=True,
        vote={"k": {"major": 1, "minor": 2}, "weights": {}, "unclear_is_yes": True},
        evaluators=EVALUATORS,
        auditors=("audit",),
        forms=("generic", "brand"),
        gold=(("gold.tsv", "ef" * 32),),
        models={"screener": ModelUse(requested=(model,), answered_as=())} if model else {},
        parameters={model: {"temperature": 0.0}} if model else {},
        data=DataUse(synonyms="names 1", evidence="evidence 1"),
    )


def score(name: str, stage: str, caught: int) -> EvaluatorScore:
    return EvaluatorScore(
        name=name,
        stage=stage,
        caught=share(caught, 200),
        unique=3,
        alarms=share(4, 100),
        unique_alarms=1,
        questions=800,
        invalid=2,
        usd=None,
        order_flips=share(5, 400),
        repeat_flips=None,
    )


def estimate(model: str, high: float | None) -> StillMissed:
    return StillMissed(
        model=model, caught=190, estimate=4.2, low=1.0, high=high, confidence=0.95, limit="It cannot know all."
    )


def evaluation(**changed: Any) -> Evaluation:
    whole = {
        "title": f"Models and {SCRIPT}",
        "caution": "The negatives are guesses.",
        "provenance": provenance(),
        "notes": (f"a note about {IMAGE}",),
        "headline": part("headline", "interacting pairs, by generic names", 190, 200),
        "pairs": 1234,
        "circular": 17,
        "zero_missed": "",
        "parts": (
            part("standing", "independent", 190, 200),
            part("severity", "contraindicated", 20, 20, effect=None),
            part("severity", "major", 90, 95),
            part("source", SCRIPT, 40, 44),
            part("source", TURNED, 7, 12),
            part("group", IMAGE, 30, 30, effect=None),
            part("form", "brand", 100, 120),
        ),
        "forms": (Change(stratum="brand", pairs=120, newly_caught=2, newly_missed=11, p=0.0225, p_adjusted=0.0225),),
        "other_names": Change(
            stratum="asked by other names", pairs=90, newly_caught=9, newly_missed=30, p=0.0004, p_adjusted=0.0004
        ),
        "negatives": Negatives(
            specificity=share(60, 100),
            not_checked=9,
            graver=share(5, 100),
            ppv=share(190, 230),
            parts=(("look-alikes", share(20, 40)),),
        ),
        "burden": Burden(
            lists=12,
            medications=96,
            pairs=400,
            mean=7.25,
            median=6.5,
            most=20,
            by_severity={"major": 2.25},
            by_tier={"confirmed": 3.5},
            by_kind={"geriatric": 9.0},
            without=1,
        ),
        "bill": Bill(
            cost=Cost(calls=4321, prompt_tokens=1_000_000, completion_tokens=234_567, usd=1.5),
            questions=4000,
            failed=7,
            not_asked=5,
            calls_per_catch=22.7,
            usd_per_catch=0.0079,
        ),
        "missed": (
            lost("case00000001", (SCRIPT, "aspirin"), severity=Severity.CONTRAINDICATED, lost_at=LostAt.NAMES),
            lost("case00000002", (IMAGE, TURNED), written=("Coumadin", IMAGE), form="brand"),
            lost("case00000003", ("digoxin", "verapamil"), severity=None, lost_at=None),
        ),
        "alarms": tuple(lost(f"alarm{i:07}", ("aspirin", SCRIPT), lost_at=None) for i in range(230)),
        "variants": (
            Variant(name="as run", without="", recall=share(190, 200), specificity=share(60, 100), questions=81.5),
            Variant(name="tables alone", without="every model", recall=share(90, 200), specificity=None, questions=0.0),
        ),
        "evaluators": (score("listed", "table", 90), score("direct", "screen", 150), score(SCRIPT, "screen", 0)),
        "curve": (
            Point(added="listed", questions=0.0, recall=0.45),
            Point(added="direct", questions=4.0, recall=0.92),
            Point(added=SCRIPT, questions=8.0, recall=0.92),
        ),
        "independence": Independence(
            joint=JointMisses(
                evaluators=3,
                pairs=200,
                mean_miss=0.45,
                all_missed=share(12, 200),
                if_independent=0.0000012,
                correlation=0.31,
                if_equally_correlated=0.055,
                effective=2.1,
                effective_low=1.8,
                effective_high=2.6,
            ),
            p=0.001,
            names=EVALUATORS,
            double_faults=((0.55, 0.2, None), (0.2, 0.25, 0.25), (None, 0.25, 1.0)),
        ),
        "rival_rescues": share(3, 12),
        "unseen": Unseen(estimates=(estimate("chao", 19.0), estimate("correlated", None)), truly=12, of=200),
        "floors": (
            Floor(name="recall", wanted=0.9, found=0.95, held=True),
            Floor(name="most_flags_a_list", wanted=7.0, found=7.25, held=False),
        ),
    }
    return Evaluation.model_validate({**whole, **changed})


def nothing() -> Evaluation:
    return evaluation(
        title="Nothing",
        provenance=provenance(None),
        notes=(),
        headline=Part(kind="headline", name="pairs", recall=share(0, 0), not_checked=0, clustered=None),
        circular=0,
        parts=(),
        forms=(),
        other_names=None,
        negatives=None,
        burden=None,
        bill=Bill(cost=Cost(), questions=0, failed=0, not_asked=0, calls_per_catch=None, usd_per_catch=None),
        missed=(),
        alarms=(),
        variants=(),
        evaluators=(),
        curve=(),
        independence=None,
        rival_rescues=None,
        unseen=None,
        floors=(),
    )


TRACES = {
    "case00000001": trace("case00000001", [says("direct", SCRIPT), says(SCRIPT, LONG, Outcome.UNPARSED)]),
    "case00000002": trace("case00000002"),
}
WRITTEN = page(evaluation(), TRACES)
SEEN = Page(WRITTEN)


def test_nothing_from_outside_is_markup() -> None:
    assert "<script" not in WRITTEN.casefold()
    assert "<img" not in WRITTEN.casefold()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in WRITTEN
    assert not [name for _, attributes in SEEN.tags for name in attributes if name.startswith("on")]


def test_what_cannot_be_seen_is_shown_as_its_code() -> None:
    assert not re.search("[\u200b\u202e\x1b]", WRITTEN)
    assert r"warfarin\u202enirips\u200b\x1b[31m" in SEEN.text


@settings(max_examples=25, deadline=None)
@given(st.text(min_size=1))
def test_no_name_changes_the_page_around_it(name: str) -> None:
    def tags(drug: str) -> list[str]:
        changed = evaluation(missed=(lost("case00000001", (drug, drug)),), alarms=(), title=drug)
        return [tag for tag, _ in Page(page(changed, TRACES)).tags]

    assert tags(name) == tags("x")


def test_nothing_is_loaded_and_every_link_stays_on_the_page() -> None:
    assert "http://" not in WRITTEN
    assert "https://" not in WRITTEN
    assert not re.search(r"url\(|@import", WRITTEN)
    assert not [tag for tag, attributes in SEEN.tags if "src" in attributes or tag == "link"]
    places = {attributes["id"] for _, attributes in SEEN.tags if "id" in attributes}
    assert {attributes["href"] for attributes in SEEN.all("a")} <= {f"#{place}" for place in places}
    assert "default-src 'none'" in WRITTEN


def test_ids_are_unique_and_whatever_is_referred_to_is_there() -> None:
    ids = [attributes["id"] for _, attributes in SEEN.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    referred = [attributes.get("aria-labelledby") or "" for _, attributes in SEEN.tags]
    assert {one for names in referred for one in names.split()} <= set(ids)


def test_two_pages_of_the_same_are_the_same() -> None:
    assert page(evaluation(), dict(reversed(TRACES.items()))) == WRITTEN


def test_a_simulated_run_says_so_on_top_of_the_page_and_of_every_printed_one() -> None:
    assert WRITTEN.index("<strong>SIMULATED</strong>") < WRITTEN.index("<h1>")
    assert re.search(r"@page \{ @top-center \{ content: .SIMULATED", WRITTEN)
    assert "<title>SIMULATED: " in WRITTEN
    real = page(evaluation(provenance=provenance("openai/gpt-4o-mini")), TRACES)
    assert "SIMULATED" not in real


def test_every_missed_pair_opens_into_its_story_or_says_how_to_get_it() -> None:
    assert len(SEEN.all("details")) == 2
    for case in ("case00000001", "case00000002"):
        assert f"druqa eval show RUN {case}" not in WRITTEN
    assert "druqa eval show RUN case00000003" in WRITTEN
    assert "NOT RECOGNISED" in SEEN.text
    assert "Nobody said anything of this pair." in SEEN.text
    assert "3 questions" in SEEN.text


def test_missed_pairs_keep_their_order() -> None:
    assert WRITTEN.index("case00000001") < WRITTEN.index("case00000002") < WRITTEN.index("case00000003")


def test_a_long_reason_is_cut_and_says_so() -> None:
    assert LONG not in WRITTEN
    assert "(1,400 letters more)" in SEEN.text


def test_a_story_is_told_by_outcome_and_by_evaluator() -> None:
    said = [
        says("qt", "Both may prolong it.", Outcome.UNCLEAR),
        says("direct", "None is known."),
        says("direct", "Nothing."),
        says("qt", "No."),
    ]
    text = Page(page(evaluation(), {"case00000001": trace("case00000001", said)})).text
    told = text[text.index("unclear screen, simulated/reader") :]
    assert told.startswith("unclear screen, simulated/reader qt, 2 \u00d7, warfarin + aspirin: Both may prolong it.")
    assert "no interaction screen, simulated/reader direct, 4 \u00d7: None is known. and in 1 other wording" in told
    assert "Asked as aspirin + warfarin Not asked" in text.replace("Asked as", "Asked as ").replace("  ", " ")


def test_false_alarms_are_capped_and_counted() -> None:
    assert len(set(re.findall(r"alarm\d{7}", WRITTEN))) == MOST_ALARMS
    assert "30 further false alarms" in SEEN.text


def test_five_thousand_missed_pairs_are_all_there_and_stay_small() -> None:
    reason = "Neither drug is known to change the exposure or the effect of the other; nothing has to be done."
    said = [says(f"an_evaluator_{i}", reason) for i in range(26)]
    missed = tuple(
        lost(f"{i:012x}", ("isosorbide mononitrate", "sulfamethoxazole"), written=("Imdur", "Bactrim"), form="brand")
        for i in range(5000)
    )
    traces = {row.case: trace(row.case, said) for row in missed[:MOST_OPEN]}
    written = page(evaluation(missed=missed), traces)
    assert len(written.encode()) < 3_000_000
    assert all(row.case in written for row in missed)
    assert "4,700 further missed pairs" in written


def test_the_headline_comes_first_and_says_what_it_rests_on() -> None:
    top = SEEN.text[: SEEN.text.index("Recall by severity")]
    for words in (
        "95.0 %",
        "190 of 200",
        "Exact 95 % interval: 91.0 to 97.6 %",
        "10 missed : 2 of them not checked , 8 called none found",
        "A design effect of 2.5",
        "17 further interacting pairs stand apart",
        "60.0 %",
        "7.2",
        "1.50 USD",
    ):
        assert "".join(words.split()) in "".join(top.split()), words


def test_floors_that_are_not_held_are_told_on_top() -> None:
    assert SEEN.text.index("1 of 2 floors") < SEEN.text.index("What it comes to")
    assert "NOT HELD" in SEEN.text


def test_nothing_missed_does_not_stand_alone() -> None:
    none_missed = evaluation(
        headline=part("headline", "pairs", 214, 214, effect=None), zero_missed=rule_of_three(214), missed=()
    )
    assert Page(page(none_missed, {})).text.count("does not mean none") == 2


@pytest.mark.parametrize("written", [WRITTEN, page(nothing(), {})], ids=["full", "empty"])
def test_pictures_and_tables_are_told_to_those_who_cannot_see(written: str) -> None:
    seen = Page(written)
    for picture in (attributes for attributes in seen.all("svg") if "class" not in attributes):
        assert picture["role"] == "img"
        assert picture["aria-labelledby"]
    assert len(seen.all("table")) == len(seen.all("caption"))
    assert all("scope" in attributes for attributes in seen.all("th"))
    assert all(attributes.get("tabindex") == "0" for attributes in seen.all("div") if attributes.get("role"))
    labels = [attributes["aria-label"] for attributes in seen.all("div") if attributes.get("role")]
    assert len(labels) == len(set(labels))


def test_a_picture_holds_its_figures_in_words() -> None:
    words = [text for tag, text in SEEN.texts if tag == "desc" and text.strip()]
    assert any("major: 94.7\u00a0% (90 of 95), exact interval 88.1 to 98.3\u00a0%" in text for text in words)
    assert any("with direct: 92.0\u00a0% at 4.0 questions" in text for text in words)


def test_small_chances_are_told_as_people_say_them() -> None:
    assert "1 in 830,000" in SEEN.text
    assert "e-0" not in SEEN.text


def test_settings_are_told_in_words() -> None:
    assert "k: major 1, minor 2; weights: none; unclear is yes: yes" in SEEN.text


def test_what_was_not_measured_is_said() -> None:
    text = Page(page(nothing(), {})).text
    assert "No recall: the gold has no interacting pair" in text
    assert "Missed pairs No interacting pair was measured." in text
    assert "No model was asked: no call, no price." in text
    assert "No model was asked: there are no evaluators to hold against each other." in text
    assert text.count("Not measured: the gold has no pair that is known not to interact.") == 2
    assert "Not measured: no whole medication lists were run." in text
    for title in ("Recall by part", "Spellings and other names", "Floors"):
        assert title not in text


def test_a_scale_holds_what_it_shows_and_says_where_it_begins() -> None:
    assert "the scale begins at" not in SEEN.text
    high = evaluation(headline=part("headline", "pairs", 999, 1000), parts=())
    assert "the scale begins at 80\u00a0%" in page(high, {})
    assert [axis_start([least]) for least in (0.95, 0.85, 0.5, 0.1)] == [0.9, 0.8, 0.4, 0.0]
    for start in (0.0, 0.4, 0.6, 0.8, 0.9):
        ticks = scale(start)
        assert (round(ticks[0].at), round(ticks[-1].at), ticks[-1].label) == (0, 100, "100 %")


def test_a_curve_climbs_in_steps_and_numbers_no_point_over_another() -> None:
    found = steps(evaluation().curve)
    assert found is not None
    assert [line[:2] for line in found.lines[1:]] == [line[2:] for line in found.lines[:-1]]
    near = steps([Point(added=str(i), questions=50 + i / 100, recall=0.9) for i in range(5)])
    assert near is not None
    assert [number for _, _, number in near.points] == ["1", "", "", "", ""]
    assert steps([Point(added="listed", questions=0.0, recall=0.4)]) is None
