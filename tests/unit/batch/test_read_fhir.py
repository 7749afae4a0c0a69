"""FHIR Bundles and resources, R4 and R5: whose medications they are, what they say, and what is left out by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.read_lists import Read

NO_NAME = "MedicationRequest: its medication has no text, and no code of RxNorm or ATC"
NOT_THERE = "MedicationRequest: it refers to a medication that is not in the file"
OLD = {"resourceType": "MedicationOrder", "medicationCodeableConcept": {"text": "asa"}}
FOREIGN = {"coding": [{"system": "other", "code": "5"}, 5]}
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"


def patient(id_: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id_, "name": [{"family": "Person", "text": "A Person"}]}


def request(subject: str = "Patient/p", kind: str = "MedicationRequest", **fields: Any) -> dict[str, Any]:
    named = {"medicationCodeableConcept": {"text": "asa"}} if not any(key.startswith("med") for key in fields) else {}
    return {
        "resourceType": kind,
        "status": "active",
        "subject": {"reference": subject, "display": "A Person"},
        **named,
        **fields,
    }


def bundle(*resources: Any, **fields: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources], **fields}


def read(tmp_path: Path, document: Any, name: str = "one.json") -> Read:
    (tmp_path / name).write_text(json.dumps(document, indent=1), encoding="utf-8")
    found = Read(tmp_path / name)
    told = [found.raw, found.codes, found.refused, found.notes, found.empty]
    assert "Person" not in str(told)
    return found


@pytest.mark.parametrize(
    "kind", ["MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense"]
)
def test_each_kind_of_resource_in_r4_and_r5(tmp_path: Path, kind: str) -> None:
    concept = {
        "coding": [{"system": ATC, "code": "B01AA03"}, {"system": RXNORM, "code": "11289", "display": "Warfarin"}]
    }
    found = read(
        tmp_path,
        bundle(
            request(kind=kind, medicationCodeableConcept=concept),
            request(kind=kind, medication={"concept": {**concept, "text": " Coumadin  5 mg"}}),
            request(kind=kind, medication={"reference": {"display": "heparin"}}),
            request(kind=kind, medication="digoxin"),
        ),
    )
    assert found.codes == [
        ("p", "Warfarin", "11289", "B01AA03"),
        ("p", "Coumadin 5 mg", "11289", "B01AA03"),
        ("p", "heparin", None, None),
        ("p", "digoxin", None, None),
    ]
    assert found.lines == [1, 2, 3, 4]


def test_a_reference_is_followed_however_it_is_written(tmp_path: Path) -> None:
    def medication(id_: str, text: str) -> dict[str, Any]:
        return {"resourceType": "Medication", "id": id_, "code": {"text": text}}

    document = bundle(
        medication("1", "by type and id"),
        request(medicationReference={"reference": "Medication/1/_history/2"}),
        request(medicationReference={"reference": "http://here/fhir/Medication/1"}),
        request(medication={"reference": {"reference": "urn:uuid:x"}}),
        request(medicationReference={"reference": "#c"}, contained=[medication("c", "contained")]),
        medication("2", "nobody asks for it"),
    )
    document["entry"].append({"fullUrl": "urn:uuid:x", "resource": medication("3", "by its address")})
    found = read(tmp_path, document)
    assert [text for _, text in found.raw] == ["by type and id", "by type and id", "by its address", "contained"]
    assert found.notes == ["resources not read, for they say nothing of what is taken: Medication (1)"]


def test_a_medication_without_a_code_is_its_ingredients(tmp_path: Path) -> None:
    mixture = {
        "resourceType": "Medication",
        "id": "mix",
        "ingredient": [
            {"itemCodeableConcept": {"text": "amoxicillin"}},
            {"item": {"concept": {"coding": [{"system": RXNORM, "code": "48203"}]}}},
            {"itemReference": {"reference": "#s"}},
        ],
    }
    substance = {"resourceType": "Substance", "id": "s", "code": {"text": "water"}}
    found = read(tmp_path, bundle(request(medicationReference={"reference": "#mix"}, contained=[mixture, substance])))
    assert found.codes == [("p", "amoxicillin", None, None), ("p", "", "48203", None), ("p", "water", None, None)]
    mixture["ingredient"].append({"itemCodeableConcept": {}})
    found = read(tmp_path, bundle(request(medicationReference={"reference": "#mix"}, contained=[mixture])))
    assert [text for _, text in found.raw] == ["amoxicillin", ""]
    assert found.refused == [
        (1, "p", NOT_THERE),
        (1, "p", NO_NAME),
    ]


def test_references_in_a_ring_end(tmp_path: Path) -> None:
    ring = {"resourceType": "Medication", "id": "r", "ingredient": [{"itemReference": {"reference": "#r"}}]}
    found = read(tmp_path, bundle(request(medicationReference={"reference": "#r"}, contained=[ring]), request()))
    assert found.refused == [
        (1, "p", "MedicationRequest: it refers to a medication that has neither a code nor ingredients")
    ]


@pytest.mark.parametrize(
    ("resources", "list_id"),
    [
        ([request("Patient/7")], "7"),
        ([request("http://here/Patient/7/_history/1")], "7"),
        ([request("urn:uuid:7")], "7"),
        ([patient("8"), request("Patient/7")], "7"),
        ([patient("8"), request("")], "8"),
        ([patient("8"), request("#inside")], "8"),
        ([patient("8"), patient("9"), request("")], "the-bundle"),
        ([request("")], "the-bundle"),
    ],
)
def test_whose_medication_it_is(tmp_path: Path, resources: list[Any], list_id: str) -> None:
    assert read(tmp_path, bundle(*resources, id="the-bundle")).raw == [(list_id, "asa")]


def test_a_patient_known_by_the_address_of_the_entry(tmp_path: Path) -> None:
    document = bundle(request("urn:uuid:abc"))
    document["entry"].append({"fullUrl": "urn:uuid:abc", "resource": patient("7")})
    assert read(tmp_path, document).raw == [("7", "asa")]


def test_without_any_id_a_list_has_the_name_of_its_file(tmp_path: Path) -> None:
    found = read(tmp_path, bundle(request("")))
    assert found.raw == [("one.json", "asa")]
    assert found.notes == ["1 medications name no patient, read as one list by the file's name"]


def test_what_was_never_taken_is_left_out_by_name_and_what_is_over_is_kept(tmp_path: Path) -> None:
    kept = ["stopped", "completed", "on-hold", "stopped", "active", "draft", None]
    left_out = ["entered-in-error", "not-taken", "not-done", "cancelled"]
    resources = [request(status=status) for status in (*kept, *left_out)]
    found = read(tmp_path, bundle(*resources, request(doNotPerform=True)))
    assert len(found.raw) == len(kept)
    assert found.refused == [
        *(
            (8 + at, "p", f"MedicationRequest: its status is {status}, so it was left out")
            for at, status in enumerate(left_out)
        ),
        (12, "p", "MedicationRequest: doNotPerform is true, so it was left out"),
    ]
    assert found.notes == ["medications kept whose status is: stopped (2), completed (1), on-hold (1)"]


def test_a_patient_without_a_medication_is_an_empty_list(tmp_path: Path) -> None:
    found = read(
        tmp_path, bundle(patient("1"), patient("2"), request("Patient/2"), request("Patient/3", status="cancelled"))
    )
    assert found.raw == [("2", "asa")]
    assert found.empty == [("1", 1)]
    without = read(tmp_path, bundle(id="b"))
    assert (without.empty, without.notes) == ([("b", 1)], ["a Bundle has no entry"])
    assert read(tmp_path, bundle(patient("1"), request("Patient/1", status="cancelled"))).empty == [("1", 1)]
    assert read(tmp_path, {"resourceType": "Bundle"}).empty == [("one.json", 1)]


@pytest.mark.parametrize(
    ("resource", "problem"),
    [
        (5, "entry 1 has no resource"),
        (None, "entry 1 has no resource"),
        ({"id": "x"}, "the resource does not say its type"),
        (OLD, "a 'MedicationOrder' is not read"),
        (request(medicationCodeableConcept={}), NO_NAME),
        (request(medicationCodeableConcept=[1]), NO_NAME),
        (request(medicationCodeableConcept=FOREIGN), NO_NAME),
        (request(medicationReference={"reference": "Medication/9"}), NOT_THERE),
        (request(medicationReference=7), "MedicationRequest: its reference is empty"),
        (request(medication=" "), "MedicationRequest: its medication is empty"),
        (request(medicationCodeableConcept={"text": "a\0"}), "MedicationRequest: a NUL character stands in it"),
        ({"resourceType": "MedicationRequest"}, "MedicationRequest: it has no medication"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_and_the_rest_read(tmp_path: Path, resource: Any, problem: str) -> None:
    found = read(tmp_path, bundle(resource, request()))
    assert found.raw == [("p", "asa")]
    assert [(line, what) for line, _, what in found.refused] == [(1, problem)]


def test_bundles_in_a_list_in_bundles_and_on_lines(tmp_path: Path) -> None:
    one, two = bundle(patient("1"), request("")), bundle(patient("2"), request(""))
    listed = read(tmp_path, [one, {"resourceType": "Observation"}, two])
    assert (listed.raw, listed.lines) == ([("1", "asa"), ("2", "asa")], [1, 3])
    assert read(tmp_path, bundle(one, two)).raw == [("1", "asa"), ("2", "asa")]
    lines = tmp_path / "lines.ndjson"
    lines.write_text("\n".join(map(json.dumps, [patient("3"), one, request("Patient/9"), bundle(id="e"), two])))
    found = Read(lines)
    assert (found.raw, found.lines) == ([("1", "asa"), ("9", "asa"), ("2", "asa")], [2, 3, 5])
    assert found.empty == [("3", 1), ("e", 4)]


def test_resources_in_a_list_know_one_another(tmp_path: Path) -> None:
    medication = {"resourceType": "Medication", "id": "m", "code": {"text": "asa"}}
    found = read(tmp_path, [request(medicationReference={"reference": "Medication/m"}), medication])
    assert found.raw == [("p", "asa")]


def test_bundles_nested_too_deeply_are_refused(tmp_path: Path) -> None:
    nested = bundle(request())
    for _ in range(30):
        nested = bundle(nested)
    found = read(tmp_path, bundle(request(), nested))
    assert found.raw == [("p", "asa")]
    assert found.refused == [(2, None, "Bundles lie within Bundles too deeply")]
