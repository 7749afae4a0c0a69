"""What the whole list shows and no single pair does. Findings only add: they take nothing from what pairs say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from itertools import chain, repeat

from druqa.knowledge.evidence import Evidence
from druqa.knowledge.evidence_tables import ListRule
from druqa.records import Drug, ResolvedMedication, Severity
from druqa.report import Finding

Apart = Set[tuple[str, str]]
"""Pairs of drugs, by ids in order, that are two readings of one line and not taken together."""


def duplicate_ingredients(resolved: Sequence[ResolvedMedication]) -> tuple[Finding, ...]:
    """One finding for every drug that two or more lines of the list hold or may hold.

    How bad it is depends on the doses, which druqa does not read: the severity is `unknown`.
    """
    places: dict[str, list[int]] = {}
    names: dict[str, str] = {}
    for index, medication in enumerate(resolved):
        for drug in medication.drugs:
            places.setdefault(drug.id, []).append(index)
            names[drug.id] = drug.name
    return tuple(
        duplicate_ingredient(names[id_], [resolved[i].text for i in indexes])
        for id_, indexes in sorted(places.items())
        if len(indexes) > 1
    )


def duplicate_ingredient(drug: str, lines: Sequence[str]) -> Finding:
    """The finding that several lines hold a drug, or may hold it."""
    return Finding(kind="duplicate_ingredient", drugs=(drug,), severity=Severity.UNKNOWN, reasons=(_says(drug, lines),))


def list_findings(drugs: Sequence[Drug], guessed: Set[str], apart: Apart, evidence: Evidence) -> tuple[Finding, ...]:
    """One finding for every rule about a list that the drugs meet, worst first.

    Args:
        drugs: every drug of the list, each once.
        guessed: the ids of those that are only what an unrecognised name may mean.
        apart: the pairs that are not taken together.
        evidence: the tables.

    """
    has_role = [drug for drug in drugs if evidence.roles_of(drug.id)]
    found = [list_finding(rule, has_role, guessed, apart, evidence) for rule in evidence.list_rules]
    return tuple(sorted((f for f in found if f), key=urgency))


def urgency(finding: Finding) -> tuple[int, str, tuple[str, ...]]:
    """The worst findings before the others."""
    return finding.severity.rank, finding.kind, finding.reasons


def list_finding(
    rule: ListRule, drugs: Sequence[Drug], guessed: Set[str], apart: Apart, evidence: Evidence
) -> Finding | None:
    """The finding by one rule, if the drugs meet it; drugs without any of its roles change nothing."""
    roles = {drug.id: evidence.roles_of(drug.id) for drug in drugs}
    names = {drug.id: drug.name for drug in drugs}
    wanted = frozenset().union(*(accepted for _, accepted in rule.terms))
    behind = {id_: [role for role in has if role.role in wanted] for id_, has in roles.items()}
    holders = {id_: frozenset(role.role for role in has) for id_, has in behind.items() if has}
    seats = list(chain.from_iterable(repeat(accepted, count) for count, accepted in rule.terms))
    if not _seated(seats, holders, apart):
        return None
    sure = {id_: has for id_, has in holders.items() if id_ not in guessed}
    is_sure = len(sure) == len(holders) or _seated(seats, sure, apart)
    doubt = "" if is_sure else ", some of them guesses at names that were not recognised"
    if any(one in holders and other in holders for one, other in apart):
        doubt += ", some of them readings of one line of which one is meant"
    listed = ", ".join(names[id_] for id_ in sorted(holders))
    facts = [evidence.describe(role) for id_ in sorted(holders) for role in behind[id_]]
    return Finding(
        kind=rule.kind,
        drugs=tuple(names[id_] for id_ in sorted(holders)),
        severity=rule.severity,
        reasons=(f"{rule.title}: {listed}{doubt}", *facts),
        effect=rule.effect,
        mechanism=rule.mechanism,
        management=rule.management,
        source=evidence.cite(rule.source),
    )


def _seated(seats: Sequence[frozenset[str]], holders: dict[str, frozenset[str]], apart: Apart) -> bool:
    """Whether every seat can have a drug of its own with one of its roles, all of them taken together."""
    if not seats:
        return True
    if not apart and len(set(seats)) == 1:
        return sum(1 for _ in _candidates(seats[0], holders)) >= len(seats)
    rest = seats[1:]
    return any(
        _seated(rest, {o: has for o, has in holders.items() if o != id_ and _pair(o, id_) not in apart}, apart)
        for id_ in _candidates(seats[0], holders)
    )


def _candidates(seat: frozenset[str], holders: dict[str, frozenset[str]]) -> Iterator[str]:
    return (id_ for id_, has in holders.items() if has & seat)


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def _says(drug: str, lines: Sequence[str]) -> str:
    shown = ", ".join(repr(line if len(line) <= 60 else line[:60] + "...") for line in lines)
    return f"{drug} stands on {len(lines)} lines of the list: {shown}"
