"""Worlds of simulated votes in which the promise of a calibration is tried: what a counting truly misses is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from druqa.cascade import Cascade
from druqa.measure.ballots import Ballot, Counting, flagged
from druqa.measure.calibrate import design_effect, sequence, tested_counts
from druqa.measure.statistics.promise import kept
from druqa.records import Severity

Pairs = list[tuple[str, str]]


class World(NamedTuple):
    """Evaluators that see a pair with the same mean, more or less alike, and perhaps worse where a drug is hard."""

    names: tuple[str, ...]
    sensitivity: float = 0.75
    false_alarm: float = 0.08
    correlation: float = 0.0
    drugs: int = 0
    """The pairs of one gold set are made of so many drugs; 0: no two share any."""
    hard: float = 0.0
    """Share of drugs of which hardly any pair is seen."""

    def draw(
        self, rng: np.random.Generator, pairs: int, *, interacts: bool = True
    ) -> tuple[list[tuple[Ballot, ...]], Pairs]:
        """The ballots on so many pairs, and their drugs."""
        mean, rho = self.sensitivity if interacts else self.false_alarm, self.correlation
        ease = np.full(pairs, mean) if not rho else rng.beta(mean * (1 / rho - 1), (1 - mean) * (1 / rho - 1), pairs)
        ends = self._ends(rng, pairs)
        if self.hard and interacts:
            hard = rng.random(int(ends.max()) + 1) < self.hard
            ease = np.where(hard[ends].any(axis=1), 0.1 * ease, ease)
        yes = rng.random((pairs, len(self.names))) < ease[:, None]
        cast = [(self._ballot(row),) for row in yes.tolist()]
        return cast, [(f"d{a:05d}", f"d{b:05d}") for a, b in ends.tolist()]

    def _ends(self, rng: np.random.Generator, pairs: int) -> np.ndarray:
        if not self.drugs:
            return np.arange(2 * pairs).reshape(pairs, 2)
        first = rng.integers(0, self.drugs, pairs)
        return np.stack([first, (first + rng.integers(1, self.drugs, pairs)) % self.drugs], axis=1)

    def _ballot(self, said: Sequence[bool]) -> Ballot:
        screen = tuple((name, Severity.MAJOR.rank) for name, yes in zip(self.names, said, strict=True) if yes)
        return Ballot(table=False, rival=False, auditors=frozenset(), screen=screen)


def broken(
    world: World, cascade: Cascade, *, repeats: int, miss_rate: float, confidence: float, pairs: int
) -> list[bool]:
    """For each random gold set, half to order the countings, half to test: whether the chosen one misses too much."""
    many, _ = world._replace(drugs=0).draw(np.random.default_rng(4), 20_000)
    known: dict[str, float] = {}

    def truly_missed(counting: Counting) -> float:
        key = counting.vote.model_dump_json()
        if key not in known:
            known[key] = sum(not flagged(cast, counting) for cast in many) / len(many)
        return known[key]

    outcomes = []
    for split in range(repeats):
        rng = np.random.default_rng([3, split])
        cast, drugs = world.draw(rng, 2 * pairs)
        quiet, _ = world.draw(rng, pairs, interacts=False)
        path = list(sequence(cast[:pairs], quiet, cascade, 2 * miss_rate))
        effect = design_effect(path, cast[:pairs], drugs[:pairs])
        passed = kept(
            tested_counts(path, cast[pairs:], drugs[pairs:], effect), miss_rate=miss_rate, confidence=confidence
        )
        outcomes.append(passed > 0 and truly_missed(path[passed - 1]) > miss_rate)
    return outcomes
