"""The evidence tables are sorted, unique, sourced, and speak of drugs and roles that exist."""

from __future__ import annotations

import csv
import itertools
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from druqa.knowledge.evidence import load_evidence
from druqa.knowledge.evidence_tables import CLASS, read_tables
from druqa.records import Severity
from druqa.resources import folder

EVIDENCE = folder("cascades") / "evidence"
TABLES = sorted(file.relative_to(EVIDENCE).as_posix() for file in EVIDENCE.rglob("*.tsv"))
SOURCES = tomllib.loads((EVIDENCE / "sources.toml").read_text(encoding="utf-8"))
CASES = tomllib.loads((folder("cascades") / "embedded" / "cases.toml").read_text(encoding="utf-8"))["case"]
# How many columns, from the left, say what a row is about.
KEY_COLUMNS = {
    "ansm/by_drug.tsv": 4,
    "ansm/classes.tsv": 1,
    "ansm/english.tsv": 2,
    "ansm/pairs.tsv": 2,
    "ansm/role_names.tsv": 1,
    "ansm/roles.tsv": 2,
    "ansm/substances.tsv": 1,
    "ansm/unmapped.tsv": 2,
    "list_rules.tsv": 3,
    "pairs.tsv": 2,
    "role_names.tsv": 1,
    "roles.tsv": 2,
    "rules.tsv": 4,
}


def rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in (EVIDENCE / name).read_text(encoding="utf-8").splitlines()[1:]]


DECLARED = {
    role: set(strengths.split())
    for name in ("role_names.tsv", "ansm/role_names.tsv")
    for role, _, strengths in rows(name)
}


def listed() -> list[list[str]]:
    return rows("pairs.tsv") + rows("ansm/pairs.tsv")


def all_sources() -> list[str]:
    tables = read_tables(EVIDENCE)
    return (
        [row.source for row in tables.roles]
        + [row.source for row in tables.rules]
        + [row.source for row in tables.pairs]
        + [row.source for row in tables.list_rules]
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


@pytest.mark.parametrize(("name", "width"), [("pairs.tsv", 1), ("rules.tsv", 2), ("ansm/pairs.tsv", 1)])
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
    declared = DECLARED
    used: dict[str, set[str]] = {}
    for _, role, strength, _ in [*rows("roles.tsv"), *rows("ansm/roles.tsv")]:
        used.setdefault(role, set()).add(strength)
    assert used == declared


def test_rules_can_fire() -> None:
    declared = DECLARED
    for role_a, strength_a, role_b, strength_b, *_ in rows("rules.tsv"):
        assert strength_a in declared[role_a] | {"*"}
        assert strength_b in declared[role_b] | {"*"}


def test_classes_of_pairs_are_roles() -> None:
    classes = {side.removeprefix(CLASS) for row in listed() for side in row[:2] if side.startswith(CLASS)}
    assert classes <= set(DECLARED)


def test_rules_about_a_list_speak_of_roles() -> None:
    for rule in read_tables(EVIDENCE).list_rules:
        assert all(count >= 1 and roles <= set(DECLARED) for count, roles in rule.terms)
        assert sum(count for count, _ in rule.terms) >= 2


def test_what_depends_is_graver_and_has_a_case() -> None:
    for row in listed():
        for case in [] if row[6] == "-" else row[6].split("; "):
            severity, _, when = case.partition(": ")
            assert Severity(severity).rank < Severity(row[2]).rank
            assert len(when) > 3


def test_the_french_substances_are_nearly_all_mapped() -> None:
    """Fewer than 3 % of the 1,084 substances of the index mean no drug of ours; they are listed with the reason."""
    unmapped = [row for row in rows("ansm/unmapped.tsv") if row[0] == "substance"]
    assert len(unmapped) < 0.03 * 1084


def test_a_pair_is_two_drugs() -> None:
    assert [row for row in listed() if row[0] == row[1] and not row[0].startswith(CLASS)] == []


def test_every_drug_is_known_to_the_names() -> None:
    named = folder("synonym_data") / "drugs.tsv"
    with named.open(encoding="utf-8", newline="") as lines:
        known = {row["drug"] for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)}
    sides = {side for row in listed() for side in row[:2] if not side.startswith(CLASS)}
    bearers = {row[0] for name in ("roles.tsv", "ansm/roles.tsv") for row in rows(name)}
    assert sorted((bearers | sides) - known) == []


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


def test_what_is_certain_for_a_drug_is_not_lowered_by_another_entry() -> None:
    graded = {tuple(row[:2]): row[2] for row in rows("ansm/pairs.tsv")}
    lowered = [row for row in rows("ansm/by_drug.tsv") if graded[row[2], row[3]] != row[4]]
    assert lowered == []
