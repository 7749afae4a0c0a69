"""When a run on a cluster ends before its work is done: at its deadline, or because somebody says so."""

from __future__ import annotations

from time import monotonic

from druqa.models.interruption import Interruption


class Ending:
    """Looked at from outside any event loop, as often as one likes."""

    def __init__(self, deadline_s: float | None, began: float, interruption: Interruption | None) -> None:
        """`began` is when the run did, by `monotonic`."""
        self._deadline_s, self._began, self._interruption = deadline_s, began, interruption

    @property
    def seconds_left(self) -> float | None:
        """Until the deadline; None if there is none."""
        return None if self._deadline_s is None else max(0.0, self._began + self._deadline_s - monotonic())

    @property
    def why(self) -> str:
        """Why the run is to end now; empty while it may go on."""
        if self._interruption and self._interruption.why:
            return self._interruption.why
        return f"the run's deadline of {self._deadline_s:g} s passed" if self.seconds_left == 0.0 else ""
