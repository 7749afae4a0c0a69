"""How far a batch has come, for whoever looks on: a live view, a file of events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

from druqa.models.asker import Tally
from druqa.records import Outcome
from druqa.report import DecisionKind, PairReport

if TYPE_CHECKING:
    import duckdb

DECIDING = "deciding"
Tell = Callable[[str, dict[str, Any]], None]
"""Takes the name of an event and what is to be said of it."""


@dataclass
class Watch:
    """Counts that only grow. Whoever shows them reads them when it likes."""

    tell: Tell = lambda _event, _facts: None
    stage: str = "reading"
    lists: int = 0
    medications: int = 0
    texts: int = 0
    pairs: int = 0
    """Distinct pairs of drugs, each under the same names."""
    decided: int = 0
    decisions: Counter[DecisionKind] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    tally: Tally = field(default_factory=Tally)
    deciding_since: float = 0.0
    """When the first pair came up, by `monotonic`."""

    def enter(self, stage: str, **facts: Any) -> None:
        """A stage of the batch begins."""
        self.stage = stage
        if stage == DECIDING:
            self.deciding_since = monotonic()
        self.tell("stage", {"stage": stage, **facts})

    def count(self, db: duckdb.DuckDBPyConnection) -> None:
        """Count what was read into a workspace."""
        ((self.lists, self.medications, self.texts),) = db.execute(
            "SELECT (SELECT count(*) FROM lists), (SELECT count(*) FROM entries), (SELECT count(*) FROM texts)"
        ).fetchall()

    def see(self, pair: PairReport) -> None:
        """A distinct pair is decided."""
        self.decided += 1
        self.decisions[pair.decision] += 1
        for verdict in pair.verdicts:
            if verdict.outcome in (Outcome.FAILED, Outcome.UNPARSED):
                self.failures[str(verdict.outcome)] += 1
