"""Runs the cases of a suite through the whole flow and keeps, for each, everything that its score rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from druqa.flow import each_report
from druqa.knowledge.evidence import Evidence
from druqa.knowledge.evidence_tables import Tables
from druqa.measure.cases import Case
from druqa.measure.lists import Lists
from druqa.measure.results import INVALID, Line, ListResult, Result, Seen, lost_at
from druqa.measure.suite import Suite
from druqa.models.base import ChatModel, Price, Reply
from druqa.models.binding import Binding, Given
from druqa.prompts import PromptText
from druqa.records import Medication, Stage, Verdict
from druqa.report import DecisionKind, Report
from druqa.session import run
from druqa.settings import Settings
from druqa.setup import Setup, set_up
from druqa.stages.names import resolve
from druqa.stages.vote import is_credible_yes


@dataclass(frozen=True)
class Run:
    """The results of a suite, and what they were run with."""

    setup: Setup
    results: tuple[Result, ...]
    lists: tuple[ListResult, ...]
    flips: Mapping[str, tuple[int, int]]
    """Evaluator to how often it contradicted itself when asked the same again, of how many."""
    answered_as: Mapping[str, tuple[str, ...]]
    beside: int
    """Calls for whole lists and for asking again: in no case's cost."""


Tell = Callable[[Report], None]


def set_up_suite(suite: Suite, cascade: str | Path | None, models: Given | None, settings: Settings | None) -> Setup:
    """The setup of a suite: its cascade, with or without tables, and every evaluator asked about every pair.

    Raises:
        DruqaError: if the cascade, a binding or a table is wrong.

    """
    setup = replace(set_up(cascade or suite.cascade, models, settings), exhaustive=True)
    if suite.tables:
        return setup
    # The rival reads what the tables know of a drug: without tables, nobody may.
    bare = setup.cascade.model_copy(update={"evaluators": setup.cascade.prompt_evaluators})
    return replace(setup, cascade=bare, evidence=Evidence(Tables((), (), ())), own=())


def run_cases(
    cases: Sequence[Case],
    setup: Setup,
    lists: Lists = MappingProxyType({}),
    repeats: int = 0,
    tell: Tell = lambda _: None,
) -> Run:
    """Check every case as a list of two lines, and every whole list; then ask some cases a second time.

    Args:
        cases: what is asked about.
        setup: the cascade with its models and tables.
        lists: by the list's id its kind and its lines.
        repeats: how many cases are asked again, in the order of their ids.
        tell: called with each report as it comes.

    """
    answered: dict[str, set[str]] = {}
    beside: list[int] = []
    targets = _Targets(setup)

    def take(index: int, report: Report) -> Result:
        tell(report)
        for role, use in report.models.items():
            answered.setdefault(role, set()).update(use.answered_as)
        return _result(cases[index], report, targets)

    results = run(each_report([case.pair.written for case in cases], setup, take))
    ids = list(lists)

    def count(index: int, report: Report) -> ListResult:
        tell(report)
        beside.append(report.cost.calls)
        return _list_result(ids[index], lists[ids[index]][0], report)

    burden = run(each_report([lists[id_][1] for id_ in ids], replace(setup, exhaustive=False), count))
    chosen = {case.id for case in asked_again(cases, setup, repeats)}
    flips, calls = _flips([result for result in results if result.case.id in chosen], setup, tell)
    return Run(
        setup=setup,
        results=tuple(results),
        lists=tuple(burden),
        flips=flips,
        answered_as={role: tuple(sorted(names)) for role, names in sorted(answered.items())},
        beside=sum(beside) + calls,
    )


def asked_again(cases: Sequence[Case], setup: Setup, repeats: int) -> list[Case]:
    """The cases that are asked a second time: the first by their ids, which are hashes; none where no model is."""
    return sorted(cases, key=lambda case: case.id)[:repeats] if setup.binding.models else []


class _Targets:
    """Which drugs a gold name means, each looked up once."""

    def __init__(self, setup: Setup) -> None:
        self._synonyms = setup.synonyms
        self._known: dict[str, frozenset[str]] = {}

    def __getitem__(self, drug: str) -> frozenset[str]:
        if drug not in self._known:
            (resolved,) = resolve([Medication(text=drug)], self._synonyms)
            # What a name only may mean is not what the gold means.
            meant = {match.drug for match in resolved.matches if not match.guess}
            self._known[drug] = frozenset(found.name for found in resolved.drugs if found.id in meant)
        return self._known[drug]


