"""Puts a Report together from what the stages came to."""

from __future__ import annotations

from collections.abc import Sequence

from druqa import __version__
from druqa.models.asker import Asker
from druqa.models.families import is_known
from druqa.records import ResolvedMedication, Tier
from druqa.report import (
    CascadeUse,
    Cost,
    DataUse,
    DecisionKind,
    Finding,
    ModelUse,
    PairReport,
    QuestionCounts,
    Report,
)
from druqa.setup import Setup

_DECISIONS = (DecisionKind.FLAGGED, DecisionKind.NOT_CHECKED, DecisionKind.NONE_FOUND)


def assemble(
    setup: Setup,
    asker: Asker,
    resolved: Sequence[ResolvedMedication],
    pairs: Sequence[PairReport],
    findings: Sequence[Finding],
    notes: Sequence[str],
) -> Report:
    """The report: pairs worst first, every question counted, every gap said."""
    tally = asker.tally
    look_ups = len(pairs) * len(setup.tables)
    return Report(
        druqa_version=__version__,
        cascade=CascadeUse(name=setup.cascade.name, version=setup.cascade.version, sha256=setup.cascade.sha256),
        medications=tuple(resolved),
        pairs=tuple(sorted(pairs, key=display_order)),
        findings=tuple(findings),
        questions=QuestionCounts(
            planned=tally.planned + look_ups,
            answered=tally.answered + look_ups,
            failed=tally.failed,
            not_asked=tally.not_asked,
        ),
        cost=Cost(
            calls=tally.calls,
            prompt_tokens=tally.prompt_tokens,
            completion_tokens=tally.completion_tokens,
            usd=None if tally.usd is None else round(tally.usd, 8),
        ),
        models={
            role: ModelUse(requested=models, answered_as=tuple(sorted(tally.answered_as.get(role, ()))))
            for role, models in setup.binding.roles.items()
            if models
        },
        ended_early=asker.exchange.ended if tally.failed or tally.not_asked else "",
        data=DataUse(synonyms=setup.synonyms.version, evidence=setup.evidence_version),
        notes=(*notes, *_notes(setup, asker, resolved)),
    )


def display_order(pair: PairReport) -> tuple[int, bool, int, int, tuple[str, str]]:
    """Flagged first; among them the well supported before those that rest on one voice, and the worst first."""
    return (
        _DECISIONS.index(pair.decision),
        pair.tier is Tier.POSSIBLE,
        pair.severity.rank if pair.severity else 0,
        pair.tier.rank if pair.tier else 0,
        pair.drugs,
    )


def _notes(setup: Setup, asker: Asker, resolved: Sequence[ResolvedMedication]) -> list[str]:
    notes = list(setup.notes)
    if not resolved:
        notes.append("the list is empty: nothing was checked")
    if setup.cascade.rival and not setup.models("rival"):
        notes.append("no model is bound to the role rival: the answers were not re-vetted")
    guessed = sorted(name for name in setup.binding.models if not is_known(name) and not setup.settings.of(name).family)
    if guessed and len(setup.binding.models) > 1:
        notes.append(f"the family of {', '.join(guessed)} is not known: each is taken to be a family of its own")
    if strangers := sorted(set(setup.settings.models) - set(setup.binding.models)) if setup.binding.models else []:
        notes.append(f"the settings of {', '.join(strangers)} were not used: no role is bound to that name")
    notes += sorted(asker.reasons_not_asked)
    notes += [f"not asked any more: {why}" for why in asker.exchange.closed]
    if asker.exchange.damaged:
        notes.append(f"{asker.exchange.damaged} rows of the journal were damaged, and were asked again")
    if asker.exchange.unkept:
        notes.append(f"{asker.exchange.unkept} paid replies could not be kept in the journal")
    return notes
