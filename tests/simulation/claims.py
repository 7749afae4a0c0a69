"""Holds the statistics of `druqa eval` against planted truth: `python -m tests.simulation.claims [CLAIM...]`.

Every figure is SIMULATED: evaluators, pairs and truth are made up. A claim fails if it is missed by more than three
Monte-Carlo standard errors. With --repeats the worlds of each claim are so many; all is fixed by the seed.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from druqa.cascade import Cascade
from druqa.cascade_files import load_cascade
from druqa.measure.agreement import independence, misses, rival_rescues
from druqa.measure.recount import count
from druqa.measure.results import Result
from druqa.measure.statistics.clusters import by_drug
from druqa.measure.statistics.joint import all_miss_if_correlated, joint_misses
from druqa.measure.statistics.paired import changes
from druqa.measure.statistics.proportions import Proportion
from druqa.measure.voices import other_names, scores
from tests.simulation.made import pairs_of, results
from tests.simulation.planted import Planted
from tests.simulation.promises import World, broken
from tests.support.cascades import write_cascade

EVALUATORS = 6


class Claim(NamedTuple):
    """What must hold in simulation, and how often it did."""

    name: str
    wanted: str
    found: Proportion
    holds: bool

    def __str__(self) -> str:
        interval = f"({self.found.low:.3f}-{self.found.high:.3f})"
        return (
            f"{'holds' if self.holds else 'FAILS'}  {self.name:<66} {self.wanted:<10} {self.found.value:.3f} {interval}"
        )


def at_least(name: str, share: float, outcomes: Sequence[bool]) -> Claim:
    found = Proportion.counted(sum(outcomes), len(outcomes))
    return Claim(name, f">= {share:g}", found, (found.value or 0) >= share - _slack(share, len(outcomes)))


def at_most(name: str, share: float, outcomes: Sequence[bool]) -> Claim:
    found = Proportion.counted(sum(outcomes), len(outcomes))
    return Claim(name, f"<= {share:g}", found, (found.value or 0) <= share + _slack(share, len(outcomes)))


def _slack(share: float, repeats: int) -> float:
    return 3 * math.sqrt(share * (1 - share) / repeats)


def cascade() -> Cascade:
    folder = Path(tempfile.mkdtemp(prefix="druqa-simulated-"))
    return load_cascade(write_cascade(folder / "small", evaluators=EVALUATORS, auditors=1, rivals=1, evidence=False))


def truth(pairs: Sequence[tuple[str, str]]) -> dict[frozenset[str], str]:
    return {frozenset(pair): "major" for pair in pairs}


def recall(repeats: int) -> list[Claim]:
    """The exact interval of recall covers the planted recall; the interval by drug does so where misses cluster."""
    rng = np.random.default_rng(1)
    plain = [Proportion.counted(int(rng.binomial(100, 0.9)), 100) for _ in range(repeats)]
    covered, exact = [], []
    pairs = [(f"d{a:02d}", f"d{b:02d}") for a in range(40) for b in range(a + 1, 40) if (a * 7 + b) % 4 == 0]
    for _ in range(repeats):
        # Each drug is hard or easy: a pair is missed through either of its drugs.
        hard = {f"d{number:02d}": rng.random() for number in range(40)}
        hits = [rng.random() > 0.25 * ((hard[a] > 0.85) + (hard[b] > 0.85)) * 1.6 for a, b in pairs]
        expected = 1 - 0.25 * 2 * 0.15 * 1.6
        spread = by_drug(hits, pairs, resamples=400)
        covered.append(spread.low <= expected <= spread.high)
        alone = Proportion.counted(sum(hits), len(hits))
        exact.append(alone.low <= expected <= alone.high)
    return [
        at_least("recall: exact interval covers, independent pairs", 0.95, [p.low <= 0.9 <= p.high for p in plain]),
        at_least("recall: interval by drug covers, misses cluster on drugs", 0.90, covered),
        at_most("recall: exact interval covers there (that is why it is not enough)", 0.90, exact),
    ]


def comparison(repeats: int) -> list[Claim]:
    """A planted gain between two runs is found; without one there is no alarm."""
    rng = np.random.default_rng(2)

    def found(gain: float) -> bool:
        ease = rng.random(400)
        before = ease < 0.8
        after = np.where(rng.random(400) < 0.9, ease < 0.8 + gain, rng.random(400) < 0.8 + gain)
        return changes({"all": list(zip(before.tolist(), after.tolist(), strict=True))})[0].p_adjusted <= 0.05

    return [
        at_least("compare: recall 0.80 -> 0.87 on 400 pairs is found", 0.8, [found(0.07) for _ in range(repeats)]),
        at_most("compare: no difference raises an alarm", 0.05, [found(0.0) for _ in range(repeats)]),
    ]


def names(repeats: int) -> list[Claim]:
    """A weakness for other names is found; without one there is no alarm."""
    small = cascade()

    def found(weakness: float, seed: int) -> bool:
        pairs = pairs_of(60, seed)
        planted = Planted(truth(pairs), sensitivity=0.6, correlation=0.3, noise=0.2, weakness=weakness, seed=seed)
        change = other_names(count(results(planted, pairs, small, brands=True), small.vote), small.vote)
        return change is not None and change.p <= 0.05

    return [
        at_least(
            "names: 20 % weaker under other names, 60 pairs, is found", 0.8, [found(0.2, n) for n in range(repeats)]
        ),
        at_most("names: no weakness raises an alarm", 0.05, [found(0.0, n) for n in range(repeats)]),
    ]


def correlation(repeats: int) -> list[Claim]:
    """Evaluators that miss together are told from independent ones, and the correlation is about right."""
    small = cascade()
    found: dict[float, list[float]] = {0.0: [], 0.15: []}
    estimates, covered = [], []
    for seed in range(repeats):
        pairs = pairs_of(200, seed)
        for rho, alarms in found.items():
            planted = Planted(truth(pairs), sensitivity=0.7, correlation=rho, seed=seed)
            counted = count(results(planted, pairs, small), small.vote)
            shown = independence(counted, small, [])
            assert shown is not None
            alarms.append(shown.p)
            if rho:
                estimates.append(shown.joint.correlation or 0.0)
                joint = joint_misses(misses(counted, shown.names, []))
                truly = all_miss_if_correlated(EVALUATORS, 0.3, rho)
                covered.append(joint.all_missed.low <= truly <= joint.all_missed.high)
    return [
        at_least(
            "independence: correlation 0.15 of 6 evaluators, 200 pairs, is found", 0.8, [p <= 0.05 for p in found[0.15]]
        ),
        at_most("independence: independent evaluators raise an alarm", 0.05, [p <= 0.05 for p in found[0.0]]),
        at_least(
            "independence: estimate within 0.08 of the planted 0.15", 0.9, [abs(e - 0.15) <= 0.08 for e in estimates]
        ),
        at_least("independence: interval covers the share that all miss", 0.95, covered),
    ]


def rival(repeats: int) -> list[Claim]:
    """The interval of what the rival rescues covers the planted share."""
    small = cascade()
    covered = []
    for seed in range(repeats):
        pairs = pairs_of(200, seed)
        screen = Planted(truth(pairs), sensitivity=0.2, seed=seed)
        second = Planted(truth(pairs), sensitivity=0.4, seed=seed + 9999)
        rescue = rival_rescues(count(results(screen, pairs, small, second), small.vote))
        covered.append(rescue is not None and rescue.low <= 0.4 <= rescue.high)
    return [at_least("rival: interval covers the planted 0.4 of what was missed", 0.95, covered)]


def flips(repeats: int) -> list[Claim]:
    """The share of order flips is the planted one."""
    folder = Path(tempfile.mkdtemp(prefix="druqa-simulated-"))
    both = load_cascade(write_cascade(folder / "small", evaluators=1, auditors=1, evidence=False))
    covered = []
    for seed in range(repeats):
        pairs = pairs_of(100, seed)
        planted = Planted(truth(pairs), sensitivity=0.6, order_flip=0.2, seed=seed)
        turned = [*results(planted, pairs, both), *results(planted, [(b, a) for a, b in pairs], both)]
        joined = [_joined(one, other) for one, other in zip(turned[:100], turned[100:], strict=True)]
        score = scores(count(joined, both.vote), [], both, [], {})
        share = score[0].order_flips
        covered.append(share is not None and share.low <= 0.2 <= share.high)
    return [at_least("flips: interval covers the planted 0.2 of turned name pairs", 0.95, covered)]


def _joined(one: Result, other: Result) -> Result:
    seen = one.seen[0].model_copy(update={"verdicts": (*one.seen[0].verdicts, *other.seen[0].verdicts)})
    return one.model_copy(update={"seen": (seen,)})


def promise(repeats: int) -> list[Claim]:
    """A calibrated counting misses more than promised no more often than stated, over random gold sets."""
    small = cascade()
    names = tuple(evaluator.name for evaluator in small.evaluators)
    worlds = {
        "independent evaluators": World(names),
        "correlation 0.2": World(names, correlation=0.2),
        "100 drugs, truth just above": World(names, drugs=100, hard=0.092),
        "40 drugs, truth just above": World(names, drugs=40, hard=0.092),
    }
    return [
        at_most(
            f"calibrate: 0.1 at 0.9, {name}: broken",
            0.1,
            broken(world, small, repeats=repeats, miss_rate=0.1, confidence=0.9, pairs=150),
        )
        for name, world in worlds.items()
    ]


CLAIMS: dict[str, tuple[Callable[[int], list[Claim]], int]] = {
    "recall": (recall, 500),
    "compare": (comparison, 2000),
    "names": (names, 300),
    "independence": (correlation, 200),
    "rival": (rival, 300),
    "flips": (flips, 300),
    "calibrate": (promise, 1000),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("claims", nargs="*", choices=[*CLAIMS, []], default=[])
    parser.add_argument("--repeats", type=int)
    given = parser.parse_args()
    print("SIMULATED evaluators, pairs and truth; share of worlds, with its 95 % Monte-Carlo interval")
    held = True
    for name in given.claims or CLAIMS:
        claim, repeats = CLAIMS[name]
        for one in partial(claim, given.repeats or repeats)():
            print(one, flush=True)
            held &= one.holds
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
