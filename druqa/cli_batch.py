"""The commands of `druqa batch`: many lists at once, live or by a provider's batch files."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from druqa.console import Commands, echo_json, ended_by_signals
from druqa.options import calls_option, cascade_options, limit_options, tables_options

if TYPE_CHECKING:
    from druqa.setup import Setup

EXIT_CODES = """
\b
Exit codes:
  0  every pair was checked, nothing is flagged
  1  error
  2  the command is wrong
  3  something is flagged
  4  nothing is flagged, but a row was refused, a pair was not checked,
     or a name not recognised
"""

IMPORT_EXIT_CODES = """
\b
Exit codes:
  0  every question of the folder has its reply
  1  error
  2  the command is wrong
  4  a question has no reply yet
"""
_USD = click.option(
    "--budget-usd", type=float, metavar="N", help="Most US dollars, by estimate; beyond it: NOT CHECKED."
)


class WithDefault(Commands):
    """A group whose command `run` need not be named: `druqa batch lists.csv --out pairs.csv`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; what is neither a command nor a call for help is for `run`."""
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args.insert(0, "run")
        return super().parse_args(ctx, args)


@click.group("batch", cls=WithDefault)
def batch() -> None:
    """Check many lists at once, as in `druqa batch lists.csv --out pairs.csv`.

    Every distinct name, pair and question is worked out once. A run that was broken off goes on where it was when the
    same command is given again: no reply is paid for twice.
    """


@batch.command("run", epilog=EXIT_CODES)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the pairs go: .parquet, .csv, .jsonl, or .duckdb; the other tables stand beside them.",
)
@click.option("--overwrite", is_flag=True, help="Replace what is there.")
@cascade_options
@limit_options
@_USD
@tables_options
@click.option("--events", type=click.Path(path_type=Path), metavar="FILE", help="Write events to a file, as JSONL.")
@click.option("--only-paid", is_flag=True, help="Ask nothing; what has no paid reply is NOT CHECKED.")
@click.option(
    "--engine", type=click.Choice(["local", "dask"]), default="local", help="Ask from here, or from many processes."
)
@click.option("--scheduler", metavar="ADDRESS", help="With --engine dask: a dask scheduler, as in tcp://HOST:8786.")
@click.option("--plan", "only_plan", is_flag=True, help="Print distinct names, pairs, questions, price; ask nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest, or the plan, as JSON.")
@click.pass_context
def run_batch(
    ctx: click.Context,
    /,
    inputs: Sequence[str],
    out: Path | None,
    overwrite: bool,  # noqa: FBT001 - click passes flags by name
    events: Path | None,
    only_plan: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    **over: Any,
) -> None:
    """Check the lists in files, folders, patterns or standard input (-) and write tables.

    INPUT is CSV or TSV with columns list_id and medication (one medication a row) or list_id and medication_1,
    medication_2 ... (one list a row); JSONL or Parquet of the same; or FHIR Bundles.

    \b
    Examples:
      druqa batch lists.csv --out pairs.parquet
      druqa batch 'ward-*.csv' --out pairs.csv --model screener=openai/gpt-4o-mini --plan
      druqa batch bundles/ --out checked.duckdb
    """  # noqa: D301 - click wants the character itself
    from druqa.batch.checking import check_files  # noqa: PLC0415
    from druqa.batch.engine import engine_named  # noqa: PLC0415
    from druqa.batch.outputs import Output  # noqa: PLC0415
    from druqa.batch.run import ask_nobody  # noqa: PLC0415
    from druqa.errors import UsageError  # noqa: PLC0415
    from druqa.views.batch import summary_lines  # noqa: PLC0415
    from druqa.views.batch_progress import BatchProgress  # noqa: PLC0415

    only_paid = over.pop("only_paid")
    engine, scheduler = over.pop("engine"), over.pop("scheduler")
    setup = _setup(over)
    if only_plan:
        _show_plan(inputs, setup, as_json=as_json)
        return
    if out is None:
        raise UsageError("where are the tables to go?", where="--out", mend="give --out FILE, as in --out pairs.csv")
    if only_paid and (engine != "local" or setup.settings.deadline_s):
        raise UsageError("nothing is asked with --only-paid, so it takes neither --engine nor --deadline")
    output = Output(out)
    with (
        ended_by_signals() as interruption,
        engine_named(engine, scheduler) as asks,
        BatchProgress(events) as progress,
    ):
        told = check_files(
            inputs,
            output,
            setup,
            overwrite=overwrite,
            watch=progress.watch,
            interruption=interruption,
            engine=ask_nobody if only_paid else asks,
        )
    if as_json:
        echo_json(told.model_dump_json(indent=2))
    else:
        for line in summary_lines(told, output.files):
            click.echo(line)
    ctx.exit(told.exit_code)


@batch.command("export")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("--to", type=click.Path(path_type=Path), metavar="DIR", required=True, help="Where the files go.")
@cascade_options
@calls_option
@_USD
@tables_options
@click.pass_context
def export_batch(ctx: click.Context, /, inputs: Sequence[str], to: Path, **over: Any) -> None:
    """Write what is to be asked next into files for a provider's batches.

    What was paid for before is not asked again, and one export is one stage of the cascade: hand the files in, import
    the results, export again, until nothing is left to ask. docs/batch-files.md goes through it step by step.

    \b
    Examples:
      druqa batch export lists.csv --to requests --model screener=openai/gpt-4o-mini
      druqa batch import batch_*_output.jsonl --to requests
    """  # noqa: D301 - click wants the character itself
    from druqa.batch.provider import export_files  # noqa: PLC0415
    from druqa.errors import UsageError  # noqa: PLC0415
    from druqa.views.batch_files import exported_lines  # noqa: PLC0415
    from druqa.views.batch_progress import BatchProgress  # noqa: PLC0415

    setup = _setup(over)
    if not setup.binding.models:
        what = f"the cascade {setup.cascade.name} asks no model, so there is nothing to export"
        raise UsageError(what, mend="give --model screener=MODEL, or run `druqa batch` itself")
    with BatchProgress(None) as progress:
        exported = export_files(inputs, to, setup, watch=progress.watch)
    for line in exported_lines(exported, to, _tables_command(ctx)):
        click.echo(line)


def _tables_command(ctx: click.Context) -> str:
    """The command that writes the tables of what was exported: the same options, and nothing is asked."""
    words = ["druqa", "batch", "run", *ctx.params["inputs"], "--out", "pairs.parquet", "--only-paid"]
    for option in ctx.command.params:
        given = ctx.params[option.name or ""]
        if isinstance(option, click.Option) and option.name != "to" and given:
            for value in given if isinstance(given, tuple) else (given,):
                words += [option.opts[-1], str(value)]
    return shlex.join(words)


@batch.command("import", epilog=IMPORT_EXIT_CODES)
@click.argument("inputs", nargs=-1, required=True, metavar="FILE...")
@click.option("--to", type=click.Path(path_type=Path), metavar="DIR", required=True, help="Where the export went.")
@click.option("--json", "as_json", is_flag=True, help="Print the account as JSON.")
@click.pass_context
def import_batch(
    ctx: click.Context,
    /,
    inputs: Sequence[str],
    to: Path,
    as_json: bool,  # noqa: FBT001 - click passes flags by name
) -> None:
    """Take the results of batches that were written by `export`, and account for every question.

    FILE is a file, a folder or a pattern; files of results and of errors, of several batches and providers, in any
    order, packed with gzip or not. The same file may come twice.
    """
    from druqa.batch.provider import import_files, named_model  # noqa: PLC0415
    from druqa.settings import load_settings  # noqa: PLC0415
    from druqa.views.batch_files import account_lines  # noqa: PLC0415

    settings = load_settings()
    account = import_files(inputs, to, lambda name: named_model(name, settings))
    if as_json:
        echo_json(account.model_dump_json(indent=2))
    else:
        for line in account_lines(account):
            click.echo(line)
    ctx.exit(account.exit_code)


def _setup(over: dict[str, Any]) -> Setup:
    from druqa.settings import load_settings  # noqa: PLC0415
    from druqa.setup import set_up  # noqa: PLC0415

    cascade, bindings = over.pop("cascade"), over.pop("bindings")
    return set_up(cascade, None, load_settings(bindings, **over))


def _show_plan(inputs: Sequence[str], setup: Setup, *, as_json: bool) -> None:
    from druqa.batch.planning import plan_files  # noqa: PLC0415
    from druqa.models.provider import price_map  # noqa: PLC0415
    from druqa.views.batch import batch_plan_lines  # noqa: PLC0415

    planned = plan_files(inputs, setup)
    if as_json:
        echo_json(planned.model_dump_json(indent=2))
        return
    for line in batch_plan_lines(planned, price_map()):
        click.echo(line)
