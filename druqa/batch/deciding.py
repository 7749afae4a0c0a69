"""Decides every distinct pair of a batch once, the most dangerous first, as `druqa.decide` decides a pair of a list."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from druqa.batch.catalog import Catalog
from druqa.batch.pairing import KEY
from druqa.batch.rows import PairRow, pair_row
from druqa.batch.watch import Watch
from druqa.batch.workspace import insert
from druqa.budget import Budget
from druqa.decide import decide
from druqa.models.asker import Asker
from druqa.models.collector import Pending
from druqa.records import DrugPair, Severity, Verdict
from druqa.report import PairReport
from druqa.setup import Setup
from druqa.stages.pairs import ListedPair

if TYPE_CHECKING:
    import duckdb

_PAIRS_AT_ONCE = 256
_ROWS_AT_ONCE = 20_000
_NARROW = "narrow"
COLUMNS = ("key", "flip", "whole", *PairRow._fields)


class Due(NamedTuple):
    """A distinct pair that waits for its decision."""

    key: int
    listed: ListedPair
    lost: tuple[Verdict | None, ...]


class Decider:
    """Takes the keys in the table `enc` to rows of the table `decided`."""

    def __init__(self, db: duckdb.DuckDBPyConnection, catalog: Catalog, setup: Setup) -> None:
        self._db, self._catalog, self._setup = db, catalog, setup
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
        asks = bool(self._setup.cascade.prompt_evaluators)
        due = self._by_danger() if asks else self._all()
        workers = [self._work(due, asker, budget, watch) for _ in range(_PAIRS_AT_ONCE if asks else 1)]
        await asyncio.gather(*workers)
        self._flush()

    def due(self, key: int) -> Due:
        """The pair of a key."""
        one, other = self._catalog.variants[key // KEY], self._catalog.variants[key % KEY]
        listed = ListedPair(
            pair=DrugPair(first=one.listed.drug, second=other.listed.drug),
            names=(one.listed.names, other.listed.names),
            medications=(0, 0),
            guessed=one.listed.guessed or other.listed.guessed,
        )
        return Due(key, listed, (*self._catalog.lost(one), *self._catalog.lost(other)))

    def _all(self) -> Iterator[Due]:
        cursor = self._db.cursor()
        cursor.execute("SELECT key FROM distinct_pairs ORDER BY key")
        while keys := cursor.fetchmany(_ROWS_AT_ONCE):
            yield from (self.due(key) for (key,) in keys)

    def _by_danger(self) -> Iterator[Due]:
        """The most dangerous first by what is known beforehand, so that a budget or a deadline cuts the least of them.

        By the worst grade in the tables, then by drugs of a narrow therapeutic index, then by how many lists hold it.
        """
        rows = self._db.execute("SELECT key, lists FROM distinct_pairs").fetchall()
        ranked = sorted((self._prior(key), -lists, key) for key, lists in rows)
        return (self.due(key) for _, _, key in ranked)

    def _prior(self, key: int) -> tuple[int, int]:
        ids = [self._catalog.variants[no].listed.drug.id for no in (key // KEY, key % KEY)]
        hits = (hit for _, find in self._setup.tables for hit in find(ids[0], ids[1]))
        listed = min((hit.severity.rank for hit in hits), default=len(Severity))
        narrow = sum(any(role.strength == _NARROW for role in self._setup.evidence.roles_of(id_)) for id_ in ids)
        return listed, -narrow

    async def _work(self, due: Iterator[Due], asker: Asker, budget: Budget, watch: Watch) -> None:
        for pair in due:
            part = asker.part()
            try:
                report = await decide(pair.listed, pair.lost, self._setup, part, beyond=budget.beyond(pair.listed))
            except Pending:
                self.pending += 1
                continue
            watch.see(report)
            self._keep(pair.key, report, whole=not part.tally.failed and not part.tally.not_asked)

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
