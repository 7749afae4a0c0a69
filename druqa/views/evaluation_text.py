"""An evaluation for a terminal and as Markdown; the trace of one case; what changed between two runs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from druqa.measure.calibrate import Calibration
from druqa.measure.compare import Comparison
from druqa.measure.evaluation import Evaluation
from druqa.measure.traces import Trace
from druqa.records import Severity
from druqa.views.block import Block, Ragged
from druqa.views.evaluation_sections import MOST_ROWS, sections
from druqa.views.evaluation_words import Section, change_row, counted, percent
from druqa.views.safe import safe

_LINK = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)


def print_evaluation(evaluation: Evaluation, console: Console) -> None:
    """Print every part of an evaluation, headline first, wrapped to the console's width."""
    console.print(Block(Text(safe(evaluation.title), style="bold"), hang=0))
    for section in sections(evaluation):
        print_section(section, console)


def print_section(section: Section, console: Console) -> None:
    """Print one titled table with its sentences."""
    console.print()
    console.print(Text(section.title.upper(), style="bold"))
    for words in section.words:
        console.print(Block(Text(safe(words)), hang=2))
    if section.rows:
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
        for place, column in enumerate(section.columns):
            # What a row is about stays in one piece, whatever else must wrap.
            table.add_column(Text(safe(column)), overflow="fold", no_wrap=not place)
        for row in section.rows:
            table.add_row(*(Text(safe(cell)) for cell in row))
        console.print(Ragged(table))


def markdown(evaluation: Evaluation) -> str:
    """The evaluation as one Markdown page."""
    lines = [f"# {_plain(evaluation.title)}", ""]
    for section in sections(evaluation):
        lines += [f"## {section.title}", "", *(f"{_plain(words)}\n" for words in section.words)]
        if section.rows:
            lines += [_row(section.columns), _row(["---"] * len(section.columns))]
            lines += [*(_row(row) for row in section.rows), ""]
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(_plain(cell) for cell in cells)} |"


def _plain(text: str) -> str:
    """Text in which nothing is markup, no entity and no link: names come from outside."""
    escaped = "".join(f"\\{letter}" if letter in "\\`*_[]<>|#&~$" else letter for letter in safe(text))
    return _LINK.sub(r"\\", escaped)


def print_trace(trace: Trace, console: Console) -> None:
    """Print the whole story of one case."""
    console.print(Block(Text(safe(trace.title), style="bold"), hang=0))
    facts = [("gold", trace.truth), ("decision", trace.decision), ("lost at", trace.lost_at)]
    facts += [("read", line) for line in trace.read]
    facts += [("not asked", f"{trace.not_asked:,} questions")] if trace.not_asked else []
    facts += [("beside", f"{trace.others_flagged:,} other flags on this list")] if trace.others_flagged else []
    facts += [("rival", trace.review)] if trace.review else []
    for name, fact in facts:
        if fact:
            console.print(Block(Text(f"{name:<10}{safe(fact)}"), hang=10))
    for said in trace.said:
        by = said.evaluator if said.model == "table" else f"{said.evaluator} by {said.model}"
        grade = f" {said.severity}" if said.severity else ""
        line = f"{said.stage:<9} {by}: {said.outcome}{grade}: {said.reason}"
        console.print(Block(Text(safe(line)), indent=2, hang=12))
        console.print(Block(Text(safe(f"asked: {'; '.join(said.names)}"), style="dim"), indent=12, hang=12))
    if not trace.said:
        console.print(Text("  nobody said anything of this pair"))


def print_calibration(calibration: Calibration, console: Console, *, simulated: bool) -> None:
    """Print the counting that was chosen, what it promises, and what it spares."""
    k = ", ".join(f"{severity} {calibration.vote.needed(severity)}" for severity in Severity)
    silent = [name for name, weight in sorted(calibration.vote.weights.items()) if not weight]
    words = [
        *(["SIMULATED models: no figure here is one of a real model."] if simulated else []),
        f"At most {percent(calibration.miss_rate)} of interacting pairs are missed, with confidence"
        f" {percent(calibration.confidence)}, if the pairs to come are like this gold ({calibration.method}).",
        f"Of {calibration.calibration_pairs} pairs that it was tested on, worth {calibration.worth} independent ones,"
        f" {calibration.missed} are missed. {calibration.passed} of {calibration.tried} countings passed.",
        f"Votes that a flag needs, by severity: {k}.",
        f"Voices that no longer count: {', '.join(silent) or 'none'}. Auditors: {', '.join(calibration.auditors)}.",
        f"Specificity {counted(calibration.specificity)}; counted as safe as can be"
        f" {counted(calibration.safest_specificity)}.",
    ]
    print_section(Section("Calibration", tuple(words)), console)


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Print what changed between two runs over the cases that both have."""
    columns = ("part", "pairs", "newly caught", "newly missed", "p", "p adjusted")
    print_section(
        Section("What changed", comparison.words, columns, tuple(map(change_row, comparison.changes))), console
    )
    for title, lost in (("Newly missed", comparison.newly_missed), ("Newly caught", comparison.newly_caught)):
        cases = tuple(
            (str(row.severity), " + ".join(row.drugs), " + ".join(row.written), row.case) for row in lost[:MOST_ROWS]
        )
        heads = ("severity", "pair", "written", "case")
        print_section(Section(title, (f"{len(lost):,} cases.",) if cases else ("None.",), heads, cases), console)
    print_section(
        Section("Made otherwise", () if comparison.made else ("Nothing.",), ("what", "A", "B"), comparison.made),
        console,
    )
