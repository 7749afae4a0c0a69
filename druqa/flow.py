"""The flow, on one page: names, pairs, evaluate, vote, answer, rival, report. One direction, no way back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from time import monotonic
from typing import TypeVar

from druqa.assembly import assemble
from druqa.budget import Budget, drugs_of
from druqa.decide import decide
from druqa.models.asker import Asker
from druqa.models.binding import Given
from druqa.models.exchange import Exchange
from druqa.models.interruption import Interruption
from druqa.records import Medication, ResolvedMedication
from druqa.report import Finding, Report
from druqa.session import open_exchange, run
from druqa.settings import Settings, load_settings
from druqa.setup import Setup, load_names, read_medications, set_up
from druqa.stages.findings import duplicate_ingredients, list_findings
from druqa.stages.names import resolve
from druqa.stages.pairs import ListedDrug, listed_drugs, listed_pairs, name_pairs, only_alternatives
from druqa.stages.plan import Plan, Workload, make_plan
from druqa.stages.proposals import propose

T = TypeVar("T")
Medications = Iterable[str | Medication]
_LISTS_AT_ONCE = 16


async def acheck(
    medications: Medications,
    *,
    cascade: str | Path | None = None,
    models: Given | None = None,
    settings: Settings | None = None,
    interruption: Interruption | None = None,
) -> Report:
    """Check one medication list.

    Args:
        medications: one line each, as written, or `Medication` records with a code.
        cascade: a cascade's name or folder. By default `recall_first` if a screener is bound, else `embedded`.
        models: role to a litellm model name, a `local:` path, a model object, or several of them.
        settings: limits, budget and further bindings. By default from druqa.toml and the environment.
        interruption: ends the check early; the report then says so, and what is unanswered is not_checked.

    Raises:
        DruqaError: if the call, the cascade, a binding or a table is wrong, or paid replies could not be kept.
            What a model does raises nothing: it stands in the report.

    """
    began = monotonic()
    setup = set_up(cascade, models, settings)
    async with open_exchange(setup, began, interruption) as exchange:
        return await _check(read_medications(medications), setup, Asker(exchange, setup.settings.most_calls))


async def _check(medications: Sequence[Medication], setup: Setup, asker: Asker) -> Report:
    """Names -> pairs -> (for each pair) evaluate -> vote -> answer -> rival -> report."""
    cascade = setup.cascade
    resolved = resolve(medications, setup.synonyms)
    budget = Budget(setup, drugs_of(resolved))
    found = {drug.id: drug for medication in resolved for drug in medication.drugs}
    proposals = await propose(
        found, cascade.names, setup.binding.roles, setup.synonyms, asker, affordable=budget.names_fit
    )
    widened = tuple(proposals.added_to(medication, setup.synonyms) for medication in resolved)
    drugs = listed_drugs(widened, cascade.names, proposals.names)
    pairs = tuple(listed_pairs(drugs, widened))
    reports = await asyncio.gather(
        *(
            decide(listed, proposals.lost_of(listed.pair), setup, asker, beyond=budget.beyond(listed))
            for listed in pairs
        )
    )
    findings = _findings(drugs, widened, setup)
    return assemble(setup, asker, widened, reports, findings, (*proposals.notes, *budget.notes))


def _findings(drugs: Sequence[ListedDrug], resolved: Sequence[ResolvedMedication], setup: Setup) -> tuple[Finding, ...]:
    """What the whole list shows and no single pair does."""
    guessed = {listed.drug.id for listed in drugs if listed.guessed}
    apart = only_alternatives(drugs, resolved)
    found = list_findings([listed.drug for listed in drugs], guessed, apart, setup.evidence)
    return (*found, *duplicate_ingredients(resolved))


def plan(
    medications: Medications,
    *,
    cascade: str | Path | None = None,
    models: Given | None = None,
    settings: Settings | None = None,
) -> Plan:
    """What `check` would ask of the same arguments, at most, and what that would cost. Asks nothing.

    Raises:
        DruqaError: as `acheck` does.

    """
    return plan_with(set_up(cascade, models, settings), medications)


def plan_with(setup: Setup, medications: Medications) -> Plan:
    """What a check with this setup would ask of the medications, at most."""
    resolved = resolve(read_medications(medications), setup.synonyms)
    drugs = listed_drugs(resolved, setup.cascade.names, {})
    proposers = {model for prompt in setup.cascade.names.prompts for model in setup.models(prompt.role)}
    proposable = setup.cascade.names.proposed_names * len(proposers)
    widest = [drug.model_copy(update={"names": (*drug.names, *("?" * proposable))}) for drug in drugs]
    pairs, names = name_pairs(widest, resolved)
    work = Workload(
        drugs=sum(not listed.drug.unasked for listed in drugs), pairs=pairs, name_pairs=names, tables=len(setup.tables)
    )
    return make_plan(setup.cascade, setup.binding.roles, setup.binding.models, work)


def names(medications: Medications, *, settings: Settings | None = None) -> tuple[ResolvedMedication, ...]:
    """Every drug that each medication is or may be, with its names and doubts. Asks no model.

    Args:
        medications: one line each, as written, or `Medication` records with a code.
        settings: where the user's own tables of names lie. By default from druqa.toml.

    Raises:
        DruqaError: if the call, a setting or a table is wrong.

    """
    known = load_names(settings if settings is not None else load_settings()).synonyms
    return resolve(read_medications(medications), known)


def check(
    medications: Medications,
    *,
    cascade: str | Path | None = None,
    models: Given | None = None,
    settings: Settings | None = None,
    interruption: Interruption | None = None,
) -> Report:
    """Check one medication list; see `acheck`. Also works inside a running event loop, and from any thread."""
    return run(acheck(medications, cascade=cascade, models=models, settings=settings, interruption=interruption))


def check_many(
    lists: Iterable[Medications],
    *,
    cascade: str | Path | None = None,
    models: Given | None = None,
    settings: Settings | None = None,
    interruption: Interruption | None = None,
) -> list[Report]:
    """Check many lists; a report for each, in their order. A question that several lists share is asked once.

    The budget of the settings holds for each list, the deadline for the whole run, and so does the interruption.
    """
    began = monotonic()
    setup = set_up(cascade, models, settings)
    return run(each_report(lists, setup, lambda _, report: report, began, interruption))


async def each_report(
    lists: Iterable[Medications],
    setup: Setup,
    use: Callable[[int, Report], T],
    began: float | None = None,
    interruption: Interruption | None = None,
) -> list[T]:
    """Check many lists with one setup, and return what `use` makes of each report, in the order of the lists.

    `use` is called with a list's position as soon as its report is there, so that no more than it keeps is held. The
    deadline counts from `began`, by `monotonic`; by default from now.
    """
    slots = asyncio.Semaphore(_LISTS_AT_ONCE)

    async def one(index: int, medications: Sequence[Medication], exchange: Exchange) -> T:
        async with slots:
            report = await _check(medications, setup, Asker(exchange, setup.settings.most_calls))
            return use(index, report)

    async with open_exchange(setup, began, interruption) as exchange:
        return await asyncio.gather(
            *(one(index, read_medications(medications), exchange) for index, medications in enumerate(lists))
        )
