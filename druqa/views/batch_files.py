"""A batch by provider files in words: what was written and what to do with it, what came back and what is open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from druqa.batch.provider.account import FATES, Account, RequestFile, ResultFile
from druqa.batch.provider.exporting import Exported
from druqa.views.plan import dollars
from druqa.views.safe import safe

_SHOWN = 20
_LINES = ("lines", "succeeded", "duplicated", "errored", "expired", "canceled", "unknown", "unreadable")


def exported_lines(exported: Exported, folder: Path, tables_command: str) -> Iterator[str]:
    """What an export wrote, and what is to be done next."""
    if not exported.files:
        yield "Nothing is left to ask: every question has its reply."
        yield f"To write the tables: {safe(tables_command)}"
        return
    counts: Counter[str] = Counter()
    for file in exported.files:
        counts[file.model] += file.requests
        size = f"{file.requests:,} requests, {file.bytes:,} bytes, {file.format}"
        yield f"written: {safe(str(folder / file.name))} ({size})"
    for model, count in counts.items():
        yield f"{safe(model)}: {count:,} questions, {dollars(exported.usd[model])}"
    if any(exported.usd.values()):
        yield "That is at full price; providers usually charge half of it for batches."
    if exported.again:
        yield (
            f"{exported.again:,} of these questions stand in files of earlier exports too, and have no reply yet. "
            "If those are still with the provider, import their results first: both would be paid."
        )
    yield (
        f"Round {exported.round}. Next: hand the files in, then druqa batch import RESULTS... "
        f"--to {safe(str(folder))}, then this export again, until nothing is left to ask."
    )


def account_lines(account: Account) -> Iterator[str]:
    """The account of an import: its tables, then what is open."""
    yield from _table(("model", "file", "questions", *FATES), account.requests)
    yield ""
    yield from _table(("file", *_LINES), account.results)
    yield ""
    for reason, count in account.errors.items():
        yield f"errored, {count:,} questions: {safe(reason)}"
    for bad in account.unreadable[:_SHOWN]:
        where = f"{bad.file}, line {bad.line}" if bad.line else bad.file
        yield f"could not be read: {safe(where)}: {safe(bad.problem)}"
    count = sum(file.unreadable for file in account.results)
    if count > _SHOWN:
        yield f"{count - _SHOWN:,} further lines could not be read; --json names up to a thousand"
    if differing := sum(file.differing for file in account.results):
        yield f"{differing:,} questions were answered again, and otherwise; the reply that came first stands"
    if unknown := sum(file.unknown for file in account.results):
        yield f"{unknown:,} results have an id that is in no export to this folder: do they belong to another?"
    yield f"{account.answered:,} of {account.questions:,} questions have a reply, {account.new:,} of them new"
    if account.answered < account.questions:
        yield "What errored, expired, was canceled or is missing is wanted again by the next druqa batch export."
    else:
        yield "Every question has its reply. Next: the same druqa batch export again, for the next stage."


def _table(columns: Sequence[str], rows: Sequence[RequestFile | ResultFile]) -> Iterator[str]:
    """A table with its names to the left and its numbers to the right."""
    cells = [[name.replace("_", " ") for name in columns]]
    cells += [[_cell(getattr(row, name)) for name in columns] for row in rows]
    widths = [max(len(line[at]) for line in cells) for at in range(len(columns))]
    numbers = [bool(rows) and isinstance(getattr(rows[0], name), int) for name in columns]
    for line in cells:
        padded = (f"{cell:>{w}}" if n else f"{cell:<{w}}" for cell, w, n in zip(line, widths, numbers, strict=True))
        yield "  ".join(padded).rstrip()


def _cell(value: str | int) -> str:
    return f"{value:,}" if isinstance(value, int) else safe(value)
