"""Findings about whole lists, a block of lists at a time. `druqa.stages.findings` says what they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from druqa.batch.catalog import Catalog, Ints
from druqa.batch.pairing import Block, Holdings
from druqa.batch.workspace import insert
from druqa.knowledge.evidence import Evidence
from druqa.knowledge.evidence_tables import ListRule
from druqa.report import Finding
from druqa.stages.findings import duplicate_ingredient, list_finding

if TYPE_CHECKING:
    import duckdb

_REMEMBERED = 200_000
"""Findings of which the number is kept in memory; further ones may be told twice in the working table."""
TEXTS = ("kind", "drugs", "severity", "reasons", "effect", "mechanism", "management", "source")
_Divided = frozenset[tuple[int, int]]


class _Holders(NamedTuple):
    """The drugs of a list that have one of a rule's roles, by number."""

    list_no: int
    drugs: tuple[int, ...]
    guessed: tuple[bool, ...]


class ListFindings:
    """Writes the tables `list_findings(list_no, finding)` and `told`, what each finding says and where it stands."""

    def __init__(self, db: duckdb.DuckDBPyConnection, catalog: Catalog, evidence: Evidence) -> None:
        self._db, self._catalog, self._evidence = db, catalog, evidence
        self._rules = [_Members(rule, catalog, evidence) for rule in evidence.list_rules]
        self._known: dict[object, int | None] = {}
        self._told: list[tuple[object, ...]] = []
        self._count = 0
        db.execute("CREATE TABLE list_findings(list_no INTEGER, finding INTEGER)")
        texts = ", ".join(f"{name} VARCHAR" for name in TEXTS)
        db.execute(f"CREATE TABLE told(finding INTEGER, by_rule BOOLEAN, rank INTEGER, {texts})")

    def add(self, block: Block) -> None:
        """Find what each list of a block shows as a whole."""
        import pandas as pd  # noqa: PLC0415

        found = [*self._by_rules(block), *self._duplicates(block.holdings)]
        insert(self._db, "list_findings", pd.DataFrame(found, columns=["list_no", "finding"]))
        insert(self._db, "told", pd.DataFrame(self._told, columns=["finding", "by_rule", "rank", *TEXTS]))
        self._told.clear()
        if len(self._known) > _REMEMBERED:
            self._known.clear()

    def _by_rules(self, block: Block) -> Iterator[tuple[int, int]]:
        guesses = np.array(self._catalog.guessed, dtype=bool)
        apart: dict[int, set[tuple[int, int]]] = {}
        for list_no, one, other in zip(*(array.tolist() for array in block.apart), strict=True):
            apart.setdefault(list_no, set()).add((one, other))
        for rule in self._rules:
            for holders in rule.may_be_met(block.holdings, guesses):
                among = apart.get(holders.list_no)
                divided: _Divided = frozenset(p for p in among or () if {*p} <= {*holders.drugs})
                key = rule.number, holders.drugs, holders.guessed, divided
                if key not in self._known:
                    self._known[key] = self._tell(self._find(rule.rule, holders, divided), by_rule=True)
                if (number := self._known[key]) is not None:
                    yield holders.list_no, number

    def _find(self, rule: ListRule, holders: _Holders, divided: _Divided) -> Finding | None:
        drugs = self._catalog.drugs
        return list_finding(
            rule,
            [drugs[no] for no in holders.drugs],
            {drugs[no].id for no, guessed in zip(holders.drugs, holders.guessed, strict=True) if guessed},
            {(drugs[one].id, drugs[other].id) for one, other in divided},
            self._evidence,
        )

    def _duplicates(self, held: Holdings) -> Iterator[tuple[int, int]]:
        """The drugs that several lines of a list hold: they stand last, in the order of their ids."""
        written = self._catalog.written({text for _, texts in held.shared for text in texts})
        for at, texts in held.shared:
            drug = int(held.drug[at])
            key = drug, texts
            if key not in self._known:
                finding = duplicate_ingredient(self._catalog.drugs[drug].name, [written[text] for text in texts])
                self._known[key] = self._tell(finding, by_rule=False, rank=drug)
            if (number := self._known[key]) is not None:
                yield int(held.list_no[at]), number

    def _tell(self, finding: Finding | None, *, by_rule: bool, rank: int | None = None) -> int | None:
        if finding is None:
            return None
        f, self._count = finding, self._count + 1
        texts = (f.kind, "; ".join(f.drugs), str(f.severity), "\n".join(f.reasons))
        place = f.severity.rank if rank is None else rank
        self._told.append((self._count, by_rule, place, *texts, f.effect, f.mechanism, f.management, f.source))
        return self._count


class _Members:
    """Which drugs of a batch can take which seat of a rule."""

    def __init__(self, rule: ListRule, catalog: Catalog, evidence: Evidence) -> None:
        self.rule, self.number = rule, evidence.list_rules.index(rule)
        roles = [{role.role for role in evidence.roles_of(drug.id)} for drug in catalog.drugs]
        self._terms: list[tuple[int, NDArray[np.bool_]]] = [
            (count, np.array([bool(has & accepted) for has in roles], dtype=bool)) for count, accepted in rule.terms
        ]
        self._wanted: NDArray[np.bool_] = np.logical_or.reduce([member for _, member in self._terms])

    def may_be_met(self, held: Holdings, guesses: NDArray[np.bool_]) -> Iterator[_Holders]:
        """The holders of each list that has enough drugs for every seat by itself."""
        starts: Ints = np.flatnonzero(np.diff(held.list_no, prepend=-1))
        if not len(starts):
            return
        enough = np.ones(len(starts), dtype=bool)
        for count, member in self._terms:
            enough &= np.add.reduceat(member[held.drug], starts, dtype=np.int64) >= count
        within = np.repeat(enough, np.diff(np.append(starts, len(held.drug))))
        holders = np.flatnonzero(within & self._wanted[held.drug])
        if not len(holders):
            return
        lists, drugs = held.list_no[holders], held.drug[holders].tolist()
        guessed = guesses[held.variant[holders]].tolist()
        first = np.flatnonzero(np.diff(lists, prepend=-1)).tolist()
        numbers = lists[first].tolist()
        for list_no, begin, end in zip(numbers, first, [*first[1:], len(drugs)], strict=True):
            yield _Holders(list_no, tuple(drugs[begin:end]), tuple(guessed[begin:end]))
