"""The gold that ships: sorted, unique, sourced, readable, and never a row of the tables that it measures."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path

import pytest

from druqa.measure.gold import gathered, read_gold
from druqa.measure.lists import read_lists
from druqa.measure.suite import load_suite, suite_names
from druqa.resources import folder

FILES = sorted((folder("eval") / "gold").glob("*.tsv"))
PAIRS = [file for file in FILES if file.name != "lists.tsv"]


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("file", PAIRS, ids=lambda file: file.name)
def test_rows_are_sorted_unique_and_in_the_order_of_the_alphabet(file: Path) -> None:
    pairs = [(row["drug_a"], row["drug_b"]) for row in rows(file)]
    assert pairs == sorted(set(pairs))
    assert all(one < other for one, other in pairs)
    assert all(name == name.lower().strip() for pair in pairs for name in pair)


@pytest.mark.parametrize("file", PAIRS, ids=lambda file: file.name)
def test_every_row_names_a_source_that_is_told_of(file: Path) -> None:
    sources = tomllib.loads((folder("eval") / "sources.toml").read_text(encoding="utf-8"))["source"]
    for row in rows(file):
        key, colon, place = row["source"].partition(": ")
        assert key in sources, row
        assert colon, row
        assert place, row
        if key == "label":
            drug = place.partition(",")[0]
            assert any(part in (row["drug_a"], row["drug_b"]) for part in drug.replace(" (oral)", "").split("/")), row


@pytest.mark.parametrize("file", PAIRS, ids=lambda file: file.name)
def test_every_row_is_read_without_a_complaint(file: Path) -> None:
    gold = read_gold(file)
    assert gold.notes == ()
    assert len(gold.pairs) == len(rows(file))


def test_no_two_files_contradict_each_other() -> None:
    pairs, notes = gathered(read_gold(file) for file in PAIRS)
    assert notes == ()
    assert {pair.interacts for pair in pairs} == {True, False}


def test_lists_are_read_without_a_complaint() -> None:
    lists, notes = read_lists(folder("eval") / "gold" / "lists.tsv")
    assert notes == ()
    assert len(lists) >= 50
    assert all(len(lines) >= 3 for _, lines in lists.values())


def test_every_file_of_gold_is_measured_by_a_suite() -> None:
    used = {
        (suite.folder / source.file).resolve()
        for suite in map(load_suite, suite_names())
        for source in suite.gold
        if source.file
    }
    assert {file.resolve() for file in PAIRS} == used


def test_floors_are_of_suites_and_figures_that_exist() -> None:
    floors = tomllib.loads((folder("eval") / "floors.toml").read_text(encoding="utf-8"))
    assert set(floors) <= set(suite_names())
    assert floors
