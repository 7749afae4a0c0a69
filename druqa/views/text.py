"""A Report for a terminal: the verdict on the list first, then the flagged pairs, worst first, then every gap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.text import Text

from druqa.records import Outcome, ResolvedMedication, Severity, Tier, voices
from druqa.report import DecisionKind, Finding, PairReport, Report, View
from druqa.views.block import Block
from druqa.views.names import how
from druqa.views.safe import safe

_STYLES = {
    Severity.CONTRAINDICATED: "bold white on red",
    Severity.MAJOR: "bold red",
    Severity.MODERATE: "bold yellow",
    Severity.MINOR: "cyan",
    Severity.UNKNOWN: "bold magenta",
}
_MOST_PAIRS_SHOWN = 60
_MOST_REASONS_SHOWN = 4
_MOST_WITHOUT_INDEX = 6
_FEWEST_CAUGHT = 10


def print_report(report: Report, console: Console) -> None:
    """Print a report, wrapped to the console's width."""
    for line in _head(report):
        console.print(line)
    sure = [pair for pair in report.of(DecisionKind.FLAGGED) if pair.tier is not Tier.POSSIBLE]
    unsure = [pair for pair in report.of(DecisionKind.FLAGGED) if pair.tier is Tier.POSSIBLE]
    _section(console, "FLAGGED", sure, report)
    _section(console, "POSSIBLE: one voice, or unsure", unsure, report)
    _unflagged(console, "NOT CHECKED", report.of(DecisionKind.NOT_CHECKED))
    _unflagged(console, "NONE FOUND", report.of(DecisionKind.NONE_FOUND))
    _heading(console, "MEDICATIONS")
    for number, medication in enumerate(report.medications, 1):
        for line in medication_lines(number, medication):
            console.print(line)
    console.print()
    console.print(Text("For review by a clinician or pharmacist; not a substitute for one.", style="dim"))


def _head(report: Report) -> Iterator[Block]:
    drugs = {drug.id for medication in report.medications for drug in medication.drugs}
    cascade = safe(f"{report.cascade.name} {report.cascade.version}")
    heading = (
        f"druqa {report.druqa_version}  cascade {cascade}  {_count(len(report.medications), 'medication')}, "
        f"{_count(len(drugs), 'drug')}, {_count(len(report.pairs), 'pair')}"
    )
    yield Block(Text(heading, style="dim"))
    if report.ended_early:
        text = (
            f"{report.ended_early} before every question was answered; what is missing is NOT CHECKED. The same "
            "command goes on from here"
        )
        yield _hanging("INCOMPLETE", safe(text), "bold white on red")
    for medication in report.medications:
        if not medication.recognised:
            yield _hanging("NOT RECOGNISED", _with_doubts(medication), "bold white on magenta")
    flagged = report.of(DecisionKind.FLAGGED)
    if flagged:
        by = Counter(pair.severity for pair in flagged)
        graded = ", ".join(f"{by[severity]} {severity}" for severity in Severity if by[severity])
        yield _hanging("FLAGGED", f"{len(flagged)} of {_count(len(report.pairs), 'pair')}: {graded}", "bold red")
    else:
        yield _hanging("FLAGGED", "none", "bold")
    yield from _gaps(report)


def _gaps(report: Report) -> Iterator[Block]:
    """What else belongs on top: findings on the list, and everything that was not done or is in doubt."""
    for finding in report.findings:
        yield from _finding(finding)
    if gaps := report.of(DecisionKind.NOT_CHECKED):
        text = f"{len(gaps)} of {_count(len(report.pairs), 'pair')}: an interaction there would not show"
        yield _hanging("NOT CHECKED", text, "bold magenta")
    if clear := report.of(DecisionKind.NONE_FOUND):
        yield _hanging("NONE FOUND", f"{_count(len(clear), 'pair')}, signed off", "green")
    for note in report.notes:
        yield _hanging("NOTE", safe(note), "yellow")
    if report.questions.failed or report.questions.not_asked:
        text = (
            f"{report.questions.failed} failed, {report.questions.not_asked} not asked, of {report.questions.planned}"
        )
        yield _hanging("QUESTIONS", text, "bold magenta")
    yield from _still_missed(report)
    for medication in report.medications:
        if medication.recognised and medication.doubts:
            yield _hanging("DOUBT", _with_doubts(medication), "yellow")


def _still_missed(report: Report) -> Iterator[Block]:
    """What the agreement of several models' evaluators says of the pairs that none of them saw."""
    if not any(pair.planned for pair in report.pairs):
        return
    from druqa.measure.agreement import still_missed  # noqa: PLC0415 - numpy: only for a report by models

    for estimate in still_missed([report]):
        if estimate.caught < _FEWEST_CAUGHT:
            continue  # of a handful of flags nothing can be said of the rest
        high = "any number" if estimate.high is None else f"{estimate.high:,.0f}"
        text = (
            f"{estimate.low:,.0f} to {high} further pairs (95 % interval, {estimate.model}), as the evaluators"
            f" agree on the {estimate.caught} flagged. {estimate.limit}"
        )
        yield _hanging("STILL MISSED", text, "yellow")


