"""Spares the garbage collector what cannot be garbage during a run."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def heap_spared() -> Iterator[None]:
    """While this lasts, the collector leaves alone whatever was there before.

    A run makes objects by the million beside those that litellm and the tables hold, and each full collection looks at
    all of them: a third of a second, several times a minute, in which nothing is asked and no reply is read. A process
    that keeps objects from the collector itself, or in which another run does so, is left as it is.
    """
    if gc.get_freeze_count():
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
