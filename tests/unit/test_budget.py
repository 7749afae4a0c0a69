"""What a budget reaches: calls, dollars, both, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from druqa import Settings, UsageError, check
from druqa.cascade_files import load_cascade
from tests.support.cascades import write_cascade
from tests.support.script import ScriptedModel

LIST = ["warfarin", "metformin", "cetirizine"]


def run(tmp_path: Path, settings: Settings, **model: object) -> list[tuple[str, ...]]:
    """The reasons of each pair."""
    cascade = write_cascade(tmp_path / "small")
    scripted = ScriptedModel(cascade=load_cascade(cascade), **model)  # type: ignore[arg-type]
    return [
        pair.reasons for pair in check(LIST, cascade=cascade, models={"screener": scripted}, settings=settings).pairs
    ]


def cut(reasons: list[tuple[str, ...]], budget: str) -> int:
    return sum(f"the budget of {budget} does not reach this pair" in said for said in reasons)


def test_dollars_alone_are_not_cut_short_by_the_default_in_calls(tmp_path: Path) -> None:
    assert Settings(budget_usd=5).most_calls > Settings().most_calls == Settings().budget_calls
    assert Settings(budget_usd=5, budget_calls=7).most_calls == 7
    assert cut(run(tmp_path, Settings(budget_usd=5)), "$5") == 0


def test_a_pair_that_the_dollars_do_not_reach_says_so(tmp_path: Path) -> None:
    reasons = run(tmp_path, Settings(budget_usd=0.003))
    assert 0 < cut(reasons, "$0.003") < len(reasons)
    assert cut(run(tmp_path, Settings(budget_usd=9, budget_calls=3)), "3 model calls and $9") == len(reasons)


def test_without_a_price_there_is_no_budget_in_dollars(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the price of scripted/alpha is not known"):
        run(tmp_path, Settings(budget_usd=5), price=None)