def _finding(finding: Finding) -> Iterator[Block]:
    """What was found on the whole list, and what to do; the facts behind it are in the JSON."""
    grade = "" if finding.severity is Severity.UNKNOWN else f"{finding.severity}: "
    yield _hanging("ON THE WHOLE LIST", safe(f"{grade}{finding.reasons[0]}"), "bold yellow")
    if finding.effect:
        yield _body("", safe(f"{finding.effect} ({finding.mechanism}) [{finding.source}]"))
    if finding.management:
        yield _body("Do: ", safe(finding.management))


def _with_doubts(medication: ResolvedMedication) -> str:
    return f"{safe(_short(medication.text))}: {safe('; '.join(medication.doubts))}"


def _section(console: Console, title: str, pairs: Sequence[PairReport], report: Report) -> None:
    if pairs:
        _heading(console, title)
    if len(pairs) > _MOST_WITHOUT_INDEX:
        for line in _index(pairs):
            console.print(line)
    for pair in pairs:
        for line in _flag(pair, report):
            console.print(line)


def _index(pairs: Sequence[PairReport]) -> Iterator[Block]:
    """All pairs at a glance, by severity: a long list is read from here."""
    for severity in Severity:
        if named := [" + ".join(pair.drugs) for pair in pairs if pair.severity is severity]:
            yield _body(f"{severity}: ", safe(", ".join(named)))


def _flag(pair: PairReport, report: Report) -> Iterator[Block]:
    severity = pair.severity or Severity.UNKNOWN
    written = dict.fromkeys(safe(_short(report.medications[i].text)) for i in pair.medications)
    yield Block(Text())
    title = Text.assemble(
        (f" {severity} ", _STYLES[severity]),
        (f" {safe(pair.drugs[0])} + {safe(pair.drugs[1])}", "bold"),
        (f"  {pair.tier}", "dim"),
    )
    yield Block(title)
    if len(set(pair.medications)) == 1:
        written["both on one line: they may be meant together"] = None
    yield _body("From: ", " / ".join(written), "dim")
    if pair.answer:
        if pair.answer.written_by != "composed":
            yield _body("", safe(pair.answer.text))
        else:
            because = (
                f" ({pair.answer.mechanism})" if pair.answer.mechanism and pair.answer.effect else pair.answer.mechanism
            )
            yield from (_body("", safe(text)) for text in [f"{pair.answer.effect}{because}"] if text)
        if pair.answer.management:
            yield _body("Do: ", safe(pair.answer.management))
        if pair.answer.depends:
            yield _body("Graver if: ", safe(pair.answer.depends))
    yes = voices(v for v in pair.verdicts if v.outcome in (Outcome.INTERACTION, Outcome.UNCLEAR))
    for verdict in yes[:_MOST_REASONS_SHOWN]:
        said = "unsure" if verdict.outcome is Outcome.UNCLEAR else str(verdict.severity)
        by = f"{verdict.evaluator}, {verdict.model}" if verdict.model else verdict.evaluator
        yield _body("Why: ", safe(f"{' + '.join(verdict.names)} [{by}] {said}: {verdict.reason}"), "dim")
    if len(yes) > _MOST_REASONS_SHOWN:
        yield _body("", f"and {len(yes) - _MOST_REASONS_SHOWN} more evaluators: see --json", "dim")
    if pair.review and pair.review.view is not View.CONFIRMS:
        yield _body(f"Rival {pair.review.view}: ", safe(" / ".join(pair.review.reasons)), "yellow")


def _unflagged(console: Console, title: str, pairs: Sequence[PairReport]) -> None:
    """Pairs without a flag, gathered by reason so that a long list stays readable."""
    if not pairs:
        return
    _heading(console, title)
    by_reason: dict[tuple[str, ...], list[str]] = {}
    for pair in pairs:
        by_reason.setdefault(pair.reasons, []).append(safe(" + ".join(pair.drugs)))
    for reasons, names in by_reason.items():
        console.print(_body("", safe("; ".join(reasons)), "italic"))
        more = f", and {len(names) - _MOST_PAIRS_SHOWN} more: see --json" if len(names) > _MOST_PAIRS_SHOWN else ""
        console.print(_body("", ", ".join(names[:_MOST_PAIRS_SHOWN]) + more))


def medication_lines(number: int, medication: ResolvedMedication) -> Iterable[Block]:
    """What one line of the list was read as, how, and every doubt."""
    drugs = ", ".join(safe(drug.name) for drug in medication.drugs) or "nothing"
    found = how(medication)
    line = Text.assemble(
        (f"{number:>3}  ", "dim"),
        safe(_short(medication.text)),
        ("  ->  ", "dim"),
        (drugs, "bold" if medication.recognised else "bold magenta"),
        (f"  ({found})" if found else "", "dim"),
    )
    yield Block(line, hang=5)
    for doubt in medication.doubts:
        yield Block(Text(safe(doubt), style="yellow"), indent=5, hang=5)


def _heading(console: Console, title: str) -> None:
    console.print()
    console.print(Text(title, style="bold underline"))


def _hanging(label: str, text: str, style: str) -> Block:
    return Block(Text.assemble((f" {label} ", style), " ", text))


def _body(label: str, text: str, style: str = "") -> Block:
    return Block(Text.assemble((label, "bold" if label else ""), (text, style)), indent=3)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."
