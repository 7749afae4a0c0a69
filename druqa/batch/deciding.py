"""Decides every distinct pair of a batch once, the most dangerous first, as `druqa.decide` decides a pair of a list."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from druqa.batch.catalog import Catalog, Variant
from druqa.batch.pairing import KEY
from druqa.batch.rows import PairRow, pair_row
from druqa.batch.watch import Watch
from druqa.batch.workspace import insert
from druqa.budget import Budget
from druqa.decide import decide
from druqa.models.asker import Asker
from druqa.models.collector import Pending
from druqa.records import Drug, DrugPair, Severity
from druqa.report import DecisionKind, PairReport
from druqa.setup import Setup
from druqa.stages.pairs import ListedPair

if TYPE_CHECKING:
    import duckdb

_FEWEST, _MOST = 8, 1024
"""Pairs that are asked about at once."""
_ROWS_AT_ONCE = 20_000
_NARROW = "narrow"
COLUMNS = ("key", "flip", "whole", *PairRow._fields)


class Decider:
    """Takes the keys in the table `enc` to rows of the table `decided`."""

    def __init__(self, db: duckdb.DuckDBPyConnection, catalog: Catalog, setup: Setup) -> None:
        self._db, self._catalog, self._setup = db, catalog, setup
        self._tables = setup.tables
        self._rows: list[tuple[object, ...]] = []
        self.pending = 0
        """Pairs that wait for replies which are still to be bought elsewhere."""

    async def run(self, asker: Asker, budget: Budget, watch: Watch) -> None:
        """Decide every pair."""
        self._db.execute("CREATE TABLE distinct_pairs AS SELECT key, count(*) AS lists FROM enc GROUP BY key")
        self._db.execute(
            "CREATE TABLE decided(key BIGINT, flip BOOLEAN, whole BOOLEAN, "
            + ", ".join(f"{column} VARCHAR" for column in PairRow._fields)
            + ")"
        )
        (watch.pairs,) = self._db.execute("SELECT count(*) FROM distinct_pairs").fetchall()[0]
        if self._setup.cascade.prompt_evaluators:
            keys = self._by_danger()
            await asyncio.gather(*(self._ask(keys, asker, budget, watch) for _ in range(self._at_once())))
        else:
            await self._look_up(asker, watch)
        self._flush()

    def _at_once(self) -> int:
        """So many pairs that the models have always enough to do, and no more: a deadline cuts those that are begun.

        A pair asks most of its questions in the first of its four stages, so a quarter of them at a time.
        """
        cascade, roles = self._setup.cascade, self._setup.binding.roles
        questions = sum(len(roles[e.role or ""]) for e in cascade.prompt_evaluators) * (1 + (cascade.orders == "both"))
        slots = sum(model.limits.concurrency for model in self._setup.binding.models.values())
        return max(_FEWEST, min(_MOST, 10 * slots // questions))

    async def _ask(self, keys: Iterator[int], asker: Asker, budget: Budget, watch: Watch) -> None:
        for key in keys:
            part, listed = asker.part(), self._listed(key)
            lost = [lost for variant in self._variants(key) for lost in self._catalog.lost(variant)]
            try:
                report = await decide(listed, lost, self._setup, part, beyond=budget.beyond(listed))
            except Pending:
                self.pending += 1
                continue
            watch.see(report)
            self._keep(key, report, whole=not part.tally.failed and not part.tally.not_asked)

    async def _look_up(self, asker: Asker, watch: Watch) -> None:
        """Without a model to ask, what no table lists comes to the same for every pair: one of them is decided."""
        cursor, silent = self._db.cursor(), None
        cursor.execute("SELECT key FROM distinct_pairs ORDER BY key")
        while keys := cursor.fetchmany(_ROWS_AT_ONCE):
            for (key,) in keys:
                one, other = (variant.listed.drug for variant in self._variants(key))
                is_silent = not (
                    one.unasked or other.unasked or any(find(one.id, other.id) for _, find in self._tables)
                )
                if ended := asker.exchange.ended:
                    report = _left_open(one, other, ended)
                    asker.tally.skip(1)
                elif is_silent and silent:
                    report = silent.model_copy(update={"drugs": (one.name, other.name)})
                else:
                    report = await decide(self._listed(key), (), self._setup, asker)
                silent = report if is_silent and not ended else silent
                watch.see(report)
                self._keep(key, report, whole=not ended)
            await asyncio.sleep(0)  # a signal, or a deadline, is heard of here

    def _variants(self, key: int) -> tuple[Variant, Variant]:
        return self._catalog.variants[key // KEY], self._catalog.variants[key % KEY]

    def _listed(self, key: int) -> ListedPair:
        one, other = (variant.listed for variant in self._variants(key))
        return ListedPair(
            pair=DrugPair(first=one.drug, second=other.drug),
            names=(one.names, other.names),
            medications=(0, 0),
            guessed=one.guessed or other.guessed,
        )

    def _by_danger(self) -> Iterator[int]:
        """The most dangerous first by what is known beforehand, so that a budget or a deadline cuts the least of them.

        By the worst grade in the tables, then by drugs of a narrow therapeutic index, then by how many lists hold it.
        """
        rows = self._db.execute("SELECT key, lists FROM distinct_pairs").fetchall()
        ranked = sorted((self._prior(key), -lists, key) for key, lists in rows)
        return (key for _, _, key in ranked)

    def _prior(self, key: int) -> tuple[int, int]:
        ids = [variant.listed.drug.id for variant in self._variants(key)]
        hits = (hit for _, find in self._tables for hit in find(ids[0], ids[1]))
        listed = min((hit.severity.rank for hit in hits), default=len(Severity))
        narrow = sum(any(role.strength == _NARROW for role in self._setup.evidence.roles_of(id_)) for id_ in ids)
        return listed, -narrow

    def _keep(self, key: int, report: PairReport, *, whole: bool) -> None:
        row = pair_row(report)
        self._rows.append((key, row.drug_a != report.drugs[0], whole, *row))
        if len(self._rows) >= _ROWS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        import pandas as pd  # noqa: PLC0415

        if self._rows:
            insert(self._db, "decided", pd.DataFrame(self._rows, columns=list(COLUMNS)))
            self._rows.clear()


def _left_open(one: Drug, other: Drug, why: str) -> PairReport:
    """A pair that was not even looked up any more."""
    return PairReport(
        drugs=(one.name, other.name),
        medications=(0, 0),
        decision=DecisionKind.NOT_CHECKED,
        severity=None,
        tier=None,
        reasons=(why,),
        verdicts=(),
    )
