"""How often the intervals of `druqa.measure.statistics.capture` hold the number of pairs that was truly missed.

`python -m tests.simulation.coverage [--repeats 500]` prints the table. The pairs come from one of three worlds: `beta`,
the beta-binomial that `correlated` itself assumes; `two kinds`, hard and easy pairs with the same mean and correlation;
`unequal`, the beta world with evaluators that are not equally good, from -1 to 1 on the scale of the log odds.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from druqa.measure.statistics.capture import StillMissed, chao, correlated
from druqa.measure.statistics.proportions import Proportion

PAIRS = 300
SEED = 20260101
MODELS: dict[str, Callable[[Sequence[int], int], StillMissed | None]] = {"chao": chao, "correlated": correlated}
HEAD = (
    "model       world      correlation  evaluators  detection  truly missed  not fitted  coverage  95 % Monte Carlo  "
    "truth above  no bound  estimate / truth\n"
)


class World(NamedTuple):
    """What is planted."""

    kind: str
    correlation: float
    evaluators: int
    detection: float

    @property
    def spread(self) -> float:
        """The standard deviation of the pairs' chances to be caught."""
        return math.sqrt(self.correlation * self.detection * (1 - self.detection))


WORLDS = (
    *(World(*planted) for planted in product(("beta",), (0.0, 0.3, 0.6), (6, 12), (0.3, 0.7))),
    *(World(*planted) for planted in product(("two kinds", "unequal"), (0.3,), (6, 12), (0.3, 0.7))),
)


def draws(world: World, repeats: int) -> Iterator[list[int]]:
    """By how many evaluators each of the pairs is caught, 0 included, as often as asked."""
    rng = np.random.default_rng([SEED, WORLDS.index(world)])
    for _ in range(repeats):
        chances = np.repeat(_chances(world, rng)[:, None], world.evaluators, axis=1)
        if world.kind == "unequal":
            odds = chances / np.maximum(1 - chances, 1e-12) * np.exp(np.linspace(-1, 1, world.evaluators))
            chances = odds / (1 + odds)
        yield (rng.random(chances.shape) < chances).sum(axis=1).tolist()


def _chances(world: World, rng: np.random.Generator) -> NDArray[np.float64]:
    """Each pair's chance to be caught by an evaluator of the middle."""
    if not world.correlation:
        return np.full(PAIRS, world.detection)
    if world.kind == "two kinds":
        return world.detection + world.spread * rng.choice([-1.0, 1.0], PAIRS)
    size = (1 - world.correlation) / world.correlation
    return rng.beta(world.detection * size, (1 - world.detection) * size, PAIRS)


def row(model: str, world: World, repeats: int) -> str:
    """A line of the table: medians of what is missed and of estimate to truth, shares of the rest."""
    drawn = [(counts.count(0), [count for count in counts if count]) for counts in draws(world, repeats)]
    tried = [(truth, MODELS[model](caught, world.evaluators)) for truth, caught in drawn]
    found = [(truth, one, math.inf if one.high is None else one.high) for truth, one in tried if one]
    held = Proportion.counted(sum(one.low <= truth <= high for truth, one, high in found), len(found))
    ratios = [one.estimate / truth for truth, one, _ in found if truth]
    cells = (
        f"{model:<10}  {world.kind:<9}  {world.correlation:>11}  {world.evaluators:>10}  {world.detection:>9}",
        f"{np.median([truth for truth, _ in drawn]):>12.0f}  {repeats - len(found):>10}  {held.value or 0:>8.3f}",
        f"   {held.low:.3f} to {held.high:.3f}",
        f"{np.mean([truth > high for truth, _, high in found]):>11.3f}",
        f"{np.mean([one.high is None for _, one, _ in found]):>8.3f}",
        f"{np.median(ratios):>16.2f}" if len(ratios) > repeats / 2 else f"{'-':>16}",
    )
    return "  ".join(cells) + "\n"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=500)
    repeats = parser.parse_args().repeats
    sys.stdout.write(HEAD)
    for model, world in product(MODELS, WORLDS):
        sys.stdout.write(row(model, world, repeats))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
