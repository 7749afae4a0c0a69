"""Every control in the list of hazards exists, and so does every test that is said to prove one."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "hazards.md"
_LINK = re.compile(r"\[[^\]]+\]\(\.\./([^)]+)\)(?:::`(\w+)`)?")


def rows() -> list[list[str]]:
    cells = [
        line.strip("|").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:3] != "|--"
    ]
    return [[cell.strip(" |") for cell in row] for row in cells if re.match(r" \d+\.\d+$", row[0])]


@cache
def functions_of(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_there_are_hazards_of_every_kind() -> None:
    assert len(rows()) >= 25
    assert len({row[0].partition(".")[0] for row in rows()}) == 5
    assert all(len(row) == 6 and all(row) for row in rows())


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_what_stands_against_a_hazard_is_there_and_a_test_proves_it(row: list[str]) -> None:
    controls, proofs = _LINK.findall(row[3]), _LINK.findall(row[4])
    assert controls
    assert proofs
    for file, _ in controls:
        assert file.startswith("druqa/")
        assert (ROOT / file).is_file(), file
    for file, test in proofs:
        assert file.startswith("tests/")
        assert (ROOT / file).is_file(), file
        assert not test or test in functions_of(file), f"{file} has no {test}"


def test_every_test_of_faults_proves_something() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for file in sorted((ROOT / "tests" / "faults").glob("test_*.py")):
        assert f"tests/faults/{file.name}" in page, file.name


def test_every_command_it_names_is_there() -> None:
    named = re.findall(r"`(?:python -m )?(tests\.[\w.]+)`", PAGE.read_text(encoding="utf-8"))
    assert named
    for module in named:
        assert (ROOT / (module.replace(".", "/") + ".py")).is_file(), module
