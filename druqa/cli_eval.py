"""The commands of `druqa eval`: run a suite, show a case, compare two runs, calibrate. Slow imports are inside."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from druqa.console import console
from druqa.errors import EXIT_GATE, EXIT_OK, DataError, UsageError
from druqa.views.safe import safe

if TYPE_CHECKING:
    from druqa.measure.cases import Cases
    from druqa.measure.lists import Lists
    from druqa.measure.suite import Suite
    from druqa.setup import Setup

EXIT_CODES = """
\b
Exit codes:
  0  done; with floors or gates: all held
  1  error
  2  the command is wrong
  5  a floor or a gate was not held
"""


_OWN_GOLD = (
    "the gold is your own. What the figures can say of other pairs depends on where it is from, and on whether its"
    " misses were read before."
)


@click.group("eval")
def evaluations() -> None:
    """Measure what a cascade misses: on gold that ships with druqa, or on your own."""


def _models(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--cascade", metavar="NAME|PATH", help="Run this cascade in place of the suite's own.")(
        command
    )
    return click.option(
        "--model", "bindings", multiple=True, metavar="ROLE=MODEL", help="Bind a model to a role; may be repeated."
    )(command)


@evaluations.command("run", epilog=EXIT_CODES)
@click.argument("suite")
@_models
@click.option(
    "--gold",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Measure on your own gold, CSV or TSV, in place of the suite's; may be repeated.",
)
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help="At most N pairs of each part of the gold.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Where to write; by default beside the journal."
)
@click.option(
    "--floors", type=click.Path(path_type=Path), metavar="FILE", help="Floors to hold, in place of eval/floors.toml."
)
@click.option("--plan", "only_plan", is_flag=True, help="Print the questions, tokens and price; ask nothing.")
@click.pass_context
def run_suite(
    ctx: click.Context,
    /,
    suite: str,
    cascade: str | None,
    bindings: Sequence[str],
    gold: Sequence[Path],
    sample: int | None,
    only_plan: bool,  # noqa: FBT001 - click passes flags by name
    **to: Path | None,
) -> None:
    """Run SUITE, print what it comes to, and write the report.

    \b
    Examples:
      druqa eval run embedded
      druqa eval run embedded --gold my_gold.csv --out results
      druqa eval run models --model screener=openai/gpt-4o-mini --sample 50 --plan
    """  # noqa: D301 - click wants the character itself
    from druqa.measure.cases import cases_of  # noqa: PLC0415
    from druqa.measure.floors import read_floors  # noqa: PLC0415
    from druqa.measure.lists import read_lists  # noqa: PLC0415
    from druqa.measure.running import asked_again, set_up_suite  # noqa: PLC0415
    from druqa.measure.suite import load_suite  # noqa: PLC0415
    from druqa.settings import load_settings  # noqa: PLC0415

    chosen = load_suite(suite)
    floors = read_floors(chosen.name, to["floors"]) if to["floors"] or not gold else {}
    if gold:
        chosen = chosen.model_copy(update={"caution": _OWN_GOLD})
    setup = set_up_suite(chosen, cascade, None, load_settings(bindings))
    cases = cases_of(chosen, setup, gold, sample)
    if not cases.cases:
        raise DataError("the gold holds no pair that can be scored", where=", ".join(map(str, gold)) or suite)
    lists, notes = read_lists(chosen.folder / chosen.lists) if chosen.lists and not gold else ({}, ())
    again = asked_again(cases.cases, setup, chosen.repeats)
    asked = [case.pair.written for case in (*cases.cases, *again)] + [lines for _, lines in lists.values()]
    click.echo(f"druqa: {len(cases.cases):,} cases; {safe(_planned(asked, setup))}", err=True)
    if only_plan:
        ctx.exit(EXIT_OK)
    cases = cases._replace(notes=(*cases.notes, *notes))
    ctx.exit(_measure(chosen, setup, cases, lists, floors, to["out"], len(asked)))


def _measure(
    suite: Suite,
    setup: Setup,
    cases: Cases,
    lists: Lists,
    floors: Mapping[str, float],
    out: Path | None,
    reports: int,
) -> int:
    """Run, evaluate, write, print; the exit code says whether the floors were held."""
    from druqa.measure.evaluate import evaluate, provenance  # noqa: PLC0415
    from druqa.measure.floors import check_floors  # noqa: PLC0415
    from druqa.measure.running import run_cases  # noqa: PLC0415
    from druqa.measure.store import made_folder, run_id, runs_folder, write_run  # noqa: PLC0415
    from druqa.views.evaluation_files import write_reports  # noqa: PLC0415
    from druqa.views.evaluation_text import print_evaluation  # noqa: PLC0415
    from druqa.views.progress import Progress  # noqa: PLC0415

    folder = made_folder(out or runs_folder() / run_id(provenance(suite, cases, setup, {})))
    with Progress(reports) as progress:
        done = run_cases(cases.cases, setup, lists, suite.repeats, progress.tell)
    evaluation = evaluate(suite, cases, done)
    evaluation = evaluation.model_copy(update={"floors": check_floors(evaluation, floors)})
    write_run(folder, evaluation, done.results, done.lists)
    write_reports(folder, evaluation, done.results)
    print_evaluation(evaluation, console())
    click.echo(f"\nwritten to {safe(str(folder))}: report.html, report.md, cases.parquet")
    return EXIT_OK if all(floor.held for floor in evaluation.floors) else EXIT_GATE


def _planned(lists: Sequence[Sequence[str]], setup: Setup) -> str:
    """What the run asks at most, before anything is asked."""
    from druqa.flow import plan_with  # noqa: PLC0415

    if not setup.binding.models:
        return f"cascade {setup.cascade.name} asks no model, no cost"
    plans = [plan_with(setup, lines) for lines in lists]
    prices = [plan.usd for plan in plans]
    usd = "price not known" if None in prices else f"about ${sum(price for price in prices if price is not None):,.2f}"
    questions, tokens = sum(plan.questions for plan in plans), sum(plan.tokens for plan in plans)
    return f"at most {questions:,} questions to models, about {tokens:,} tokens, {usd}"


@evaluations.command()
@click.argument("run")
@click.argument("pair", nargs=-1, required=True)
def show(run: str, pair: Sequence[str]) -> None:
    """Tell the whole story of PAIR in RUN: what was asked, who said what, and where it was lost.

    \b
    Examples:
      druqa eval show embedded-embedded-1a2b3c4d warfarin + amiodarone
      druqa eval show results 5f3a9c01b2d4
    """  # noqa: D301
    from druqa.measure.store import read_run  # noqa: PLC0415
    from druqa.measure.traces import find, trace  # noqa: PLC0415
    from druqa.views.evaluation_text import print_trace  # noqa: PLC0415

    stored, terminal = read_run(run), console()
    for number, result in enumerate(find(stored.results, " ".join(pair))):
        if number:
            terminal.print()
        print_trace(trace(result), terminal)
    if stored.evaluation.simulated:
        terminal.print("\nSIMULATED models: no reply here is one of a real model.")


@evaluations.command(epilog=EXIT_CODES)
@click.argument("a")
@click.argument("b")
@click.option("--no-new-misses", is_flag=True, help="Exit with 5 if B misses a pair that A caught.")
@click.option("--min-recall", type=click.FloatRange(0, 1), metavar="SHARE", help="Exit with 5 if B's recall is lower.")
@click.pass_context
def compare(ctx: click.Context, /, a: str, b: str, no_new_misses: bool, min_recall: float | None) -> None:  # noqa: FBT001
    """Compare the runs A and B: what is newly missed, what newly caught, and what was made otherwise."""
    from druqa.measure.compare import compare as compare_runs  # noqa: PLC0415
    from druqa.measure.store import read_run  # noqa: PLC0415
    from druqa.views.evaluation_text import print_comparison  # noqa: PLC0415

    before, after = read_run(a), read_run(b)
    comparison = compare_runs(before, after)
    print_comparison(comparison, console())
    recall = after.evaluation.headline.recall.value
    broken = []
    if no_new_misses and comparison.newly_missed:
        broken.append(f"{len(comparison.newly_missed)} cases are newly missed")
    if no_new_misses and comparison.lacking:
        broken.append(f"{comparison.lacking} cases that A caught are not in B")
    if no_new_misses and not comparison.changes:
        broken.append("the runs have no interacting case in common")
    if min_recall is not None and (recall is None or recall < min_recall):
        broken.append(f"recall of B is {'not measured' if recall is None else f'{recall:.4f}'}, wanted {min_recall:g}")
    for what in broken:
        click.echo(f"druqa: gate not held: {what}", err=True)
    ctx.exit(EXIT_GATE if broken else EXIT_OK)


@evaluations.command()
@click.argument("run")
@click.option("--miss-rate", type=click.FloatRange(0, 1, min_open=True, max_open=True), required=True, metavar="SHARE")
@click.option(
    "--confidence", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.95, show_default=True
)
@click.option("--cascade", metavar="NAME|PATH", help="The cascade that was run, if it is a folder of your own.")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Where to write the cascade."
)
def calibrate(run: str, miss_rate: float, confidence: float, cascade: str | None, out: Path) -> None:
    """Choose how many votes a flag needs so that a miss rate is promised, and write that as a cascade."""
    from druqa.cascade_files import cascade_names, load_cascade  # noqa: PLC0415
    from druqa.measure.calibrate import calibrate as choose  # noqa: PLC0415
    from druqa.measure.overlays import overlay  # noqa: PLC0415
    from druqa.measure.store import read_run, write_overlay  # noqa: PLC0415
    from druqa.views.evaluation_text import print_calibration  # noqa: PLC0415

    stored = read_run(run)
    used = stored.evaluation.provenance.cascade
    if not cascade and used.name not in cascade_names():
        raise UsageError(
            f"the run was made with a cascade of your own, {used.name}",
            where=run,
            mend="name its folder: --cascade PATH",
        )
    loaded = load_cascade(cascade or used.name)
    if loaded.sha256 != used.sha256:
        raise UsageError(
            f"the run was made with another {used.name}: its prompts or rules have changed since",
            where=run,
            mend="run the suite again, or name the folder of the cascade that was run: --cascade PATH",
        )
    chosen = choose(stored.results, loaded, miss_rate, confidence)
    extends = os.path.relpath(cascade, out) if cascade and Path(cascade).is_dir() else loaded.name
    write_overlay(
        out,
        overlay(chosen, extends, stored.id, stored.evaluation.provenance.gold, simulated=stored.evaluation.simulated),
    )
    print_calibration(chosen, simulated=stored.evaluation.simulated, console=console())
    written = safe(str(out))
    click.echo(f"\nwritten to {written}: use it with --cascade {written}")


@evaluations.command()
def suites() -> None:
    """List the suites that ship with druqa, and the runs that were made."""
    from druqa.measure.store import known_runs  # noqa: PLC0415
    from druqa.measure.suite import load_suite, suite_names  # noqa: PLC0415

    for name in suite_names():
        click.echo(f"{name:<14} {load_suite(name).title}")
    for name in known_runs():
        click.echo(f"run  {safe(name)}")
