"""Lets a caller end a run early and still get its report: from a signal handler, another thread, a button."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class Interruption:
    """Given to `check`, it ends the check when it is told to. What is unanswered by then is not_checked.

    >>> stop = Interruption()
    >>> stop.now("the user closed the window")  # from anywhere, at any time, also before the check began
    """

    def __init__(self) -> None:
        self.why = ""
        """Why it was used; empty as long as it was not."""
        self._tell: list[Callable[[str], None]] = []

    def now(self, why: str) -> None:
        """End the runs that it was given to, and those that it will be given to. Only the first reason is kept."""
        self.why = self.why or why
        for tell in list(self._tell):
            tell(self.why)

    @contextmanager
    def stops(self, stop: Callable[[str], None]) -> Iterator[None]:
        """While the context lasts, have `stop` called in the running event loop as soon as there is a reason."""
        loop = asyncio.get_running_loop()

        def tell(why: str) -> None:
            with suppress(RuntimeError):  # the run has ended meanwhile
                loop.call_soon_threadsafe(stop, why)

        self._tell.append(tell)
        try:
            if self.why:
                stop(self.why)
            yield
        finally:
            self._tell.remove(tell)
