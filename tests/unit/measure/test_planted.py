"""A run over simulated evaluators whose every answer is known: each figure is what was planted, exactly."""

from __future__ import annotations

from pathlib import Path

import pytest

from druqa.measure.evaluation import Evaluation
from druqa.measure.results import LostAt
from druqa.measure.running import Run
from tests.simulation.planted import Pair, Planted
from tests.simulation.worlds import run_world, write_world

SCREEN = [f"view_{n}" for n in range(6)]
AUDITORS = ["audit_0", "audit_1"]


class World:
    """One run, the truth, and who truly sees what."""

    def __init__(self, folder: Path, **faults: float) -> None:
        forms = ("generic", "brand") if "weakness" in faults else ("generic",)
        repeats = 10 if "repeat_flip" in faults else 0
        suite, self.truth = write_world(
            folder, 40, 20, forms=forms, repeats=repeats, table_names=int("weakness" in faults)
        )
        self.screener = Planted(self.truth, **{"sensitivity": 0.4, "specificity": 0.9, "correlation": 0.3, **faults})
        self.rival = Planted(self.truth, sensitivity=0.5, specificity=0.95, seed=5)
        _, _, self.run, self.evaluation = run_world(suite, self.screener, self.rival)

    @property
    def quiet(self) -> list[Pair]:
        return [frozenset(r.case.pair.drugs) for r in self.run.results if not r.case.pair.interacts]

    def seen(self, pair: Pair, names: list[str]) -> int:
        return sum(self.screener.sees(pair, name) for name in names)

    def rescued(self, pair: Pair) -> bool:
        return self.rival.sees(pair, "rival_0")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("world")
        patch.setenv("DRUQA_HOME", str(folder / "home"))
        return World(folder)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> World:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("faulty")
        patch.setenv("DRUQA_HOME", str(folder / "home"))
        return World(folder, weakness=0.6, failure=0.02, order_flip=0.1, repeat_flip=0.3)


def test_recall_and_specificity_are_what_was_planted(world: World) -> None:
    def flagged(pair: Pair) -> bool:
        return bool(world.seen(pair, SCREEN + AUDITORS)) or world.rescued(pair)

    found = world.evaluation.headline.recall
    assert (found.hits, found.of) == (sum(map(flagged, world.truth)), 40)
    assert world.evaluation.negatives is not None
    quiet = world.evaluation.negatives.specificity
    assert (quiet.hits, quiet.of) == (sum(not flagged(pair) for pair in world.quiet), 20)


def test_each_evaluator_earns_what_was_planted(world: World) -> None:
    rows = {row.name: row for row in world.evaluation.evaluators}
    assert list(rows) == [*SCREEN, *AUDITORS, "rival_0"]
    for name in SCREEN + AUDITORS:
        sees = [pair for pair in world.truth if world.screener.sees(pair, name)]
        # What a rival that confirms a flag would say of the negative is not known: it saves nothing here.
        alone = [pair for pair in sees if world.seen(pair, SCREEN + AUDITORS) == 1]
        assert (rows[name].caught.hits, rows[name].caught.of, rows[name].unique) == (len(sees), 40, len(alone))
        alarms = [pair for pair in world.quiet if world.screener.sees(pair, name)]
        assert rows[name].alarms is not None
        assert rows[name].alarms.hits == len(alarms)


def test_the_votes_are_recounted_as_if_less_had_been_asked(world: World) -> None:
    rows = {row.name: row.recall.hits for row in world.evaluation.variants}
    votes = [world.seen(pair, SCREEN) for pair in world.truth]
    for k in range(1, 7):
        assert rows[f"k = {k}, screen alone"] == sum(count >= k for count in votes)
    assert rows["one plain prompt"] == sum(world.seen(pair, ["view_0"]) for pair in world.truth)
    assert rows["without rival"] == sum(world.seen(pair, SCREEN + AUDITORS) > 0 for pair in world.truth)
    unseen = [p for p in world.truth if not world.seen(p, SCREEN)]
    rescued = sum(world.rescued(p) and not world.seen(p, AUDITORS) for p in unseen)
    assert rows["without sign-off"] == len(world.truth) - len(unseen) + rescued
    assert rows["as run"] == world.evaluation.headline.recall.hits


def test_joint_misses_and_what_the_rival_rescues_are_what_was_planted(world: World) -> None:
    shown = world.evaluation.independence
    assert shown is not None
    assert shown.joint.all_missed.hits == sum(not world.seen(pair, SCREEN) for pair in world.truth)
    both = sum(not world.seen(pair, ["view_0"]) and not world.seen(pair, ["view_1"]) for pair in world.truth)
    assert shown.double_faults[0][1] == pytest.approx(both / 40, abs=1e-6)
    lost = [pair for pair in world.truth if not world.seen(pair, SCREEN + AUDITORS)]
    rescues = world.evaluation.rival_rescues
    assert rescues is not None
    assert (rescues.hits, rescues.of) == (sum(map(world.rescued, lost)), len(lost))
    assert world.evaluation.unseen is not None
    assert world.evaluation.unseen.truly == shown.joint.all_missed.hits


def test_what_all_said_no_to_is_lost_at_sign_off_and_gravest_first(world: World) -> None:
    missed = world.evaluation.missed
    assert missed
    assert {row.lost_at for row in missed} == {LostAt.SIGN_OFF}
    ranks = [row.severity.rank for row in missed if row.severity]
    assert ranks == sorted(ranks)


def test_a_simulated_run_says_so(world: World) -> None:
    assert world.evaluation.simulated


def test_the_curve_ends_where_every_voice_is_heard(world: World) -> None:
    curve = world.evaluation.curve
    assert [point.recall for point in curve] == sorted(point.recall for point in curve)
    assert curve[-1].recall == pytest.approx(world.evaluation.headline.recall.hits / 40)


def test_planted_faults_are_found(faulty: World) -> None:
    evaluation: Evaluation = faulty.evaluation
    assert evaluation.other_names is not None
    assert evaluation.other_names.newly_missed > evaluation.other_names.newly_caught
    assert evaluation.other_names.p < 0.01
    flips = [row.order_flips for row in evaluation.evaluators if row.order_flips]
    assert flips
    assert sum(flip.hits for flip in flips) / sum(flip.of for flip in flips) == pytest.approx(0.1, abs=0.06)
    again = [row.repeat_flips for row in evaluation.evaluators if row.repeat_flips]
    assert sum(flip.hits for flip in again) / sum(flip.of for flip in again) == pytest.approx(0.3, abs=0.1)
    invalid = sum(row.invalid for row in evaluation.evaluators)
    asked = sum(row.questions for row in evaluation.evaluators)
    assert invalid / asked == pytest.approx(0.02, abs=0.01)


def test_a_failed_question_leaves_a_pair_not_checked_and_it_counts_as_missed(faulty: World) -> None:
    lost = [row for row in faulty.evaluation.missed if row.lost_at is LostAt.FAILED]
    assert all(row.decision == "not_checked" for row in lost)
    part = faulty.evaluation.headline
    assert part.recall.of - part.recall.hits >= part.not_checked


def test_every_case_is_accounted_for(faulty: World) -> None:
    run: Run = faulty.run
    assert len({result.case.id for result in run.results}) == len(run.results) == 120
