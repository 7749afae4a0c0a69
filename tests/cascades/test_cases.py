"""Runs every case of every cascade's cases.toml. One generic test: a case is a row, not code."""

from __future__ import annotations

import asyncio
import tomllib
from pathlib import Path
from typing import Any

import pytest

from druqa.cascade_files import cascade_names
from druqa.flow import acheck
from druqa.models.base import ModelFailure
from druqa.report import DecisionKind, Report
from druqa.resources import folder
from druqa.settings import Settings
from tests.support.script import Asked, ScriptedModel, plain_no, yes


def cases(kind: str) -> list[Any]:
    return [
        pytest.param(name, case, id=f"{name}: {case['name']}")
        for name in cascade_names()
        for case in tomllib.loads((folder("cascades") / name / "cases.toml").read_text(encoding="utf-8"))["case"]
        if kind in case
    ]


def check(cascade: str, case: dict[str, Any], models: Any) -> Report:
    return asyncio.run(acheck(case["medications"], cascade=cascade, models=models, settings=Settings()))


@pytest.mark.parametrize("name", cascade_names())
def test_every_cascade_has_cases_and_a_readme(name: str) -> None:
    home: Path = folder("cascades") / name
    assert tomllib.loads((home / "cases.toml").read_text(encoding="utf-8"))["case"]
    assert (home / "README.md").stat().st_size > 400


@pytest.mark.parametrize(("cascade", "case"), cases("flagged"))
def test_flags_exactly_the_pairs_reasoned_out(cascade: str, case: dict[str, Any]) -> None:
    report = check(cascade, case, None)
    flagged = {(*sorted(pair.drugs), str(pair.severity)) for pair in report.of(DecisionKind.FLAGGED)}
    assert flagged == {(*sorted((a, b)), severity) for a, b, severity in case["flagged"]}
    assert [m.text for m in report.medications if not m.recognised] == case["not_recognised"]


@pytest.mark.parametrize(("cascade", "case"), cases("reasoned"))
def test_what_was_reasoned_blind_as_moderate_or_worse_is_flagged(cascade: str, case: dict[str, Any]) -> None:
    flagged = {tuple(sorted(pair[:2])) for pair in case["flagged"]}
    expected = {tuple(sorted(pair[:2])) for pair in case["reasoned"] if pair[2] != "minor"}
    assert expected
    assert expected - flagged == set()


@pytest.mark.parametrize(("cascade", "case"), cases("says"))
def test_decides_as_the_case_says(cascade: str, case: dict[str, Any]) -> None:
    said = {line["evaluator"]: line for line in case["says"]}

    def says(asked: Asked) -> Any:
        line = said.get(asked.prompt)
        if line is None:
            return None
        outcome, severity = line["outcome"], line.get("severity")
        if outcome == "failed":
            return ModelFailure("scripted failure")
        if outcome == "unparsed":
            return "I would rather not say."
        if asked.prompt.startswith("rival"):
            return {**plain_no(asked), "view": outcome, "severity": severity}
        return {**yes(asked, severity, outcome)}

    screener = ScriptedModel(says)
    rival = ScriptedModel(says, name="scripted/beta", family="beta")
    report = check(cascade, case, {"screener": screener, "rival": rival})
    (pair,) = report.pairs
    decided = {"decision": pair.decision, "severity": pair.severity, "tier": pair.tier}
    assert {key: decided[key] for key in case["expect"]} == case["expect"]
