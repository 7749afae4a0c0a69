"""From a run to its evaluation: every figure, computed once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from druqa import __version__
from druqa.measure.ablation import curve, variants
from druqa.measure.agreement import independence, rival_rescues, unseen
from druqa.measure.cases import Cases
from druqa.measure.circular import Standing
from druqa.measure.evaluation import Evaluation, Provenance
from druqa.measure.recount import count
from druqa.measure.results import Result
from druqa.measure.running import Run
from druqa.measure.scoring import bill, burden, forms, headline_of, lost, negatives, negatives_of, part, parts
from druqa.measure.statistics.proportions import rule_of_three
from druqa.measure.suite import Suite
from druqa.measure.voices import other_names, scores
from druqa.report import CascadeUse, DataUse, ModelUse
from druqa.setup import Setup

_PLAIN = {"temperature", "max_tokens", "max_completion_tokens", "top_p", "top_k", "seed", "reasoning_effort"}


def evaluate(suite: Suite, cases: Cases, run: Run) -> Evaluation:
    """Everything that a run of a suite comes to."""
    results, cascade = run.results, run.setup.cascade
    tables = [name for name, _ in run.setup.tables]
    shown = headline_of(results)
    headline = part("headline", _counted_words(shown, tables=bool(tables)), shown)
    interacting, quiet = count(shown, cascade.vote), count(negatives_of(results), cascade.vote)
    return Evaluation(
        title=suite.title,
        caution=suite.caution,
        provenance=provenance(suite, cases, run.setup, run.answered_as),
        notes=(*_sampled(cases), *cases.notes, *_notes(results, run.setup)),
        headline=headline,
        pairs=len({result.case.pair.drugs for result in results}),
        circular=_circular(results),
        zero_missed=rule_of_three(headline.recall.of) if headline.recall.hits == headline.recall.of else "",
        parts=parts(results),
        forms=forms(results),
        other_names=other_names(interacting, cascade.vote),
        negatives=negatives(results),
        burden=burden(run.lists),
        bill=bill(results, run.beside),
        missed=lost(result for result in results if result.case.pair.interacts and not result.flagged),
        alarms=lost(case.result for case in quiet if case.result.flagged),
        variants=variants(interacting, quiet, cascade),
        evaluators=scores(interacting, quiet, cascade, tables, run.flips),
        curve=curve(interacting, cascade),
        independence=independence(interacting, cascade, tables),
        rival_rescues=rival_rescues(interacting),
        unseen=unseen(interacting, cascade, tables),
    )


def provenance(suite: Suite, cases: Cases, setup: Setup, answered_as: Mapping[str, tuple[str, ...]]) -> Provenance:
    """What a run is made with; `answered_as` is empty before anything was asked."""
    cascade = setup.cascade
    return Provenance(
        druqa_version=__version__,
        suite=suite.name,
        suite_sha256=suite.sha256,
        cascade=CascadeUse(name=cascade.name, version=cascade.version, sha256=cascade.sha256),
        tables=bool(setup.tables),
        vote=cascade.vote.model_dump(mode="json"),
        evaluators=tuple(evaluator.name for evaluator in cascade.evaluators),
        auditors=tuple(auditor.name for auditor in setup.auditors),
        forms=suite.forms,
        gold=cases.files,
        sample=cases.sample,
        models={
            role: ModelUse(requested=models, answered_as=answered_as.get(role, ()))
            for role, models in setup.binding.roles.items()
            if models
        },
        parameters={name: _told(model.parameters) for name, model in sorted(setup.binding.models.items())},
        data=DataUse(synonyms=setup.synonyms.version, evidence=setup.evidence_version if setup.tables else "none"),
    )


def _told(parameters: Mapping[str, Any]) -> dict[str, object]:
    """What shapes a model's replies; of the rest, which may name hosts, paths or keys, a fingerprint alone."""
    told: dict[str, object] = {key: parameters[key] for key in sorted(_PLAIN & parameters.keys())}
    rest = {key: value for key, value in parameters.items() if key not in _PLAIN}
    digest = hashlib.sha256(json.dumps(rest, sort_keys=True, default=str).encode()).hexdigest()
    return {**told, "rest": f"sha256 {digest[:12]}"} if rest else told


def _counted_words(counted: Sequence[Result], *, tables: bool) -> str:
    spelled = "by generic names" if counted and counted[0].generic else "as the gold spells them"
    return f"interacting pairs, {spelled}{', that the tables were not built from' if tables else ''}"


def _sampled(cases: Cases) -> list[str]:
    return [f"a sample: at most {cases.sample:,} pairs of each part of the gold"] if cases.sample else []


def _circular(results: Sequence[Result]) -> int:
    apart = {
        r.case.pair.drugs for r in results if r.case.pair.interacts and r.case.standing is not Standing.INDEPENDENT
    }
    return len(apart)


def _notes(results: Sequence[Result], setup: Setup) -> list[str]:
    notes = list(setup.notes)
    fit = [r.case.pair for r in results if r.case.pair.interacts and r.case.standing is Standing.INDEPENDENT]
    if setup.tables and fit:
        keys = sorted({source.partition(":")[0] for pair in fit for source in pair.sources})
        notes.append(f"taken for independent, as the tables cite no source of that name: {', '.join(keys)}")
    unread = sorted(
        {line.text for result in results for line in result.lines if not line.recognised and result.generic}
    )
    if unread:
        notes.append(
            f"generic names of the gold that are not recognised, and were asked about as written: {len(unread)}"
            f" ({', '.join(unread[:5])}{', ...' if len(unread) > 5 else ''})"
        )
    return notes
