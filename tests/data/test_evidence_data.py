"""The evidence tables are sorted, unique, sourced, and speak of drugs and roles that exist."""

from __future__ import annotations

import csv
import itertools
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from druqa.knowledge.evidence import CLASS, load_evidence, read_tables
from druqa.records import Severity
from druqa.resources import folder

EVIDENCE = folder("cascades") / "evidence"
TABLES = sorted(file.name for file in EVIDENCE.glob("*.tsv"))
SOURCES = tomllib.loads((EVIDENCE / "sources.toml").read_text(encoding="utf-8"))
CASES = tomllib.loads((folder("cascades") / "embedded" / "cases.toml").read_text(encoding="utf-8"))["case"]
KEY_COLUMNS = {"roles.tsv": 2, "role_names.tsv": 1, "rules.tsv": 4, "pairs.tsv": 2}


def rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in (EVIDENCE / name).read_text(encoding="utf-8").splitlines()[1:]]


def all_sources() -> list[str]:
    tables = read_tables(EVIDENCE)
    return (
        [row.source for row in tables.roles]
        + [row.source for row in tables.rules]
        + [row.source for row in tables.pairs]
    )


@pytest.mark.parametrize("name", TABLES)
def test_is_sorted_and_clean(name: str) -> None:
    table = rows(name)
    assert table == sorted(table)
    assert all(cell == cell.strip() != "" for row in table for cell in row)


@pytest.mark.parametrize("name", TABLES)
def test_says_nothing_twice(name: str) -> None:
    """Two rows about the same thing would repeat or contradict each other."""
    keys = Counter(tuple(row[: KEY_COLUMNS[name]]) for row in rows(name))
    assert [key for key, count in keys.items() if count > 1] == []


@pytest.mark.parametrize("name", TABLES)
def test_has_its_least_number_of_rows(name: str) -> None:
    assert len(rows(name)) >= SOURCES["min_rows"][name]


@pytest.mark.parametrize(("name", "width"), [("pairs.tsv", 1), ("rules.tsv", 2)])
def test_sides_are_in_order(name: str, width: int) -> None:
    """Else a pair could stand twice, once a direction, and contradict itself."""
    assert [row for row in rows(name) if row[:width] > row[width : 2 * width]] == []


def test_every_source_is_described() -> None:
    used = {source.partition(":")[0] for source in all_sources()}
    assert used == set(SOURCES["source"])
    for source in SOURCES["source"].values():
        assert {"short", "title", "publisher", "licence", "version", "retrieved"} <= set(source)


def test_every_source_says_where_to_look() -> None:
    bare = [source for source in all_sources() if not source.partition(": ")[2]]
    assert bare == []


def test_roles_and_strengths_are_the_declared_ones() -> None:
    declared = {role: set(strengths.split()) for role, _, strengths in rows("role_names.tsv")}
    used: dict[str, set[str]] = {}
    for _, role, strength, _ in rows("roles.tsv"):
        used.setdefault(role, set()).add(strength)
    assert used == declared


def test_rules_can_fire() -> None:
    declared = {role: set(strengths.split()) for role, _, strengths in rows("role_names.tsv")}
    for role_a, strength_a, role_b, strength_b, *_ in rows("rules.tsv"):
        assert strength_a in declared[role_a] | {"*"}
        assert strength_b in declared[role_b] | {"*"}


def test_classes_of_pairs_are_roles() -> None:
    declared = {role for role, _, _ in rows("role_names.tsv")}
    classes = {side.removeprefix(CLASS) for row in rows("pairs.tsv") for side in row[:2] if side.startswith(CLASS)}
    assert classes <= declared


def test_a_pair_is_two_drugs() -> None:
    assert [row for row in rows("pairs.tsv") if row[0] == row[1] and not row[0].startswith(CLASS)] == []


def test_every_drug_is_known_to_the_names() -> None:
    named = folder("synonym_data") / "drugs.tsv"
    with named.open(encoding="utf-8", newline="") as lines:
        known = {row["drug"] for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)}
    sides = {side for row in rows("pairs.tsv") for side in row[:2] if not side.startswith(CLASS)}
    assert sorted(({row[0] for row in rows("roles.tsv")} | sides) - known) == []


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_worked_list_has_exactly_its_flags(case: dict[str, list[list[str]]]) -> None:
    """Among the drugs that a worked list flags, the tables flag those pairs and no others."""
    evidence = load_evidence()
    expected = {(a, b): severity for a, b, severity in case["flagged"]}
    drugs = sorted({drug for pair in expected for drug in pair})
    found = {
        pair: Severity.worst(hit.severity for hit in hits).value
        for pair in itertools.combinations(drugs, 2)
        if (hits := evidence.listed(*pair) + evidence.mechanism(*pair))
    }
    assert found == expected


def test_no_row_names_a_table_that_may_not_ship() -> None:
    """DDInter, DrugBank and the like forbid redistribution."""
    text = "".join(Path(EVIDENCE / name).read_text(encoding="utf-8").lower() for name in TABLES)
    assert not [word for word in ("ddinter", "drugbank", "kegg", "credible", "liverpool") if word in text]
