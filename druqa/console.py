"""How the command line deals with terminal, pipes and signals: nothing harmful is printed, every end has words."""

from __future__ import annotations

import errno
import gc
import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click

from druqa.characters import seen_json
from druqa.errors import EXIT_ERROR, DruqaError
from druqa.scrubbing import scrub
from druqa.views.safe import safe

if TYPE_CHECKING:
    from rich.console import Console

    from druqa.models.interruption import Interruption

_CANNOT_WRITE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


class Commands(click.Group):
    """Turns every error into a message and an exit code; a traceback only with DRUQA_DEBUG=1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whatever ends it has words and an exit code."""
        # A command builds its tables and ends: looking for rubbish on the way takes a tenth of its time.
        gc.set_threshold(100_000, 50, 50)
        for stream in (sys.stdout, sys.stderr):
            # A terminal that cannot show a letter gets its code; it never gets an error in place of a report.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        try:
            return super().invoke(ctx)
        except DruqaError as error:
            click.echo(f"druqa: {error.told(safe)}", err=True)
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
    return (
        f"druqa: internal error, {type(error).__name__}: {safe(scrub(str(error)))}\n"
        "  Nothing it printed is to be relied on. DRUQA_DEBUG=1 shows where."
    )


def _harmless(error: click.ClickException) -> click.ClickException:
    """The same complaint; click repeats options and values as they were given, terminal codes and all."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error
    said = safe(error.format_message())
    return click.UsageError(said, error.ctx) if isinstance(error, click.UsageError) else click.ClickException(said)


def echo_json(dumped: str) -> None:
    """Print JSON with whatever nobody sees escaped."""
    click.echo(seen_json(dumped))


def console() -> Console:
    """A terminal for reports."""
    from rich.console import Console  # noqa: PLC0415

    # Drug names are data: no markup, no emoji codes, no highlighting may come out of them.
    return Console(markup=False, highlight=False, emoji=False, soft_wrap=False)


@contextmanager
def ended_by_signals() -> Iterator[Interruption]:
    """While the context lasts, a first Ctrl-C or SIGTERM ends the check with its report; a second ends the process."""
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
        interruption.now(f"the run was interrupted by {name}")
        with suppress(OSError, ValueError, AttributeError):  # nobody may be listening any more
            # Not by print: the signal may have come in the middle of one.
            os.write(sys.stderr.fileno(), f"druqa: {name}: ending with a report; once more ends at once\n".encode())

    for number in caught:
        signal.signal(number, end)
    try:
        yield interruption
    finally:
        restore()
