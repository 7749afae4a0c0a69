"""Findings about whole lists, each distinct one made once. `druqa.stages.findings` says what they are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from druqa.batch.catalog import Catalog, Ints
from druqa.batch.pairing import Block, Holdings
from druqa.knowledge.evidence import Evidence
from druqa.knowledge.evidence_tables import ListRule
from druqa.report import Finding
from druqa.stages.findings import duplicate_ingredient, list_finding, urgency

Found = tuple[int, int]
"""A list, and the number of a finding about it."""


class ListFindings:
    """The distinct findings of a batch, numbered as they come."""

    def __init__(self, catalog: Catalog, evidence: Evidence) -> None:
        self._catalog, self._evidence = catalog, evidence
        self._rules = [_Members(rule, catalog, evidence) for rule in evidence.list_rules]
        self._known: dict[object, int | None] = {}
        self._order: list[tuple[bool, object]] = []
        self.findings: list[Finding] = []

    def of(self, block: Block) -> list[Found]:
        """What each list of a block shows as a whole."""
        apart: dict[int, set[tuple[int, int]]] = {}
        for list_no, one, other in zip(*(array.tolist() for array in block.apart), strict=True):
            apart.setdefault(list_no, set()).add((one, other))
        found = [*self._by_rules(block.holdings, apart), *self._duplicates(block.holdings)]
        return sorted(found)

    def in_order(self) -> list[tuple[int, Finding]]:
        """Every distinct finding with its number, in the order in which a report tells them."""
        numbers = sorted(range(len(self.findings)), key=lambda no: self._order[no])
        return [(no, self.findings[no]) for no in numbers]

    def _by_rules(self, held: Holdings, apart: dict[int, set[tuple[int, int]]]) -> Iterator[Found]:
        guessed = np.array([variant.listed.guessed for variant in self._catalog.variants], dtype=bool)[held.variant]
        starts = np.flatnonzero(np.diff(held.list_no, prepend=-1))
        for rule in self._rules:
            for first, last in rule.may_be_met(held, starts):
                holders = first + np.flatnonzero(rule.wanted[held.drug[first:last]])
                list_no, drugs = int(held.list_no[first]), tuple(held.drug[holders].tolist())
                unsure = frozenset(held.drug[holders[guessed[holders]]].tolist())
                divided = frozenset(p for p in apart.get(list_no, ()) if set(p) <= set(drugs))
                number = self._rule(rule, drugs, unsure, divided)
                if number is not None:
                    yield list_no, number

    def _rule(
        self, rule: _Members, drugs: tuple[int, ...], unsure: frozenset[int], divided: frozenset[tuple[int, int]]
    ) -> int | None:
        key = rule.rule, drugs, unsure, divided
        if key not in self._known:
            named = self._catalog.drugs
            finding = list_finding(
                rule.rule,
                [named[no] for no in drugs],
                {named[no].id for no in unsure},
                {(named[one].id, named[other].id) for one, other in divided},
                self._evidence,
            )
            self._known[key] = self._add(finding, (False, urgency(finding))) if finding else None
        return self._known[key]

    def _duplicates(self, held: Holdings) -> Iterator[Found]:
        for at, texts in held.shared:
            key = int(held.drug[at]), texts
            if key not in self._known:
                drug = self._catalog.drugs[key[0]]
                finding = duplicate_ingredient(drug.name, [self._catalog.text(text) for text in texts])
                self._known[key] = self._add(finding, (True, (drug.id, finding.reasons)))
            yield int(held.list_no[at]), self._known[key] or 0

    def _add(self, finding: Finding, order: tuple[bool, object]) -> int:
        self.findings.append(finding)
        self._order.append(order)
        return len(self.findings) - 1


class _Members:
    """Which drugs of a batch can take which seat of a rule."""

    def __init__(self, rule: ListRule, catalog: Catalog, evidence: Evidence) -> None:
        self.rule = rule
        roles = [{role.role for role in evidence.roles_of(drug.id)} for drug in catalog.drugs]
        self._terms: list[tuple[int, NDArray[np.bool_]]] = [
            (count, np.array([bool(has & accepted) for has in roles], dtype=bool)) for count, accepted in rule.terms
        ]
        self.wanted: NDArray[np.bool_] = np.logical_or.reduce([member for _, member in self._terms])

    def may_be_met(self, held: Holdings, starts: Ints) -> Iterator[tuple[int, int]]:
        """The lists with enough drugs for every seat by itself, each by its first and its last place in the arrays."""
        enough = np.ones(len(starts), dtype=bool)
        for count, member in self._terms:
            if not member.any() or not len(starts):
                return
            enough &= np.add.reduceat(member[held.drug], starts, dtype=np.int64) >= count
        ends = np.append(starts[1:], len(held.drug))
        yield from zip(starts[enough].tolist(), ends[enough].tolist(), strict=True)
