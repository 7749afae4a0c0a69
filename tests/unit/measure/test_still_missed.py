"""A report by several evaluators says how many pairs all of them may have missed; one by tables does not."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

import druqa
from druqa import check
from druqa.cascade_files import load_cascade
from tests.simulation.planted import Planted
from tests.simulation.worlds import DRUGS
from tests.support.cascades import write_cascade
from tests.support.script import ScriptedModel


def report_by(folder: Path, evaluators: int) -> druqa.Report:
    path = write_cascade(folder / f"small{evaluators}", evaluators=evaluators, auditors=1, evidence=False)
    pairs = [frozenset((a, b)) for a in DRUGS[:8] for b in DRUGS[:8] if a < b]
    planted = Planted(dict.fromkeys(pairs[:20], "major"), sensitivity=0.4, specificity=1.0)
    model = ScriptedModel(planted.says, name="simulated/alpha", cascade=load_cascade(path))
    return check(DRUGS[:8], cascade=path, models={"screener": model})


def printed(report: druqa.Report) -> str:
    console = Console(width=100, record=True, markup=False, highlight=False)
    from druqa.views.text import print_report  # noqa: PLC0415

    with console.capture() as capture:
        print_report(report, console)
    return capture.get()


def test_it_is_estimated_from_the_evaluators_that_agree(tmp_path: Path) -> None:
    report = report_by(tmp_path, 4)
    estimates = druqa.still_missed([report])
    assert [estimate.model for estimate in estimates] == ["chao", "correlated"]
    said_yes = sum(any(v.outcome == "interaction" and v.stage == "screen" for v in p.verdicts) for p in report.pairs)
    assert {estimate.caught for estimate in estimates} == {said_yes}
    assert "STILL MISSED" in printed(report)
    assert "no evaluator could ever catch" in " ".join(printed(report).split())


def test_two_evaluators_tell_nothing_and_neither_do_tables(tmp_path: Path) -> None:
    report = report_by(tmp_path, 2)
    assert druqa.still_missed([report]) == ()
    assert "STILL MISSED" not in printed(report)
    assert druqa.still_missed([check(["warfarin", "aspirin", "ibuprofen"])]) == ()


def test_several_reports_are_taken_together(tmp_path: Path) -> None:
    report = report_by(tmp_path, 4)
    (alone, *_), (twice, *_) = druqa.still_missed([report]), druqa.still_missed([report, report])
    assert twice.caught == 2 * alone.caught
