"""From a run to its evaluation: every figure, computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from druqa import __version__
from druqa.measure.ablation import curve, other_names, scores, variants
from druqa.measure.agreement import independence, rival_rescues, unseen
from druqa.measure.cases import Cases
from druqa.measure.circular import Standing
from druqa.measure.evaluation import Evaluation, Provenance
from druqa.measure.results import Result
from druqa.measure.running import Run
from druqa.measure.scoring import bill, burden, forms, headline_of, lost, negatives, negatives_of, part, parts
from druqa.measure.statistics.proportions import rule_of_three
from druqa.measure.suite import Suite
from druqa.report import CascadeUse, DataUse, ModelUse
from druqa.setup import Setup


def evaluate(suite: Suite, cases: Cases, run: Run) -> Evaluation:
    """Everything that a run of a suite comes to."""
    results, cascade = run.results, run.setup.cascade
    counted, quiet = headline_of(results), negatives_of(results)
    headline = part("headline", _counted_words(counted, tables=bool(run.setup.tables)), counted)
    return Evaluation(
        title=suite.title,
        caution=suite.caution,
        provenance=provenance(suite, cases, run.setup, run.answered_as),
        notes=(*cases.notes, *_notes(results, run.setup)),
        headline=headline,
        pairs=len({result.case.pair.drugs for result in results}),
        circular=_circular(results),
        zero_missed=rule_of_three(headline.recall.of) if headline.recall.hits == headline.recall.of else "",
        parts=parts(results),
        forms=forms(results),
        other_names=other_names(counted, cascade.vote),
        negatives=negatives(results),
        burden=burden(run.lists),
        bill=bill(results, run.beside),
        missed=lost(result for result in results if result.case.pair.interacts and not result.flagged),
        alarms=lost(result for result in quiet if result.flagged),
        variants=variants(counted, quiet, cascade),
        evaluators=scores(counted, quiet, cascade, run.flips),
        curve=curve(counted, cascade),
        independence=independence(counted, cascade),
        rival_rescues=rival_rescues(counted, cascade),
        unseen=unseen(counted, cascade),
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
        models={
            role: ModelUse(requested=models, answered_as=answered_as.get(role, ()))
            for role, models in setup.binding.roles.items()
            if models
        },
        parameters={name: dict(model.parameters) for name, model in sorted(setup.binding.models.items())},
        data=DataUse(synonyms=setup.synonyms.version, evidence=setup.evidence_version if setup.tables else "none"),
    )


def _counted_words(counted: Sequence[Result], *, tables: bool) -> str:
    spelled = "by generic names" if counted and counted[0].generic else "as the gold spells them"
    return f"interacting pairs, {spelled}{', that the tables were not built from' if tables else ''}"


def _circular(results: Sequence[Result]) -> int:
    apart = {
        r.case.pair.drugs for r in results if r.case.pair.interacts and r.case.standing is not Standing.INDEPENDENT
    }
    return len(apart)


def _notes(results: Sequence[Result], setup: Setup) -> list[str]:
    notes = list(setup.notes)
    if not results:
        notes.append("the gold is empty: nothing was measured")
    unread = sorted(
        {line.text for result in results for line in result.lines if not line.recognised and result.generic}
    )
    if unread:
        notes.append(
            f"generic names of the gold that are not recognised, and were asked about as written: {len(unread)}"
            f" ({', '.join(unread[:5])}{', ...' if len(unread) > 5 else ''})"
        )
    return notes
