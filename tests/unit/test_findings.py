"""What the whole list shows and no pair does; each finding only when every part of it is there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from druqa.flow import check
from druqa.knowledge.evidence import Evidence
from druqa.knowledge.evidence_tables import ListRule, Role, Tables
from druqa.records import Drug, Severity
from druqa.report import Finding, Report
from druqa.settings import Settings
from druqa.stages.findings import list_findings


def found(*medications: str) -> dict[str, Finding]:
    return {finding.kind: finding for finding in report(*medications).findings}


def report(*medications: str) -> Report:
    return check(medications, cascade="embedded", settings=Settings())


@pytest.mark.parametrize(
    ("kind", "drugs"),
    [
        ("qt_prolonging", ("amiodarone", "citalopram", "ondansetron")),
        ("serotonergic", ("linezolid", "sertraline", "tramadol")),
        ("anticholinergic", ("amitriptyline", "diphenhydramine", "oxybutynin")),
        ("cns_active", ("alprazolam", "gabapentin", "oxycodone")),
        ("potassium_raising", ("lisinopril", "potassium", "spironolactone")),
        ("bleeding", ("clopidogrel", "naproxen", "warfarin")),
        ("triple_whammy", ("hydrochlorothiazide", "ibuprofen", "losartan")),
        ("hyponatraemic", ("desmopressin", "hydrochlorothiazide", "sertraline")),
        ("nephrotoxic", ("amphotericin b", "cyclosporine", "gentamicin")),
    ],
)
def test_three_together_are_a_finding_and_two_of_them_are_not(kind: str, drugs: tuple[str, ...]) -> None:
    finding = found(*drugs)[kind]
    assert finding.drugs == drugs
    assert finding.reasons[0].endswith(f": {', '.join(drugs)}")
    assert all(any(drug in fact for fact in finding.reasons[1:]) for drug in drugs)
    assert all((finding.effect, finding.mechanism, finding.management, finding.source))
    for left_out in drugs:
        assert kind not in found(*(drug for drug in drugs if drug != left_out))


def test_two_drugs_of_one_class_are_a_finding() -> None:
    finding = found("Lipitor 20 mg", "Zocor")["duplicate_class"]
    assert finding.reasons[0] == "two or more statins: atorvastatin, simvastatin"
    assert "duplicate_class" not in found("Lipitor", "omeprazole")


def test_one_ingredient_under_two_names_is_a_finding() -> None:
    assert found("Tylenol", "paracetamol 500")["duplicate_ingredient"].drugs == ("acetaminophen",)


def test_two_readings_of_one_line_are_not_two_drugs() -> None:
    """A class on a line stands for one of its members."""
    assert "duplicate_class" not in found("statin")
    assert "duplicate_class" in found("statin", "Lipitor")


def test_a_guess_counts_and_is_said() -> None:
    (finding,) = [f for f in report("atorvastatin", "simvastattin").findings if f.kind == "duplicate_class"]
    assert "simvastatin" in finding.drugs
    assert ("guess" in finding.reasons[0]) == (not report("simvastattin").medications[0].recognised)


def test_a_finding_flags_the_list() -> None:
    listed = report("gabapentin", "sertraline", "zolpidem")
    assert listed.exit_code == 3


ROLES = ("x", "y", "z")
DRUGS = ("a", "b", "c", "d")
needs = st.lists(st.tuples(st.integers(1, 2), st.sets(st.sampled_from(ROLES), min_size=1)), min_size=1, max_size=2).map(
    lambda terms: " + ".join(f"{count} {'|'.join(sorted(roles))}" for count, roles in terms)
)
roles = st.lists(st.tuples(st.sampled_from(DRUGS), st.sampled_from(ROLES)), max_size=8, unique=True)
listed_drugs = st.sets(st.sampled_from(DRUGS))
apart_pairs = st.sets(st.sampled_from([("a", "b"), ("a", "c"), ("b", "c"), ("c", "d")]))


def met(needs: str, has: list[tuple[str, str]], drugs: set[str], apart: set[tuple[str, str]]) -> bool:
    """The plain twin: try every choice of drugs for the seats."""
    seats = [set(r.split("|")) for c, r in (t.split(" ") for t in needs.split(" + ")) for _ in range(int(c))]
    choices: list[list[str]] = [[]]
    for seat in seats:
        choices = [[*taken, drug] for taken in choices for drug in drugs if any((drug, role) in has for role in seat)]
    return any(
        len(set(taken)) == len(taken) and not any((x, y) in apart for x in taken for y in taken) for taken in choices
    )


@given(needs, roles, listed_drugs, apart_pairs)
def test_a_rule_is_met_as_the_plain_twin_says(
    needs: str, has: list[tuple[str, str]], drugs: set[str], apart: set[tuple[str, str]]
) -> None:
    rule = ListRule("k", "t", needs, Severity.MAJOR, "m", "e", "d", "s: here")
    evidence = Evidence(Tables(tuple(Role(d, r, "-", "s: here") for d, r in has), (), (), (rule,)))
    given_drugs = [Drug(id=drug, name=drug) for drug in sorted(drugs)]
    findings = list_findings(given_drugs, set(), apart, evidence)
    assert bool(findings) == met(needs, has, drugs, apart)
    fewer = list_findings(given_drugs[:-1], set(), apart, evidence)
    assert len(fewer) <= len(findings)
