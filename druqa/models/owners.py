"""Tells whether a process that claimed something is still alive. By a file lock: the system frees it at any death.

Neither clocks, which may be set back, nor process numbers, which are given again, are relied on.
"""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from pathlib import Path
from time import time
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from filelock import BaseFileLock

_YOUNG_S = 60


class Owner:
    """One run, as other processes see it: a locked file of its own in a folder that they share."""

    def __init__(self, folder: Path) -> None:
        """Create the file and lock it.

        Raises:
            OSError: if it cannot be written.

        """
        folder.mkdir(exist_ok=True)
        self.id = uuid4().hex
        self._folder = folder
        self._lock = _lock(folder / self.id)
        self._lock.acquire(timeout=0)

    def is_dead(self, other: str) -> bool:
        """Whether another owner ended, well or not. Its file is removed if it did."""
        file = self._folder / other
        if not file.is_file():
            return True
        lock = _lock(file)
        try:
            lock.acquire(timeout=0)
        except TimeoutError:
            return False
        lock.release()
        file.unlink(missing_ok=True)
        return True

    def close(self) -> None:
        """End this owner: what it still claims may be taken over. What killed ones left behind is swept up."""
        self._lock.release()
        (self._folder / self.id).unlink(missing_ok=True)
        with suppress(OSError):
            for file in self._folder.iterdir():
                # (A young file may not be locked yet.)
                if time() - file.stat().st_mtime > _YOUNG_S:
                    self.is_dead(file.name)


def _lock(file: Path) -> BaseFileLock:
    # Imported when needed: filelock tries the file system out at import, and importing druqa writes nothing.
    lock: BaseFileLock = import_module("filelock").FileLock(file)
    return lock
