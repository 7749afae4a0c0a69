"""The command line: `druqa check`, `names`, `eval`, `cascades`. Everything slow is imported inside a command."""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from druqa import __version__
from druqa.cli_eval import evaluations
from druqa.errors import EXIT_ERROR, DruqaError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from druqa.models.interruption import Interruption


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


_CANNOT_WRITE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


class _Commands(click.Group):
    """Turns every error into a message and an exit code; a traceback only with DRUQA_DEBUG=1."""

    def invoke(self, ctx: click.Context) -> Any:
        # A command builds its tables and ends: looking for rubbish on the way takes a tenth of its time.
        gc.set_threshold(100_000, 50, 50)
        for stream in (sys.stdout, sys.stderr):
            # A terminal that cannot show a letter gets its code; it never gets an error in place of a report.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        try:
            return super().invoke(ctx)
        except DruqaError as error:
            click.echo(f"druqa: {error.told(_printable)}", err=True)
            ctx.exit(error.exit_code)
        except BrokenPipeError:
            # The reader went away (`druqa check ... | head`). Python would complain once more while it flushes.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(EXIT_ERROR)
        except click.ClickException as error:
            raise _harmless(error) from None
        except (click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if os.environ.get("DRUQA_DEBUG"):
                raise
            click.echo(_complaint(error), err=True)
            ctx.exit(EXIT_ERROR)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Read the options before the command; what is wrong with them is said without their control characters."""
        try:
            return super().make_context(*args, **kwargs)
        except click.ClickException as error:
            raise _harmless(error) from None


def _complaint(error: Exception) -> str:
    """What a person is told of an error that nobody foresaw, or of an output that takes no more."""
    if isinstance(error, OSError) and error.errno in _CANNOT_WRITE:
        return f"druqa: the output cannot be written: {error.strerror}"
    from druqa.scrubbing import scrub  # noqa: PLC0415

    return (
        f"druqa: internal error, {type(error).__name__}: {_printable(scrub(str(error)))}\n"
        "  Nothing it printed is to be relied on. DRUQA_DEBUG=1 shows where."
    )


def _harmless(error: click.ClickException) -> click.ClickException:
    """The same complaint; click repeats options and values as they were given, terminal codes and all."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error
    said = _printable(error.format_message())
    return click.UsageError(said, error.ctx) if isinstance(error, click.UsageError) else click.ClickException(said)


def _printable(text: object) -> str:
    from druqa.views.safe import safe  # noqa: PLC0415

    return safe(str(text))


def _echo_json(dumped: str) -> None:
    from druqa.views.safe import safe_json  # noqa: PLC0415

    click.echo(safe_json(dumped))


@click.group(cls=_Commands, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="druqa")
def main() -> None:
    """Check medication lists for drug-drug interactions. Never misses quietly: it says what it did not check."""


def _own_names(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options for tables of names that the user brings."""
    command = click.option(
        "--formulary",
        type=click.Path(path_type=Path),
        multiple=True,
        metavar="CSV",
        callback=lambda _ctx, _param, files: files or None,
        help="Add names from a CSV with columns name and drug; may be repeated.",
    )(command)
    return click.option(
        "--rxnorm", type=click.Path(path_type=Path), metavar="DIR", help="Add the names of your own copy of RxNorm."
    )(command)


@main.command(epilog=EXIT_CODES)
@click.argument("medications", nargs=-1, metavar="MED...")
@click.option(
    "--file", "file", type=click.Path(path_type=Path), help="Read one medication a line; - is standard input."
)
@click.option("--cascade", metavar="NAME|PATH", help="Which cascade to run; see `druqa cascades`.")
@click.option(
    "--model", "bindings", multiple=True, metavar="ROLE=MODEL", help="Bind a model to a role; may be repeated."
)
@click.option(
    "--deadline", "deadline_s", type=float, metavar="SECONDS", help="Wall-clock limit; the rest is NOT CHECKED."
)
@click.option("--budget-calls", type=int, metavar="N", help="Most model calls; pairs beyond it are NOT CHECKED.")
@_own_names
@click.option(
    "--interactions",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="CSV",
    callback=lambda _ctx, _param, files: files or None,
    help="Also look pairs up in a CSV with columns drug_a, drug_b and severity; may be repeated.",
)
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
    with _ended_by_signals() as interruption:
        report = run(lines, cascade=cascade, settings=settings, interruption=interruption)
    if as_json:
        _echo_json(report.model_dump_json(indent=2))
    else:
        from druqa.views.text import print_report  # noqa: PLC0415

        print_report(report, _console())
    ctx.exit(report.exit_code)


@main.command()
@click.argument("texts", nargs=-1, metavar="TEXT...")
@click.option("--file", "file", type=click.Path(path_type=Path), help="Read one text a line; - is standard input.")
@_own_names
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
        click.echo(f"druqa: {_printable(note)}", err=True)
    if as_json:
        import json  # noqa: PLC0415

        _echo_json(json.dumps([m.model_dump(mode="json") for m in resolved], indent=2, ensure_ascii=False))
    else:
        from druqa.views.names import print_names  # noqa: PLC0415

        print_names(resolved, _console())
    ctx.exit(EXIT_OK if all(medication.recognised for medication in resolved) else EXIT_NOT_CHECKED)


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


@contextmanager
def _ended_by_signals() -> Iterator[Interruption]:
    """While the context lasts, a first Ctrl-C or SIGTERM ends the check with its report; a second ends the process."""
    import signal  # noqa: PLC0415

    from druqa.models.interruption import Interruption  # noqa: PLC0415

    interruption = Interruption()
    caught = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in caught}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def end(number: int, _frame: object) -> None:
        restore()
        name = signal.Signals(number).name
        # Not by print: the signal may have come in the middle of one.
        os.write(sys.stderr.fileno(), f"druqa: {name}: ending with a report; once more ends at once\n".encode())
        interruption.now(f"the run was interrupted by {name}")

    for number in caught:
        signal.signal(number, end)
    try:
        yield interruption
    finally:
        restore()


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
        click.echo(f"druqa: {_printable(file)}, line {line}: not UTF-8; it is read as Windows-1252", err=True)
        text = raw.decode("cp1252", errors="replace")
    return [line for line in text.splitlines() if line.strip()]


def _console() -> Console:
    from rich.console import Console  # noqa: PLC0415

    # Drug names are data: no markup, no emoji codes, no highlighting may come out of them.
    return Console(markup=False, highlight=False, emoji=False, soft_wrap=False)


def _show_plan(planned: Any, *, as_json: bool) -> None:
    if as_json:
        _echo_json(planned.model_dump_json(indent=2))
        return
    from druqa.views.plan import plan_lines  # noqa: PLC0415

    for line in plan_lines(planned):
        click.echo(line)


def _announce(planned: Any) -> None:
    """Say what will be asked and what it may cost before the first call."""
    from druqa.views.plan import plan_total  # noqa: PLC0415

    click.echo(f"druqa: {plan_total(planned)}", err=True)
