"""Medication lines as they come out of charts, with everything in them that says who somebody is. Nobody is real.

Each row of people_lines.tsv: the line, the words that no prompt may hold, and the drugs (known or made up) that are
asked about all the same, or `-`. `zzqadrine` and `wwyzplex` are drugs that no table knows, the second without the
ending of a drug's name.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple


class Line(NamedTuple):
    text: str
    canaries: tuple[str, ...]
    asked: tuple[str, ...]


def _table() -> list[Line]:
    file = Path(__file__).with_name("people_lines.tsv")
    rows = [row.split("\t") for row in file.read_text(encoding="utf-8").splitlines()[1:]]
    return [Line(text, tuple(hidden.split()), tuple(asked.replace("-", "").split())) for text, hidden, asked in rows]


def _fhir(resource: dict[str, object], asked: str) -> Line:
    people = {
        "id": "rx-00123456",
        "text": {"status": "generated", "div": "<div>Odalys Quillfeather, born 1951-03-04, takes Prozac</div>"},
        "subject": {"reference": "Patient/00123456", "display": "Odalys Quillfeather"},
        "patient": {"display": "Odalys Quillfeather", "identifier": {"system": "urn:mrn", "value": "00123456"}},
        "requester": {"display": "Dr. Smithkin"},
        "note": [{"text": "call 555-0123, wife Mary Quillfeather"}],
        "dosageInstruction": [{"text": "give to Odalys at night"}],
    }
    canaries = "quillfeather odalys 00123456 1951 prozac smithkin 555 wife night subject"
    return Line(json.dumps({**resource, **people}), tuple(canaries.split()), tuple(asked.split()))


_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_FHIR = [
    _fhir({"resourceType": "MedicationRequest", "medicationCodeableConcept": {"text": "warfarin 5 mg"}}, "warfarin"),
    _fhir({"resourceType": "MedicationRequest", "medicationCodeableConcept": {"text": "wwyzplex"}}, "wwyzplex"),
    _fhir(
        {
            "resourceType": "MedicationStatement",
            "medicationCodeableConcept": {"coding": [{"system": _RXNORM, "code": "11289"}]},
        },
        "warfarin",
    ),
    _fhir(
        {
            "resourceType": "MedicationStatement",
            "contained": [{"resourceType": "Medication", "code": {"coding": [{"display": "zzqadrine 5 MG Tablet"}]}}],
            "medicationReference": {"reference": "#med"},
        },
        "zzqadrine",
    ),
    _fhir({"resourceType": "MedicationRequest", "medicationReference": {"display": "wwyzplex 5 mg"}}, "wwyzplex"),
    _fhir({"resourceType": "MedicationRequest", "medication": {"concept": {"text": "wwyzplex"}}}, "wwyzplex"),
    _fhir({"medicationCodeableConcept": {"text": "wwyzplex for Odalys Quillfeather, MRN 00123456"}}, ""),
    _fhir({"medicationCodeableConcept": {"text": "warfarin for Odalys Quillfeather, MRN 00123456"}}, "warfarin"),
    Line('{"resourceType":"Patient","name":[{"family":"Quillfeather"}]}', ("quillfeather", "resource"), ()),
    Line('{"patient":"Quillfeather","drug":"warfarin"}', ("quillfeather",), ("warfarin",)),
    Line('{"resourceType":"MedicationRequest","subject":{"display":"Quillfeather"},"medi', ("quillfeather", "med"), ()),
    Line(
        json.dumps(
            {
                "resourceType": "Bundle",
                "entry": [
                    {"resource": {"resourceType": "Patient", "name": [{"family": "Quillfeather"}]}},
                    {"resource": {"medicationCodeableConcept": {"text": "aspirin"}}},
                    {"resource": {"medicationCodeableConcept": {"text": "wwyzplex"}}},
                ],
            }
        ),
        ("quillfeather", "bundle"),
        ("aspirin", "wwyzplex"),
    ),
]

LINES = [*_table(), *_FHIR]

UNTOUCHED = """
zzqadrine
wwyzplex
wwyzplex 5 mg
wwyzplex 50000 units
wwyzplex 500-1000 mg
wwyzplex 0.12-0.015 mg
wwyzplex MR 30 mg
wwyzplex DR capsule
wwyzplex as directed by your physician
wwyzplex, birth control
wwyzplex, store at room temperature
wwyzplex 1-2 tabs 8-12-24
wwyzplex twice daily for pain
Wwyzplex
WWYZPLEX 10 MG
wwyzplex brand name only
wwyzplex and aspirin
aspirin, wwyzplex
wwyzplex 100,000 units/ml
""".strip().splitlines()
"""Lines that speak of nobody: their unknown drug is asked about."""
