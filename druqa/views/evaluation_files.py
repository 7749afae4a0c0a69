"""Writes the reports of a run into its folder: HTML for people, Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from druqa.errors import UsageError
from druqa.measure.evaluation import Evaluation
from druqa.measure.results import Result
from druqa.measure.traces import trace
from druqa.views.evaluation_html import page
from druqa.views.evaluation_text import markdown

MOST_TRACES = 300
"""Missed pairs that open into their story in the HTML; all of them are told by `druqa eval show`."""


def write_reports(folder: Path, evaluation: Evaluation, results: Sequence[Result]) -> None:
    """Write report.html and report.md.

    Raises:
        UsageError: if the folder cannot be written.

    """
    by_id = {result.case.id: result for result in results}
    traces = {lost.case: trace(by_id[lost.case]) for lost in evaluation.missed[:MOST_TRACES]}
    try:
        (folder / "report.html").write_text(page(evaluation, traces), encoding="utf-8")
        (folder / "report.md").write_text(markdown(evaluation), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(folder), mend="give --out DIR") from None
