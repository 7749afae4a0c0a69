"""How far a batch has come: a live line in a terminal, plain lines elsewhere, events as JSONL in a file."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic
from types import TracebackType
from typing import Any, Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from druqa.batch.watch import Watch
from druqa.errors import UsageError
from druqa.report import DecisionKind

_TICK_S = 1.0
_PLAIN_LINE_S = 10.0


class BatchProgress:
    """Looks at a `Watch` once a second, on standard error, and tells a file of events what it sees."""

    def __init__(self, events: Path | None) -> None:
        """Open the file of events; what it holds stays before them.

        Raises:
            UsageError: if it cannot be written.

        """
        self.watch = Watch(tell=self._tell)
        self._console = Console(stderr=True, markup=False, highlight=False, emoji=False)
        self._began = self._last_plain = monotonic()
        self._seen = (self._began, 0)
        self._rate = 0.0
        self._live = Live(console=self._console, get_renderable=self._shown, refresh_per_second=2, transient=True)
        self._over, self._writing = Event(), Lock()
        self._ticker = Thread(target=self._tick, daemon=True)
        if events and events.is_file() and events.stat().st_size and not events.read_bytes()[:8].startswith(b'{"event'):
            raise UsageError(
                "it holds something else than events", where=f"--events {events}", mend="name another file"
            )
        try:
            # Never over what is there: that may be a list, or what an earlier run of the same batch told.
            self._events: TextIO | None = events.open("a", encoding="utf-8", buffering=1) if events else None
        except OSError as error:
            raise UsageError(f"cannot be written: {error.strerror}", where=f"--events {events}") from None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._ticker.join()
        self._live.stop()
        self._tell("ended", {**self._facts(), "failed": kind is not None})
        if self._events:
            self._events.close()

    def _tick(self) -> None:
        while not self._over.wait(_TICK_S):
            now, calls = monotonic(), self.watch.tally.calls
            self._rate = (calls - self._seen[1]) / (now - self._seen[0])
            self._seen = now, calls
            self._write("progress", self._facts())
            if not self._console.is_terminal and now - self._last_plain >= _PLAIN_LINE_S:
                self._last_plain = now
                self._console.print(f"druqa: {self._words()}", soft_wrap=True)

    def _tell(self, event: str, facts: dict[str, Any]) -> None:
        self._write(event, facts)
        if event == "stage" and not self._console.is_terminal:
            self._console.print(f"druqa: {self._words()}", soft_wrap=True)

    def _write(self, event: str, facts: dict[str, Any]) -> None:
        if self._events:
            line = json.dumps({"event": event, "seconds": round(monotonic() - self._began, 3), **facts})
            with self._writing:
                self._events.write(line + "\n")

    def _facts(self) -> dict[str, Any]:
        watch = self.watch
        return {
            "stage": watch.stage,
            "lists": watch.lists,
            "medications": watch.medications,
            "texts": watch.texts,
            "pairs": watch.pairs,
            "decided": watch.decided,
            **{str(kind): watch.decisions[kind] for kind in DecisionKind},
            "questions": watch.tally.planned,
            "failures": dict(watch.failures),
            "replies": watch.tally.calls,
            "replies_per_s": round(self._rate, 1),
            "usd": watch.tally.usd,
            "seconds_left": self._left(),
        }

    def _left(self) -> float | None:
        """Seconds that the pairs still to be decided take at the pace so far; None before any is."""
        watch = self.watch
        if not watch.decided:
            return None
        return round((watch.pairs - watch.decided) * (monotonic() - watch.deciding_since) / watch.decided, 1)

    def _shown(self) -> Text:
        return Text(self._words())

    def _words(self) -> str:
        watch, seconds = self.watch, monotonic() - self._began
        parts = [f"{seconds:.0f} s, {watch.stage}"]
        if watch.lists:
            parts.append(f"{watch.lists:,} lists, {watch.texts:,} texts")
        if watch.pairs:
            kinds = ", ".join(f"{watch.decisions[kind]:,} {str(kind).replace('_', ' ')}" for kind in DecisionKind)
            parts.append(f"{watch.decided:,} of {watch.pairs:,} distinct pairs: {kinds}")
        if watch.tally.planned:
            usd = "price not known" if watch.tally.usd is None else f"${watch.tally.usd:,.2f}"
            parts.append(f"{watch.tally.calls:,} replies, {self._rate:,.0f}/s, {usd}")
        if watch.failures:
            parts.append(", ".join(f"{count:,} {kind}" for kind, count in sorted(watch.failures.items())))
        if (left := self._left()) and watch.decided < watch.pairs:
            parts.append(f"about {left:,.0f} s left")
        return "; ".join(parts)
