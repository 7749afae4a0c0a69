"""What a check can pay for, decided before the first pair is asked about."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from druqa.errors import UsageError
from druqa.models.base import ChatModel
from druqa.prompts import Prompt
from druqa.records import ResolvedMedication, Stage
from druqa.setup import Setup
from druqa.stages.pairs import ListedPair
from druqa.stages.plan import priced_question


class Spend(NamedTuple):
    """The most that something may cost."""

    calls: int = 0
    usd: float = 0.0
    """US dollars by the plan's estimate of tokens; 0 where no budget in dollars is set."""

    def times(self, count: int) -> Spend:
        """So many of it."""
        return Spend(self.calls * count, self.usd * count)

    def plus(self, other: Spend) -> Spend:
        """Both together."""
        return Spend(self.calls + other.calls, self.usd + other.usd)


class Budget:
    """What can be paid for: names first, then whole pairs as they are asked for, each at the most it may cost."""

    def __init__(self, setup: Setup, drugs: int) -> None:
        """Set the budget of the settings aside, and from it what further names of so many drugs cost.

        Raises:
            UsageError: if there is a budget in dollars, and the price of a bound model is not known.

        """
        cascade, self._usd = setup.cascade, setup.settings.budget_usd
        self._calls, self._models = setup.settings.most_calls, setup.binding.models
        if self._usd is not None:
            _prices_are_known(self._models.values())
        self._left = Spend(self._calls, self._usd or 0.0)
        names = self._cost(setup, [(Stage.NAMES, p.role, p.prompt) for p in cascade.names.prompts]).times(drugs)
        self.names_fit = self._take(names)
        """Whether models can be asked for further names."""
        evaluators = (*cascade.prompt_evaluators, *setup.auditors)
        asked = [(Stage.SCREEN, e.role or "", e.prompt) for e in evaluators if e.prompt]
        self._per_names = self._cost(setup, asked).times(2 if cascade.orders == "both" else 1)
        self._per_pair = self._cost(setup, [(Stage.REVIEW, rival.role, rival.prompt) for rival in cascade.rival])
        if cascade.answer and (answerers := setup.models(cascade.answer.role)[:1]):
            self._per_pair = self._per_pair.plus(self._one(Stage.ANSWER, cascade.answer.prompt, answerers[0]))
        self.cut = 0
        """Pairs that it did not reach."""

    def _cost(self, setup: Setup, prompts: Iterable[tuple[Stage, str, Prompt]]) -> Spend:
        """What one question by each of the prompts to each model of its role may cost."""
        total = Spend()
        for stage, role, prompt in prompts:
            for model in setup.models(role):
                total = total.plus(self._one(stage, prompt, model))
        return total

    def _one(self, stage: Stage, prompt: Prompt, model: str) -> Spend:
        usd = priced_question(stage, prompt, self._models[model]) if self._usd is not None else None
        return Spend(1, usd or 0.0)

    def _take(self, cost: Spend) -> bool:
        if cost.calls > self._left.calls or (self._usd is not None and cost.usd > self._left.usd):
            return False
        self._left = self._left.plus(cost.times(-1))
        return True

    @property
    def limit(self) -> str:
        """The budget in words."""
        calls = [f"{self._calls:,} model calls"] if self._calls < sys.maxsize else []
        return " and ".join([*calls, *([f"${self._usd:g}"] if self._usd is not None else [])])

    @property
    def notes(self) -> tuple[str, ...]:
        """What the budget did not reach; the pairs themselves stand in the report as not asked about."""
        spent = f"the budget of {self.limit} does not reach"
        notes = []
        if not self.names_fit:
            notes.append(f"{spent} for all: no model was asked for further names")
        if self.cut:
            notes.append(f"{spent} for all: models were not asked about {self.cut:,} of the pairs")
        return tuple(notes)

    def beyond(self, pair: ListedPair) -> str:
        """Why the pair's questions do not fit in what is left; empty if they do, and then they are taken from it.

        Nothing is asked about a pair with words that cannot be a name.
        """
        if not all(pair.names):
            return ""
        name_pairs = len(pair.names[0]) * len(pair.names[1])
        if self._take(self._per_names.times(name_pairs).plus(self._per_pair)):
            return ""
        self.cut += 1
        return f"the budget of {self.limit} does not reach this pair"


def drugs_of(resolved: Sequence[ResolvedMedication]) -> int:
    """How many distinct drugs models are asked about."""
    return len({drug.id for medication in resolved for drug in medication.drugs if not drug.unasked})


def _prices_are_known(models: Iterable[ChatModel]) -> None:
    if unknown := sorted(model.name for model in models if model.price is None):
        raise UsageError(
            f"the price of {', '.join(unknown)} is not known, so a budget in dollars cannot be kept",
            where="budget_usd",
            mend="give --budget-calls in its place",
        )