def _result(case: Case, report: Report, targets: _Targets) -> Result:
    first, second = (targets[drug] for drug in case.pair.drugs)

    def meant(drugs: tuple[str, str]) -> bool:
        one, other = drugs
        return (one in first and other in second) or (one in second and other in first)

    hits = [pair for pair in report.pairs if meant(pair.drugs)]
    best = hits[0] if hits else None  # the report has its pairs worst first, not checked before none found
    decision = best.decision if best else DecisionKind.NOT_CHECKED
    seen = tuple(
        Seen(
            drugs=pair.drugs,
            decision=pair.decision,
            severity=pair.severity,
            tier=pair.tier,
            verdicts=pair.verdicts,
            planned=pair.planned,
            review=pair.review,
        )
        for pair in hits
    )
    return Result(
        case=case,
        decision=decision,
        severity=best.severity if best else None,
        tier=best.tier if best else None,
        lost_at=lost_at(seen) if case.pair.interacts and decision is not DecisionKind.FLAGGED else None,
        seen=seen,
        lines=tuple(
            Line(
                text=line.text, recognised=line.recognised, drugs=tuple(d.name for d in line.drugs), doubts=line.doubts
            )
            for line in report.medications
        ),
        others_flagged=sum(pair.decision is DecisionKind.FLAGGED and not meant(pair.drugs) for pair in report.pairs),
        cost=report.cost,
        questions=report.questions.planned,
        failed=report.questions.failed,
        not_asked=report.questions.not_asked,
    )


def _list_result(list_id: str, kind: str, report: Report) -> ListResult:
    flagged = report.of(DecisionKind.FLAGGED)
    counts = Counter(str(pair.severity) for pair in flagged) + Counter(str(pair.tier) for pair in flagged)
    return ListResult(
        list_id=list_id,
        kind=kind,
        medications=len(report.medications),
        pairs=len(report.pairs),
        flags=dict(sorted(counts.items())),
        not_checked=len(report.of(DecisionKind.NOT_CHECKED)),
    )


def _flips(results: Sequence[Result], setup: Setup, tell: Tell) -> tuple[dict[str, tuple[int, int]], int]:
    """Ask the same again, past the journal: for each evaluator how often it turned, of how many; and the calls."""
    if not results:
        return {}, 0
    fresh = {name: _AskedAgain(model) for name, model in setup.binding.models.items()}
    again = replace(setup, binding=Binding(setup.binding.roles, fresh))

    def outcomes(_: int, report: Report) -> tuple[dict[str, Verdict], int]:
        tell(report)
        said = {verdict.question: verdict for pair in report.pairs for verdict in pair.verdicts}
        return said, report.cost.calls

    second = run(each_report([result.case.pair.written for result in results], again, outcomes))
    counts: dict[str, tuple[int, int]] = {}
    rule = setup.cascade.vote
    for result, (after, _) in zip(results, second, strict=True):
        for verdict in (verdict for pair in result.seen for verdict in pair.verdicts if not verdict.is_evidence):
            other = after.get(verdict.question)
            if other and verdict.stage is not Stage.REVIEW and not {verdict.outcome, other.outcome} & INVALID:
                turned, asked = counts.get(verdict.evaluator, (0, 0))
                turned += is_credible_yes(verdict, rule) is not is_credible_yes(other, rule)
                counts[verdict.evaluator] = turned, asked + 1
    return dict(sorted(counts.items())), sum(calls for _, calls in second)


class _AskedAgain:
    """A model whose replies are bought a second time: the key of a reply holds the model's parameters."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model
        self.name, self.family, self.limits = model.name, model.family, model.limits

    @property
    def parameters(self) -> Mapping[str, Any]:
        return {**self._model.parameters, "asked_again": 1}

    @property
    def price(self) -> Price | None:
        return self._model.price

    def prepare(self) -> None:
        self._model.prepare()

    async def complete(self, prompt: PromptText, schema: Mapping[str, Any]) -> Reply:
        return await self._model.complete(prompt, schema)
