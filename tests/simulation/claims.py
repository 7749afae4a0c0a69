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

from druqa.cascade import Cascade, load_cascade
from druqa.measure.ablation import other_names
from druqa.measure.agreement import independence, misses, rival_rescues
from druqa.measure.ballots import Ballot, Counting, flagged
from druqa.measure.calibrate import sequence, tested_counts
from druqa.measure.statistics.clusters import by_drug
from druqa.measure.statistics.joint import joint_misses
from druqa.measure.statistics.paired import changes
from druqa.measure.statistics.promise import kept
from druqa.measure.statistics.proportions import Proportion
from druqa.records import Severity
from tests.simulation.made import pairs_of, results
from tests.simulation.planted import Planted
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
        change = other_names(results(planted, pairs, small, brands=True), small.vote)
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
            shown = independence(results(planted, pairs, small), small)
            assert shown is not None
            alarms.append(shown.p)
            if rho:
                estimates.append(shown.joint.correlation or 0.0)
                joint = joint_misses(misses(results(planted, pairs, small), shown.names, small))
                from druqa.measure.statistics.joint import all_miss_if_correlated

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
        rescue = rival_rescues(
            results(screen, pairs, small, Planted(truth(pairs), sensitivity=0.4, seed=seed + 9999)), small
        )
        covered.append(rescue is not None and rescue.low <= 0.4 <= rescue.high)
    return [at_least("rival: interval covers the planted 0.4 of what was missed", 0.95, covered)]


def flips(repeats: int) -> list[Claim]:
    """The share of order flips is the planted one."""
    from druqa.measure.ablation import scores

    folder = Path(tempfile.mkdtemp(prefix="druqa-simulated-"))
    both = load_cascade(write_cascade(folder / "small", evaluators=1, auditors=1, evidence=False))
    covered = []
    for seed in range(repeats):
        pairs = pairs_of(100, seed)
        planted = Planted(truth(pairs), sensitivity=0.6, order_flip=0.2, seed=seed)
        turned = [*results(planted, pairs, both), *results(planted, [(b, a) for a, b in pairs], both)]
        score = scores(
            [_joined(one, other) for one, other in zip(turned[:100], turned[100:], strict=True)], [], both, {}
        )
        share = score[0].order_flips
        covered.append(share is not None and share.low <= 0.2 <= share.high)
    return [at_least("flips: interval covers the planted 0.2 of turned name pairs", 0.95, covered)]


def _joined(one: object, other: object) -> object:
    seen = one.seen[0].model_copy(update={"verdicts": (*one.seen[0].verdicts, *other.seen[0].verdicts)})  # type: ignore[attr-defined]
    return one.model_copy(update={"seen": (seen,)})  # type: ignore[attr-defined]


def promise(repeats: int) -> list[Claim]:
    """A calibrated counting misses more than promised no more often than stated, over random splits."""
    small = cascade()
    names = [evaluator.name for evaluator in small.evaluators]
    claims = []
    for rho in (0.0, 0.2):
        world = _Votes(names, sensitivity=0.75, false_alarm=0.08, correlation=rho)
        broken, chosen = [], []
        for split in range(repeats):
            rng = np.random.default_rng([3, split, int(10 * rho)])
            path = list(sequence(world.draw(rng, 150), world.draw(rng, 100, interacts=False), small, 0.2))
            tested = world.draw(rng, 150)
            pairs = [(f"a{n}", f"b{n}") for n in range(150)]
            passed = kept(tested_counts(path, tested, pairs), miss_rate=0.1, confidence=0.9)
            chosen.append(passed)
            broken.append(passed > 0 and world.miss_rate(path[passed - 1]) > 0.1)
        claims.append(at_most(f"calibrate: miss rate 0.1 at 0.9, correlation {rho:g}: broken", 0.1, broken))
        claims.append(
            at_least(f"calibrate: there is a counting to choose, correlation {rho:g}", 0.5, [c > 0 for c in chosen])
        )
    return claims


class _Votes:
    """Ballots of simulated evaluators, and what a counting truly misses of them: measured on very many pairs."""

    def __init__(self, names: Sequence[str], sensitivity: float, false_alarm: float, correlation: float) -> None:
        self._names, self._correlation = names, correlation
        self._mean = {True: sensitivity, False: false_alarm}
        self._many = self.draw(np.random.default_rng(4), 20_000)
        self._known: dict[Counting, float] = {}

    def draw(self, rng: np.random.Generator, pairs: int, *, interacts: bool = True) -> list[tuple[Ballot, ...]]:
        mean, rho = self._mean[interacts], self._correlation
        ease = np.full(pairs, mean) if not rho else rng.beta(mean * (1 / rho - 1), (1 - mean) * (1 / rho - 1), pairs)
        yes = rng.random((pairs, len(self._names))) < ease[:, None]
        rank = Severity.MAJOR.rank
        return [
            (
                Ballot(
                    sure=False,
                    auditors=frozenset(),
                    screen=tuple((n, rank) for n, y in zip(self._names, row, strict=True) if y),
                ),
            )
            for row in yes.tolist()
        ]

    def miss_rate(self, counting: Counting) -> float:
        key = counting._replace(vote=counting.vote.model_dump_json())  # type: ignore[arg-type]
        if key not in self._known:
            self._known[key] = sum(not flagged(cast, counting) for cast in self._many) / len(self._many)
        return self._known[key]


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
