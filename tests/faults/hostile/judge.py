"""Holds a report against the ledger. Every line here is a promise; each is seen to fail in `test_campaign.py`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from druqa.records import Severity
from druqa.report import DecisionKind, PairReport, Report
from tests.faults.hostile.ledger import Dealt, Key, Ledger
from tests.faults.hostile.words import CANARY, Means, Voice
from tests.faults.hostile.world import LISTED, QUIET, Pair

GRACE_S = 2.0
NAMES = ("names_brand", "names_synonym")
"""How the prompts for names are called that `write_cascade` writes."""
CLOCK = re.compile("no whole reply within|deadline")
"""What druqa says where a call was cut off: a reply may have been on its way."""


class Judge:
    """Judges the reports of one world."""

    def __init__(
        self, ledger: Ledger, screeners: Sequence[str], rivals: Sequence[str], *, excused: re.Pattern[str] | None = None
    ) -> None:
        self.ledger, self.world = ledger, ledger.world
        self.out_of_time = 0
        """Pairs with a valid yes that cannot be judged: druqa says that the clock cut the call off."""
        self._excused = excused
        self._screeners, self._rivals = screeners, rivals
        self._about: dict[Pair, list[tuple[Key, list[Dealt]]]] = defaultdict(list)
        for key, dealt in ledger.book.items():
            if len(key.names) == 2 and key.prompt != "answer":
                self._about[frozenset(self.world.drug(name) for name in key.names)].append((key, dealt))

    def broken(self, reports: Sequence[Report]) -> Iterator[str]:
        """Every promise that the reports of the world's lists break, in a sentence."""
        for report, medications, pairs in zip(reports, self.world.lists, self.world.pairs, strict=True):
            yield from self._conserved(report, pairs)
            try:
                written = report.model_dump_json()
            except ValueError as error:
                yield f"EXCEPTION: the report of {medications} cannot be written: {error}"
            else:
                if CANARY in written:
                    yield f"LEAK: the key stands in the report of {medications}"
            for pair in report.pairs:
                if frozenset(pair.drugs) in pairs:
                    yield from self._pair(pair)

    def _conserved(self, report: Report, pairs: set[Pair]) -> Iterator[str]:
        counts = report.questions
        if counts.planned != counts.answered + counts.failed + counts.not_asked:
            yield f"CONSERVATION: {counts}"
        if missing := pairs - {frozenset(pair.drugs) for pair in report.pairs}:
            yield f"CONSERVATION: pairs are not in the report: {sorted(map(sorted, missing))}"
        tables = len(report.pairs) * 2 * self.world.shape.evidence
        could = sum(dealt[-1].means is not Means.NOTHING or _unsure(dealt) for dealt in self.ledger.book.values())
        if len(self.world.lists) == 1 and counts.answered - tables > could:
            yield f"CONSERVATION: {counts.answered - tables} questions answered, and only {could} had a reply"

    def _pair(self, pair: PairReport) -> Iterator[str]:
        drugs = frozenset(pair.drugs)
        about = self._about[drugs]
        if pair.decision is DecisionKind.NONE_FOUND:
            yield from (f"NONE FOUND on {pair.drugs}: {why}" for why in self._not_earned(pair))
        grades = [grade_of(dealt[-1]) for _, dealt in about if dealt[-1].credible_yes]
        if grades and pair.decision is not DecisionKind.FLAGGED and self._cut_off(pair):
            self.out_of_time += 1
        elif grades and pair.decision is not DecisionKind.FLAGGED:
            yield f"LOST FLAG on {pair.drugs}: {len(grades)} valid yes, and it is {pair.decision}: {pair.reasons[:2]}"
        elif (
            not self._cut_off(pair)
            and grades
            and pair.severity
            and pair.severity.rank > min(grade.rank for grade in grades)
        ):
            yield f"LOWERED FLAG on {pair.drugs}: {Severity.worst(grades)} was said, {pair.severity} is reported"
        voices = any(said.may_flag for _, dealt in about for said in dealt)
        if pair.decision is DecisionKind.FLAGGED and not voices and not drugs <= {*QUIET, *LISTED}:
            yield f"FLAG OUT OF NOTHING on {pair.drugs}: {pair.reasons[:2]}"

    def _cut_off(self, pair: PairReport) -> bool:
        """Whether druqa says of one of its questions that the reply did not come, where it cannot be known."""
        return self._excused is not None and any(self._excused.search(verdict.reason) for verdict in pair.verdicts)

    def _not_earned(self, pair: PairReport) -> Iterator[str]:
        """Why a pair has not earned `none_found`: checks that were due and did not end in a valid no."""
        for key, dealt in self._about[frozenset(pair.drugs)]:
            if not dealt[-1].valid_no and key.negative:
                yield f"{key} was last dealt {dealt[-1].fault or dealt[-1].honest.voice}"
        for wanted in self._due(pair.drugs):
            if not any(key in self.ledger.book and self.ledger.book[key][-1].valid_no for key in wanted):
                yield f"{wanted[0]} was due and was not asked, or had no valid no"

    def _due(self, drugs: tuple[str, str]) -> Iterator[Sequence[Key]]:
        """Every check that the cascade plans for a pair; of the keys of one, any will do."""
        shape, book = self.world.shape, self.ledger.book
        for model, drug, n in product(self._screeners, drugs, range(shape.name_prompts)):
            yield [Key(model, NAMES[n], (drug,))]
        evaluators = [f"view_{n}" for n in range(shape.evaluators)] + [f"audit_{n}" for n in range(shape.auditors)]
        names = [(drug, *self._proposed(drug)) for drug in drugs]
        for model, evaluator, (one, other) in product(self._screeners, evaluators, product(*names)):
            keys = [Key(model, evaluator, (one, other)), Key(model, evaluator, (other, one))]
            yield from [[key] for key in keys] if shape.orders == "both" else [keys]
        for model, n in product(self._rivals, range(shape.rivals)):
            yield [
                key for key in (Key(model, f"rival_{n}", order) for order in (drugs, drugs[::-1])) if key in book
            ] or [Key(model, f"rival_{n}", drugs)]

    def _proposed(self, drug: str) -> Iterable[str]:
        """The proposed names that have to be asked about: the first of each model, in the order of the prompts."""
        shape = self.world.shape
        for model in self._screeners if shape.proposed_names else ():
            for n in range(shape.name_prompts):
                dealt = self.ledger.book.get(Key(model, NAMES[n], (drug,)))
                if dealt and dealt[-1].means is Means.SAME and (names := dealt[-1].honest.reply["names"]):
                    yield names[0]
                    break
                if dealt and dealt[-1].means is Means.MAY:
                    break


def _unsure(dealt: Sequence[Dealt]) -> bool:
    """Whether any of a question's replies was a voice of a kind: it may stand where asking again brought nothing."""
    return any(said.means is Means.UNSURE for said in dealt)


def grade_of(dealt: Dealt) -> Severity:
    return Severity(dealt.honest.severity) if dealt.honest.voice is Voice.YES else Severity.UNKNOWN


def in_time(took_s: float, deadline_s: float) -> Iterator[str]:
    """Whether a run kept its deadline."""
    if took_s > deadline_s + GRACE_S:
        yield f"LATE: {took_s:.1f} s with a deadline of {deadline_s:g} s"
