"""Rounds: a batch goes as far as paid replies reach, and what it lacks then is bought elsewhere, all of it at once.

Names come first, then the screen, the sign-off, the answers and the rival: some five rounds, and one more wherever a
reply could not be read and is asked for again. Each round is the same flow, from its start: the journal has the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from druqa.batch.run import Done, work_through
from druqa.batch.watch import Watch
from druqa.batch.workspace import forget_work
from druqa.models.collector import Pending, Wanted
from druqa.session import open_collector
from druqa.setup import Setup

if TYPE_CHECKING:
    import duckdb


async def one_round(
    db: duckdb.DuckDBPyConnection, setup: Setup, want: Callable[[Wanted], None], watch: Watch
) -> Done | None:
    """Work through the numbered lists of a workspace once; what is still to be asked goes to `want`, each prompt once.

    Returns:
        What the batch came to, if nothing was wanted; else None.

    """
    forget_work(db)
    async with open_collector(setup, want) as collector:
        try:
            done = await work_through(db, setup, collector, watch)
        except Pending:
            return None
        return None if done.pending else done
