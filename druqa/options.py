"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]


def names_options(command: Command) -> Command:
    """Tables of names that the user brings."""
    command = _files("--formulary", "Add names from a CSV with columns name and drug; may be repeated.")(command)
    return click.option(
        "--rxnorm", type=click.Path(path_type=Path), metavar="DIR", help="Add the names of your own copy of RxNorm."
    )(command)


def tables_options(command: Command) -> Command:
    """Tables of names and of interactions that the user brings."""
    help_ = "Also look pairs up in a CSV with columns drug_a, drug_b and severity; may be repeated."
    return names_options(_files("--interactions", help_)(command))


def _files(option: str, help_: str) -> Callable[[Command], Command]:
    return click.option(
        option,
        type=click.Path(path_type=Path),
        multiple=True,
        metavar="CSV",
        callback=lambda _ctx, _param, files: files or None,
        help=help_,
    )


def cascade_options(command: Command) -> Command:
    """What is asked, and of whom."""
    command = click.option(
        "--model", "bindings", multiple=True, metavar="ROLE=MODEL", help="Bind a model to a role; may be repeated."
    )(command)
    return click.option("--cascade", metavar="NAME|PATH", help="Which cascade to run; see `druqa cascades`.")(command)


def limit_options(command: Command) -> Command:
    """How long a run may take, and how much it may ask."""
    return click.option(
        "--deadline", "deadline_s", type=float, metavar="SECONDS", help="Wall-clock limit; the rest is NOT CHECKED."
    )(calls_option(command))


def calls_option(command: Command) -> Command:
    """How much a run may ask."""
    return click.option(
        "--budget-calls", type=int, metavar="N", help="Most model calls; pairs beyond it are NOT CHECKED."
    )(command)
