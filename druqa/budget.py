"""What a check can pay for, decided before the first pair is asked about."""

from __future__ import annotations

from collections.abc import Sequence

from druqa.records import ResolvedMedication
from druqa.setup import Setup
from druqa.stages.pairs import ListedPair, asks


class Budget:
    """What can be paid for: names first, then whole pairs in the order of their ids, each at the most it may cost."""

    def __init__(self, setup: Setup, resolved: Sequence[ResolvedMedication]) -> None:
        cascade, bound = setup.cascade, setup.binding.roles
        drugs = len({drug.id for medication in resolved for drug in medication.drugs if not drug.unasked})
        names = drugs * sum(len(bound[prompt.role]) for prompt in cascade.names.prompts)
        self._limit = setup.settings.budget_calls
        self.names_fit = names <= self._limit
        """Whether models can be asked for further names."""
        self._left = self._limit - (names if self.names_fit else 0)
        self._per_names = asks((*cascade.prompt_evaluators, *setup.auditors), bound, cascade.orders)
        self._per_pair = sum(len(bound[rival.role]) for rival in cascade.rival) + (1 if cascade.answer else 0)
        self._cut = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What the budget did not reach; the pairs themselves stand in the report as not asked about."""
        spent = f"the budget of {self._limit} model calls does not reach"
        notes = []
        if not self.names_fit:
            notes.append(f"{spent} for all: no model was asked for further names")
        if self._cut:
            notes.append(f"{spent} for all: models were not asked about {self._cut} of the pairs")
        return tuple(notes)

    def fits(self, pair: ListedPair) -> bool:
        """Whether the pair's questions fit in what is left; takes them from it if they do.

        Nothing is asked about a pair with words that cannot be a name.
        """
        if not all(pair.names):
            return True
        cost = len(pair.names[0]) * len(pair.names[1]) * self._per_names + self._per_pair
        if cost > self._left:
            self._cut += 1
            return False
        self._left -= cost
        return True
