"""Spares the garbage collector, during a run, what cannot be garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SELDOM = (50_000, 20, 100)
"""Objects made before the young ones are looked at, and how often before the older and the oldest are."""


@contextmanager
def heap_spared() -> Iterator[None]:
    """While this lasts, the collector leaves alone whatever was there before, and looks at the rest less often.

    A run makes objects by the million beside those that litellm and the tables hold, hardly one of them in a cycle.
    Each full collection looks at all of them, for up to a second in which nothing is asked and no reply is read; with
    a thousand calls in flight they took a quarter of the time. A process that keeps objects from the collector itself,
    or in which another run does so, is left as it is.
    """
    if gc.get_freeze_count():
        yield
        return
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
