"""The cluster that a batch runs on: one that is there already, or worker processes on this machine."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any

from druqa.errors import UsageError

if TYPE_CHECKING:
    from distributed import Client

_PATIENCE_S = 3.0
"""How long a scheduler may take to answer."""


@contextmanager
def opened(scheduler: str | None) -> Iterator[Client]:
    """A client of the scheduler at that address; without one, of a worker process for each core of this machine.

    Raises:
        UsageError: if the extra is not installed, or the scheduler cannot be reached.

    """
    try:
        import distributed  # noqa: PLC0415 - an extra, and slow to import
    except ImportError:
        raise UsageError(
            "the engine dask needs the package distributed", where="--engine dask", mend="pip install 'druqa[dask]'"
        ) from None
    # What becomes of workers and scheduler the desk sees for itself, and says.
    with distributed.utils.silence_logging_cmgr(logging.CRITICAL), _client(distributed, scheduler) as client:
        yield client


@contextmanager
def _client(distributed: Any, scheduler: str | None) -> Iterator[Client]:
    if scheduler is None:
        with _out_of_reach_of_ctrl_c():
            # Nobody else is to reach it, and nobody looks at a dashboard that goes with the command.
            cluster = distributed.LocalCluster(
                n_workers=os.cpu_count(),
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
            )
        with cluster, distributed.Client(cluster) as client:
            yield client
        return
    try:
        client = distributed.Client(scheduler, timeout=_PATIENCE_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"no dask scheduler can be reached there: {error}",
            where=f"--scheduler {scheduler}",
            mend="start one with `dask scheduler`, and give the address that it prints, as in tcp://HOST:8786",
        ) from None
    with client:
        yield client


@contextmanager
def _out_of_reach_of_ctrl_c() -> Iterator[None]:
    """What is started meanwhile, in any thread that is, never hears of Ctrl-C: the run ends it, with its replies."""
    resource_tracker.ensure_running()  # starting it would let the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
