"""A batch on one page: read, names, pairs, decide, and the tables that come of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from druqa.assembly import provenance, run_notes
from druqa.batch.catalog import NOTHING_PROPOSED, Catalog, drugs_in
from druqa.batch.deciding import Decider
from druqa.batch.listwide import ListFindings
from druqa.batch.pairing import blocks
from druqa.batch.watch import DECIDING, Watch
from druqa.batch.workspace import insert
from druqa.budget import Budget
from druqa.models.asker import Asker
from druqa.models.exchange import Exchange
from druqa.models.interruption import Interruption
from druqa.session import open_collector, open_exchange, run
from druqa.setup import Setup
from druqa.stages.proposals import propose

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Done:
    """What a batch came to besides its tables."""

    provenance: dict[str, Any]
    """As `druqa.assembly.provenance` gives it."""
    notes: tuple[str, ...]
    pending: int
    """Distinct pairs that wait for replies which are still to be bought elsewhere."""


Engine = Callable[["duckdb.DuckDBPyConnection", Setup, float, Interruption | None, Watch], Done]
"""Takes the numbered lists of a workspace to decided pairs: with that setup, for a batch that began then, by
`monotonic`, until it is interrupted, telling a watch how far it has come."""


def work_here(
    db: duckdb.DuckDBPyConnection, setup: Setup, began: float, interruption: Interruption | None, watch: Watch
) -> Done:
    """The engine that asks from this process.

    Raises:
        JournalError: if paid replies could not be kept.

    """

    async def work() -> Done:
        async with open_exchange(setup, began, interruption) as exchange:
            return await work_through(db, setup, exchange, watch)

    return run(work())


def ask_nobody(
    db: duckdb.DuckDBPyConnection, setup: Setup, _began: float, interruption: Interruption | None, watch: Watch
) -> Done:
    """The engine that uses the replies that were paid for, and takes every other one as lost.

    Raises:
        JournalError: if the journal cannot be read.

    """

    async def work() -> Done:
        async with open_collector(setup, None) as collector:
            with interruption.stops(collector.stop) if interruption else nullcontext():
                return await work_through(db, setup, collector, watch)

    return run(work())


async def work_through(db: duckdb.DuckDBPyConnection, setup: Setup, exchange: Exchange, watch: Watch) -> Done:
    """Take the numbered lists of a workspace to decided pairs and findings.

    Makes the tables `read`, `enc(list_no, key, text_a, text_b)`, `list_findings(list_no, finding)` with `told`,
    `decided`, and `names_lost(list_no)`: lists with a drug for which a question for further names brought none.

    Raises:
        Pending: if the exchange is a `Collector`, and replies about names are still to be bought.

    """
    asker = Asker(exchange, setup.settings.most_calls)
    watch.tally = asker.tally
    watch.enter("names", texts=watch.texts)
    drugs = drugs_in(db, setup) if setup.cascade.names.prompts else {}
    budget = Budget(setup, sum(not drug.unasked for drug in drugs.values()))
    proposals = NOTHING_PROPOSED
    if drugs:
        plan, roles = setup.cascade.names, setup.binding.roles
        proposals = await propose(drugs, plan, roles, setup.synonyms, asker, affordable=budget.names_fit)
    catalog = Catalog(db, setup, proposals)
    watch.enter("pairs", drugs=len(catalog.drugs))
    encode(db, catalog, setup)
    watch.enter(DECIDING)
    decider = Decider(db, catalog, setup)
    await decider.run(asker, budget, watch)
    # Now, for an exchange that is closed has ended, whatever it was asked before.
    notes = (*proposals.notes, *budget.notes, *run_notes(setup, asker))
    return Done(provenance(setup, asker, watch.pairs), notes, decider.pending)


def encode(db: duckdb.DuckDBPyConnection, catalog: Catalog, setup: Setup) -> None:
    """Write the pairs and the findings of every list, by number."""
    import pandas as pd  # noqa: PLC0415

    db.execute("CREATE TABLE enc(list_no INTEGER, key BIGINT, text_a INTEGER, text_b INTEGER)")
    db.execute("CREATE TABLE names_lost(list_no INTEGER)")
    findings = ListFindings(db, catalog, setup.evidence)

    for block in blocks(db, catalog):
        pairs, held = block.pairs, block.holdings
        insert(
            db,
            "enc",
            pd.DataFrame({"a": pairs.list_no, "b": pairs.key, "c": pairs.text_a, "d": pairs.text_b}, copy=False),
        )
        findings.add(block)
        lost = np.array(catalog.names_lost, dtype=bool)
        insert(db, "names_lost", pd.DataFrame({"list_no": np.unique(held.list_no[lost[held.variant]])}))
