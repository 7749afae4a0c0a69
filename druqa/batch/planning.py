"""What a batch would ask, at most, and what that would cost, before anything is asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from druqa.batch.catalog import Catalog
from druqa.batch.pairing import KEY
from druqa.batch.reading import read_lists
from druqa.batch.run import encode
from druqa.batch.workspace import forget_work, number, workspace
from druqa.errors import UsageError
from druqa.records import Record
from druqa.setup import Setup
from druqa.stages.plan import Plan, Workload, make_plan

if TYPE_CHECKING:
    import duckdb


class BatchPlan(Record):
    """How much there is in a batch, each distinct thing counted once, and what is asked about it at most."""

    lists: int
    medications: int
    distinct_texts: int
    refused: int
    plan: Plan


def plan_files(inputs: Sequence[str], setup: Setup) -> BatchPlan:
    """The plan for the lists in files. Asks nothing and writes nothing.

    Raises:
        DruqaError: if the input is of no use.

    """
    with TemporaryDirectory(prefix="druqa-") as folder, workspace(Path(folder)) as db:
        read_lists(inputs, db)
        number(db)
        return plan(db, setup)


def plan(db: duckdb.DuckDBPyConnection, setup: Setup) -> BatchPlan:
    """The plan for the numbered lists of a workspace, which is left as it was."""
    catalog = Catalog(db, setup)
    encode(db, catalog, setup)
    cascade = setup.cascade
    proposers = {model for prompt in cascade.names.prompts for model in setup.models(prompt.role)}
    proposable = cascade.names.proposed_names * len(proposers)
    names = [len(v.listed.names) + proposable if v.listed.names else 0 for v in catalog.variants]
    keys = db.execute("SELECT DISTINCT key FROM enc").fetchall()
    work = Workload(
        drugs=sum(not drug.unasked for drug in catalog.drugs),
        pairs=len(keys),
        name_pairs=sum(names[key // KEY] * names[key % KEY] for (key,) in keys),
        tables=len(setup.tables),
    )
    forget_work(db)

    def count(table: str) -> int:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])

    return BatchPlan(
        lists=count("lists"),
        medications=count("entries"),
        distinct_texts=count("texts"),
        refused=count("refused"),
        plan=make_plan(cascade, setup.binding.roles, setup.binding.models, work),
    )


def consented(planned: BatchPlan, setup: Setup) -> None:
    """See that nobody is surprised: a plan beyond the budget that was never set is refused before anything is asked.

    Raises:
        UsageError: with the plan and the mend.

    """
    settings, asked = setup.settings, planned.plan.questions
    if {"budget_calls", "budget_usd"} & settings.model_fields_set or asked <= settings.budget_calls:
        return
    raise UsageError(
        f"it would ask up to {asked:,} questions of models, and no budget is set; nothing was asked",
        where="budget",
        mend="look at it with --plan, then set --budget-calls or --budget-usd",
    )
