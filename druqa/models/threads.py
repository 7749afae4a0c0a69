"""Threads that nobody waits for, so that a blocked one holds up neither a deadline nor the end of the process."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Thread
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class LooseThreads(ThreadPoolExecutor):
    """An event loop's default executor, one daemon thread a job.

    The loop looks up host names, and druqa loads models and writes its journal, in this executor. A look-up in a
    network that is down takes half a minute; the stdlib's executor would have the finished run wait for it.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start the job at once."""
        future: Future[T] = Future()

        def work() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    result = fn(*args, **kwargs)
                except BaseException as error:  # noqa: BLE001 - whoever awaits the job is to see it
                    future.set_exception(error)
                else:
                    future.set_result(result)

        Thread(target=work, daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> Any:  # noqa: FBT001, FBT002 - its signature
        """Nothing is waited for."""
