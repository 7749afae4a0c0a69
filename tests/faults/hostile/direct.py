"""The shortest way, for millions: replies through asker, parser, verdict and vote of one pair, with no event loop."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Coroutine, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

from druqa.cascade import Evaluator
from druqa.cascade_files import load_cascade
from druqa.models.asker import Asker
from druqa.models.base import Reply
from druqa.prompts import PromptText
from druqa.records import Drug, DrugPair, Question, Severity, Stage, Verdict
from druqa.report import Decision, DecisionKind
from druqa.stages import evaluate
from druqa.stages.pairs import ListedPair, questions
from druqa.stages.vote import vote
from tests.faults.hostile.content import CONTENT
from tests.faults.hostile.judge import grade_of
from tests.faults.hostile.ledger import Dealt
from tests.faults.hostile.words import Fault, Honest, Means, Said, Voice
from tests.support.cascades import write_cascade
from tests.support.script import Asked, plain_no, yes

PAIR = DrugPair.of(*(Drug(id=name, name=name, known=False) for name in ("zzalphazol", "zzbetazide")))
LISTED = ListedPair(pair=PAIR, names=(("zzalphazol",), ("zzbetazide",)), medications=(0, 1))
MODEL = "openai/alpha"
# What is largest eats time and reaches nothing that a smaller one does not; and nobody is asked for names here.
LEFT_OUT = ("5 MB", "an extra key of", "names of")
FAULTS = tuple(fault for fault in CONTENT if not fault.wire and not fault.name.startswith(LEFT_OUT))
WEIGHTS = [fault.weight for fault in FAULTS]
SEVERITIES = list(Severity)


class Table:
    """A cascade with its questions about one pair: all that stays the same from case to case."""

    def __init__(self, folder: Path) -> None:
        cascade = load_cascade(write_cascade(folder / "direct", evaluators=3, auditors=2, orders="both"))
        assert cascade.sign_off is not None
        self.rule = cascade.vote
        self.asked: list[tuple[Question, Evaluator, Asked]] = []
        for stage, evaluators in (
            (Stage.SCREEN, cascade.prompt_evaluators),
            (Stage.SIGN_OFF, cascade.sign_off.auditors),
        ):
            named = {evaluator.name: evaluator for evaluator in evaluators}
            bound = {evaluator.role or "": (MODEL,) for evaluator in evaluators}
            for question in questions(LISTED, evaluators, bound, "both", stage):
                data = {"question_id": question.id, "Drug 1": question.names[0], "Drug 2": question.names[1]}
                self.asked.append((question, named[question.evaluator], Asked("view", data)))

    def case(self, seed: str) -> Case:
        rng = Random(seed)
        return Case(self, rng, rng.choice([0.03, 0.3, 0.9, 1.0]))


class Case:
    """One pair, each of its questions answered by chance. It stands in for the exchange and the model behind it."""

    ended, closed, damaged, unkept = "", (), 0, 0
    family = "alpha"

    def __init__(self, table: Table, rng: Random, rate: float) -> None:
        self._table, self._rng, self._rate = table, rng, rate
        self._interacts = rng.random() < 0.3
        self.dealt: list[list[Dealt]] = []
        self.kinds: Counter[str] = Counter()

    def model(self, name: str) -> Any:
        return self

    def decide(self) -> Decision:
        """The questions as the flow asks them, then the vote."""
        asker, verdicts = Asker(self, 1_000), []  # type: ignore[arg-type]
        for question, evaluator, asked in self._table.asked:
            self._honest = self._truth(asked)
            self.dealt.append([])
            verdict = _finished(evaluate._ask(question, evaluator, asker))
            if verdict is not None:
                verdicts.append(verdict)
        return vote(PAIR.ids, verdicts, len(self.dealt), self._table.rule)

    def _truth(self, asked: Asked) -> Honest:
        if not self._interacts or self._rng.random() < 0.7:
            return Honest(asked, plain_no(asked), Voice.NO)
        severity = self._rng.choice(SEVERITIES)
        if self._rng.random() < 0.3:
            return Honest(asked, yes(asked, severity, "unclear"), Voice.UNCLEAR)
        return Honest(asked, yes(asked, severity), Voice.YES, severity)

    async def reply(self, name: str, prompt: PromptText, schema: Mapping[str, Any]) -> tuple[str, Reply]:
        rng, honest, dealings = self._rng, self._honest, self.dealt[-1]
        fault = self._fault() if rng.random() < (0.8 if dealings else self._rate) else None
        said = fault.make(honest, rng) if fault else Said(json.dumps(honest.reply))
        dealings.append(Dealt(honest, fault.name if fault else None, fault.means if fault else Means.SAME))
        if fault:
            self.kinds[fault.name] += 1
        return "key", said.as_reply(name)

    def _fault(self) -> Fault | None:
        fault = self._rng.choices(FAULTS, WEIGHTS)[0]
        return fault if fault.fits(self._honest) else None

    def broken(self, decision: Decision) -> Iterator[str]:
        """The promises that the decision breaks."""
        last = [dealings[-1] if dealings else None for dealings in self.dealt]
        if decision.kind is DecisionKind.NONE_FOUND and not all(dealt and dealt.valid_no for dealt in last):
            yield f"NONE FOUND: {[dealt.fault or dealt.honest.voice for dealt in last if dealt and not dealt.valid_no]}"
        grades = [grade_of(dealt) for dealt in last if dealt and dealt.credible_yes]
        if grades and decision.kind is not DecisionKind.FLAGGED:
            yield f"LOST FLAG: {len(grades)} valid yes, and it is {decision.kind}: {decision.reasons[:2]}"
        elif grades and decision.severity and decision.severity.rank > Severity.worst(grades).rank:
            yield f"LOWERED FLAG: {Severity.worst(grades)} was said, {decision.severity} is decided"
        if decision.kind is DecisionKind.FLAGGED and not any(one.may_flag for many in self.dealt for one in many):
            yield f"FLAG OUT OF NOTHING: {decision.reasons[:2]}"


def _finished(coroutine: Coroutine[Any, Any, Verdict | None]) -> Verdict | None:
    """What a coroutine returns that never has to wait."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    raise AssertionError("it waited")
