"""Puts a Report together from what the stages came to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
    empty = () if resolved else ("the list is empty: nothing was checked",)
    return Report(
        medications=tuple(resolved),
        pairs=tuple(sorted(pairs, key=display_order)),
        findings=tuple(findings),
        notes=(*notes, *empty, *run_notes(setup, asker)),
        **provenance(setup, asker, len(pairs)),
    )


def provenance(setup: Setup, asker: Asker, pairs: int) -> dict[str, Any]:
    """What a report says of the run that it comes from: cascade, models, data, questions about so many pairs, cost."""
    tally = asker.tally
    look_ups = pairs * len(setup.tables)
    return {
        "druqa_version": __version__,
        "cascade": CascadeUse(name=setup.cascade.name, version=setup.cascade.version, sha256=setup.cascade.sha256),
        "questions": QuestionCounts(
            planned=tally.planned + look_ups,
            answered=tally.answered + look_ups,
            failed=tally.failed,
            not_asked=tally.not_asked,
        ),
        "cost": Cost(
            calls=tally.calls,
            prompt_tokens=tally.prompt_tokens,
            completion_tokens=tally.completion_tokens,
            usd=None if tally.usd is None else round(tally.usd, 8),
        ),
        "models": {
            role: ModelUse(requested=models, answered_as=tuple(sorted(tally.answered_as.get(role, ()))))
            for role, models in setup.binding.roles.items()
            if models
        },
        "ended_early": asker.exchange.ended if tally.failed or tally.not_asked else "",
        "data": DataUse(synonyms=setup.synonyms.version, evidence=setup.evidence_version),
    }


def display_order(pair: PairReport) -> tuple[int, bool, int, int, tuple[str, str]]:
    """Flagged first; among them the well supported before those that rest on one voice, and the worst first."""
    return (
        _DECISIONS.index(pair.decision),
        pair.tier is Tier.POSSIBLE,
        pair.severity.rank if pair.severity else 0,
        pair.tier.rank if pair.tier else 0,
        pair.drugs,
    )


def run_notes(setup: Setup, asker: Asker) -> list[str]:
    """What of a run was not done, or went otherwise than planned."""
    notes = list(setup.notes)
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
