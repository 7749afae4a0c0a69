"""A run around the flow: its models, its journal, its clock, and the event loop that it lives in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from typing import Any, TypeVar

from druqa.models.base import ChatModel
from druqa.models.collector import Collector, Wanted
from druqa.models.exchange import Exchange
from druqa.models.heap import heap_spared
from druqa.models.interruption import Interruption
from druqa.models.journal import Journal
from druqa.models.threads import LooseThreads
from druqa.settings import journal_path
from druqa.setup import Setup

T = TypeVar("T")


@asynccontextmanager
async def open_exchange(
    setup: Setup,
    began: float | None,
    interruption: Interruption | None,
    make: Callable[[Mapping[str, ChatModel], Journal | None, float | None, float | None], Exchange] = Exchange,
) -> AsyncIterator[Exchange]:
    """The exchange for a run that began then, by `monotonic`; without models there is no journal either.

    Args:
        setup: the cascade with its models and settings.
        began: when the run did, by `monotonic`; None for now.
        interruption: ends the run early.
        make: what makes the exchange, of what its constructor takes.

    Raises:
        JournalError: if paid replies could not be kept.

    """
    with ExitStack() as stack:
        journal = stack.enter_context(Journal(journal_path())) if setup.binding.models else None
        exchange = make(setup.binding.models, journal, setup.settings.deadline_s, began)
        if interruption:
            stack.enter_context(interruption.stops(exchange.stop))
        try:
            await exchange.prepare()
            if setup.binding.models:
                stack.enter_context(heap_spared())
            yield exchange
        except BaseException:
            exchange.stop("the run failed, or was cancelled")
            raise
        finally:
            await exchange.close()


@asynccontextmanager
async def open_collector(setup: Setup, want: Callable[[Wanted], None] | None) -> AsyncIterator[Collector]:
    """An exchange that buys nothing, and hands to `want` what is still to be asked.

    Raises:
        JournalError: if the journal cannot be read.

    """
    with Journal(journal_path(), claims=False) as journal:
        collector = Collector(setup.binding.models, journal, want)
        try:
            yield collector
        finally:
            await collector.close()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, in a thread of its own where this thread already runs an event loop (a notebook)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_with_loose_threads(work))
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, _with_loose_threads(work)).result()


async def _with_loose_threads(work: Coroutine[Any, Any, T]) -> T:
    asyncio.get_running_loop().set_default_executor(LooseThreads())
    return await work
