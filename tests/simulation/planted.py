"""Simulated evaluators whose faults are known: what the evaluation finds is held against what was planted.

Every reply follows from a hash of the seed, the pair and the evaluator: the same question always gets the same reply.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from druqa.knowledge.loading import load_synonyms
from tests.support.script import Asked, plain_no

Pair = frozenset[str]


@dataclass
class Planted:
    """How well a simulated model sees, in truth. `truth` holds the drug ids of the pairs that interact."""

    truth: Mapping[Pair, str]
    """Interacting pair to its severity."""
    sensitivity: float = 0.7
    specificity: float = 0.95
    correlation: float = 0.0
    """Of two evaluators' misses on a pair (beta-binomial, intraclass)."""
    own: Mapping[str, float] = field(default_factory=dict)
    """Sensitivity of evaluators that differ from the rest, by name."""
    noise: float = 0.0
    """Share of the yes that are lost at random, under each pair of names by itself."""
    weakness: float = 0.0
    """Share of the yes that are lost where a drug is asked about by another name than its generic one."""
    failure: float = 0.0
    """Share of questions that get no valid reply."""
    order_flip: float = 0.0
    """Share of pairs and evaluators that say otherwise when the second drug is named first."""
    repeat_flip: float = 0.0
    """Share of questions that are answered otherwise the second time."""
    seed: int = 0

    def __post_init__(self) -> None:
        self._synonyms = load_synonyms()
        self._asked: Counter[str] = Counter()

    def says(self, asked: Asked) -> dict[str, Any] | str | None:
        """The reply to one prompt, as `tests.support.loopback` and `ScriptedModel` take it."""
        if asked.prompt.startswith("names_") or asked.prompt == "answer":
            return None
        question = asked.data["question_id"]
        names = asked.data["Drug 1"], asked.data["Drug 2"]
        if self._chance("failure", question) < self.failure:
            return "I would rather not say."
        again = self._asked[question]
        self._asked[question] += 1
        drugs = [self.drug(name) for name in names]
        yes = self.answers(asked.prompt, names, drugs)
        if again and self._chance("repeat", question) < self.repeat_flip:
            yes = not yes
        severity = self.truth.get(frozenset(drugs), "moderate")
        return self._reply(asked, severity) if yes else self._no(asked)

    def answers(self, evaluator: str, names: Sequence[str], drugs: Sequence[str]) -> bool:
        """Whether an evaluator says yes, asked by these names in this order."""
        yes = self.sees(frozenset(drugs), evaluator)
        if yes and self._chance("noise", evaluator, *sorted(names)) < self.noise:
            yes = False
        if yes and any(name.casefold() != drug for name, drug in zip(names, drugs, strict=True)):
            yes = self._chance("name", evaluator, *sorted(names)) >= self.weakness
        if list(drugs) != sorted(drugs) and self._chance("order", evaluator, *sorted(drugs)) < self.order_flip:
            yes = not yes
        return yes

    def sees(self, pair: Pair, evaluator: str) -> bool:
        """Whether an evaluator says yes of a pair under its generic names: the planted truth of it."""
        interacts = pair in self.truth
        mean = self.own.get(evaluator, self.sensitivity) if interacts else 1 - self.specificity
        return self._chance("sees", evaluator, *sorted(pair)) < self._ease(pair, mean)

    def _ease(self, pair: Pair, mean: float) -> float:
        """How likely this pair is seen by any evaluator of that mean: beta-distributed over pairs."""
        if not self.correlation or mean in (0.0, 1.0):
            return mean
        from scipy.stats import beta

        spread = (1 - self.correlation) / self.correlation
        return float(beta.ppf(self._chance("ease", *sorted(pair)), mean * spread, (1 - mean) * spread))

    def _chance(self, *parts: str) -> float:
        digest = hashlib.sha256("\0".join((str(self.seed), *parts)).encode()).digest()
        return int.from_bytes(digest[:8], "big") / 2**64

    def drug(self, name: str) -> str:
        """The id of the drug that a name means."""
        known = self._synonyms.plain(name)
        return known[0] if known else name.casefold()

    @staticmethod
    def _no(asked: Asked) -> dict[str, Any] | None:
        if asked.prompt.startswith("rival") and "No clinically relevant" not in asked.data["answer"]:
            reply = plain_no(asked)
            return {**reply, "view": "disputes"}
        return None

    @staticmethod
    def _reply(asked: Asked, severity: str) -> dict[str, Any]:
        if asked.prompt.startswith("rival"):
            view = "disputes" if "No clinically relevant" in asked.data["answer"] else "confirms"
            return {**asked.echo, "view": view, "severity": severity, "reason": "simulated yes"}
        return {
            **asked.echo,
            "outcome": "interaction",
            "severity": severity,
            "mechanism": "simulated",
            "reason": "simulated yes",
        }
