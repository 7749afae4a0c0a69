"""How far a run has come: cases done, what they came to, and what was spent. On standard error."""

from __future__ import annotations

from collections import Counter
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from druqa.report import DecisionKind, Report

_COUNTED = {
    "flagged": DecisionKind.FLAGGED,
    "none found": DecisionKind.NONE_FOUND,
    "not checked": DecisionKind.NOT_CHECKED,
}


class Progress:
    """A bar where the terminal can show one; a line at the end where it cannot."""

    def __init__(self, total: int) -> None:
        self._console = Console(stderr=True, markup=False, highlight=False)
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=total)
        self._pairs: Counter[DecisionKind] = Counter()
        self._usd: float | None = 0.0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
        if not self._console.is_terminal:
            self._console.print(f"druqa: {self._words()}")

    def tell(self, report: Report) -> None:
        """Count one more report."""
        self._pairs.update(pair.decision for pair in report.pairs)
        usd = report.cost.usd
        self._usd = None if self._usd is None or usd is None else self._usd + usd
        self._bar.update(self._task, advance=1, description=self._words())

    def _words(self) -> str:
        pairs = ", ".join(f"{self._pairs[kind]:,} {name}" for name, kind in _COUNTED.items())
        return f"{pairs}; {'price not known' if self._usd is None else f'${self._usd:,.2f}'}"
