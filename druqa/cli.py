"""The command line: `druqa check`, `names`, `batch`, `eval`, `cascades`. What is slow is imported inside a command."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from druqa import __version__
from druqa.cli_batch import batch
from druqa.cli_eval import evaluations
from druqa.console import Commands, console, echo_json, ended_by_signals
from druqa.errors import UsageError
from druqa.options import cascade_options, limit_options, names_options, tables_options
from druqa.views.safe import safe

EXIT_CODES = """
\b
Exit codes:
  0  every pair was checked, nothing is flagged
  1  error
  2  the command is wrong
  3  something is flagged
  4  nothing is flagged, but a pair was not checked or a name not recognised
  5  eval: a floor or a gate was not held
"""


@click.group(cls=Commands, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="druqa")
def main() -> None:
    """Check medication lists for drug-drug interactions. Never misses quietly: it says what it did not check."""


@main.command(epilog=EXIT_CODES)
@click.argument("medications", nargs=-1, metavar="MED...")
@click.option(
    "--file", "file", type=click.Path(path_type=Path), help="Read one medication a line; - is standard input."
)
@cascade_options
@limit_options
@tables_options
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@click.option("--plan", "only_plan", is_flag=True, help="Print the questions, tokens and price; ask nothing.")
@click.pass_context
def check(
    ctx: click.Context,
    /,
    medications: Sequence[str],
    file: Path | None,
    cascade: str | None,
    bindings: Sequence[str],
    as_json: bool,  # noqa: FBT001 - click passes flags by name
    only_plan: bool,  # noqa: FBT001
    **over: Any,
) -> None:
    """Check the medications given, and those in --file, as one list.

    \b
    Examples:
      druqa check "Coumadin 5 mg tablet" Bactrim "aspirin 81 mg"
      druqa check --file list.txt --json
      druqa check warfarin aspirin --model screener=openai/gpt-4o-mini --plan
    """  # noqa: D301 - click wants the character itself
    from druqa.flow import check as run  # noqa: PLC0415
    from druqa.flow import plan as make_plan  # noqa: PLC0415
    from druqa.settings import load_settings  # noqa: PLC0415

    lines = _given(medications, file)
    settings = load_settings(bindings, **over)
    if only_plan or settings.roles:
        planned = make_plan(lines, cascade=cascade, settings=settings)
        if only_plan:
            _show_plan(planned, as_json=as_json)
            ctx.exit()
        _announce(planned)
    with ended_by_signals() as interruption:
        report = run(lines, cascade=cascade, settings=settings, interruption=interruption)
    if as_json:
        echo_json(report.model_dump_json(indent=2))
    else:
        from druqa.views.text import print_report  # noqa: PLC0415

        print_report(report, console())
    ctx.exit(report.exit_code)


@main.command()
@click.argument("texts", nargs=-1, metavar="TEXT...")
@click.option("--file", "file", type=click.Path(path_type=Path), help="Read one text a line; - is standard input.")
@names_options
@click.option("--json", "as_json", is_flag=True, help="Print every name of every drug as JSON.")
@click.pass_context
def names(
    ctx: click.Context,
    /,
    texts: Sequence[str],
    file: Path | None,
    as_json: bool,  # noqa: FBT001 - click passes flags by name
    **own: Any,
) -> None:
    """Show which drugs each text is read as, how, and every doubt. Exit code 4 if one is not recognised."""
    from druqa.errors import EXIT_NOT_CHECKED, EXIT_OK  # noqa: PLC0415
    from druqa.flow import names as resolve  # noqa: PLC0415
    from druqa.settings import load_settings  # noqa: PLC0415
    from druqa.setup import load_names  # noqa: PLC0415

    lines = _given(texts, file)
    settings = load_settings(**own)
    resolved = resolve(lines, settings=settings)
    for note in load_names(settings).notes:
        click.echo(f"druqa: {safe(note)}", err=True)
    if as_json:
        import json  # noqa: PLC0415

        echo_json(json.dumps([m.model_dump(mode="json") for m in resolved], indent=2, ensure_ascii=False))
    else:
        from druqa.views.names import print_names  # noqa: PLC0415

        print_names(resolved, console())
    ctx.exit(EXIT_OK if all(medication.recognised for medication in resolved) else EXIT_NOT_CHECKED)


main.add_command(batch)
main.add_command(evaluations)


@main.command()
@click.argument("action", type=click.Choice(["list", "show"]), default="list")
@click.argument("name", required=False)
def cascades(action: str, name: str | None) -> None:
    """List the cascades, or `show NAME`: what it asks, of whom, and how it counts."""
    from druqa.cascade_files import cascade_names, load_cascade  # noqa: PLC0415
    from druqa.views.cascades import describe  # noqa: PLC0415

    if action == "show":
        if not name:
            raise UsageError(
                "which cascade?", mend=f"druqa cascades show NAME, with one of {', '.join(cascade_names())}"
            )
        click.echo(describe(load_cascade(name)))
        return
    for known in cascade_names():
        click.echo(f"{known:<14} {load_cascade(known).title}")


def _given(arguments: Sequence[str], file: Path | None) -> list[str]:
    lines = [*arguments, *_lines(file)]
    if not lines:
        raise UsageError("no medication was given", mend='name some, as in: druqa check warfarin "aspirin 81 mg"')
    return lines


def _lines(file: Path | None) -> list[str]:
    """The lines of a medication file; wholly blank ones hold no medication."""
    if file is None:
        return []
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(file)) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        click.echo(f"druqa: {safe(str(file))}, line {line}: not UTF-8; it is read as Windows-1252", err=True)
        text = raw.decode("cp1252", errors="replace")
    if text.lstrip()[:1] in ("{", "["):
        return [text]  # JSON, a FHIR resource perhaps: its lines are no medications, and hold people
    return [line for line in text.splitlines() if line.strip()]


def _show_plan(planned: Any, *, as_json: bool) -> None:
    if as_json:
        echo_json(planned.model_dump_json(indent=2))
        return
    from druqa.views.plan import plan_lines  # noqa: PLC0415

    for line in plan_lines(planned):
        click.echo(line)


def _announce(planned: Any) -> None:
    """Say what will be asked and what it may cost before the first call."""
    from druqa.views.plan import plan_total  # noqa: PLC0415

    with suppress(OSError):  # nobody listening is no reason not to check
        click.echo(f"druqa: {plan_total(planned)}", err=True)
