"""Medication lines as they come out of charts, with everything in them that says who somebody is. Nobody is real.

Each row: the line, the words that no prompt may hold, and the drugs (known or made up) that are asked about all the
same. `zzqadrine` and `wwyzplex` are drugs that no table knows, the second without the ending of a drug's name.
"""

from __future__ import annotations

import json
from typing import NamedTuple


class Line(NamedTuple):
    text: str
    canaries: tuple[str, ...]
    asked: tuple[str, ...]


def _lines(table: str) -> list[Line]:
    rows = [[cell.strip() for cell in row.split("=>")] for row in table.strip().splitlines()]
    return [Line(text, tuple(hidden.split()), tuple(asked.split())) for text, hidden, asked in rows]


_NOTES = _lines("""
Pt John Q. Public (MRN 00123456, DOB 03/04/1951) takes Coumadin 5 mg qhs per Dr. Smith, call 555-0123 => john public 00123456 1951 smith 0123 => warfarin
Pt John Q. Public (MRN 00123456) takes zzqadrine 5 mg qhs per Dr. Smith => john public 00123456 smith => zzqadrine
Pt John Q. Public (MRN 00123456) takes wwyzplex 5 mg qhs per Dr. Smith => john public 00123456 smith => wwyzplex
Patient: Quillfeather, Odalys; wwyzplex 10 mg tablet daily => quillfeather odalys => wwyzplex
PATIENT: QUILLFEATHER, ODALYS  WARFARIN 5 MG TAB MRN 00123456 => quillfeather odalys 00123456 => warfarin
QUILLFEATHER ODALYS ZZQADRINE 5 MG TAB PO DAILY MRN 00123456 => quillfeather odalys 00123456 => zzqadrine
QUILLFEATHER ODALYS WWYZPLEX 5 MG TAB PO DAILY MRN 00123456 => quillfeather odalys 00123456 => wwyzplex
zzqadrine Smith 00123456 => smith 00123456 => zzqadrine
zzqadrine smith 00123456 => smith 00123456 => zzqadrine
Smith zzqadrine 00123456 => smith 00123456 => zzqadrine
Quillfeather 00123456 zzqadrine, warfarin => quillfeather 00123456 => zzqadrine warfarin
warfarin Quillfeather 00123456 => quillfeather 00123456 => warfarin
Warfarin 5 mg, John Smith => john smith => warfarin
warfarin 5 mg for John Smith => john smith => warfarin
warfarin 5 mg for Quillfeather => quillfeather => warfarin
warfarin 5 mg per Quillfeather => quillfeather => warfarin
wwyzplex per Dr. Quillfeather => quillfeather => wwyzplex
wwyzplex per Dr Quillfeather => quillfeather => wwyzplex
wwyzplex daily, prescribed by Dr. Odalys Quillfeather MD => odalys quillfeather => wwyzplex
wwyzplex, seen by Prof. Quillfeather => quillfeather => wwyzplex
Dr. Quillfeather: wwyzplex 5 mg => quillfeather => wwyzplex
dr. quillfeather started wwyzplex 5 mg => quillfeather => wwyzplex
Mr. Quillfeather takes wwyzplex => quillfeather => wwyzplex
Mr Quillfeather takes zzqadrine daily => quillfeather => zzqadrine
mr quillfeather takes wwyzplex => quillfeather => wwyzplex
Mrs. Quillfeather: wwyzplex 5 mg => quillfeather => wwyzplex
MRS QUILLFEATHER WWYZPLEX 5 MG => quillfeather => wwyzplex
Ms. Odalys Quillfeather, aspirin 81 mg => odalys quillfeather => aspirin
Miss Quillfeather aspirin 81 mg => quillfeather => aspirin
Smith, John - warfarin 5 mg => smith john => warfarin
Quillfeather, Mary: warfarin 5 mg => quillfeather mary => warfarin
Mary Quillfeather: wwyzplex 5 mg => quillfeather mary => wwyzplex
mary quillfeather: wwyzplex 5 mg => quillfeather mary => wwyzplex
John Smith => john smith =>
MARY QUILLFEATHER => mary quillfeather =>
Name: Odalys Quillfeather => odalys quillfeather =>
name=Quillfeather; drug: wwyzplex => quillfeather => wwyzplex
Last name: Quillfeather First name: Odalys Rx: wwyzplex => quillfeather odalys => wwyzplex
Surname Quillfeather forename Odalys takes wwyzplex => quillfeather odalys => wwyzplex
DOB 03/04/1951 wwyzplex 5 mg => 03/04/1951 => wwyzplex
DOB: 4 March 1951, wwyzplex 5 mg, Quillfeather => march 1951 quillfeather => wwyzplex
born 1951-03-04 Quillfeather aspirin => 1951 quillfeather => aspirin
Quillfeather 03/04/51 aspirin => quillfeather 03/04/51 => aspirin
Quillfeather 3.4.51 aspirin => quillfeather => aspirin
Quillfeather March 4, 1951 zzqadrine => quillfeather march 1951 => zzqadrine
MRN:00123456 Quillfeather metformin 500 mg bid => 00123456 quillfeather => metformin
MRN# 00123456 Quillfeather wwyzplex 500 mg bid => 00123456 quillfeather => wwyzplex
MRN 0012 3456 Quillfeather metformin => 0012 3456 quillfeather => metformin
acct no 778812 Quillfeather metformin => 778812 quillfeather => metformin
chart # A77-12 Quillfeather metformin => quillfeather a77 => metformin
SSN 078-05-1120 Quillfeather metformin => 078-05-1120 quillfeather => metformin
078-05-1120 Quillfeather wwyzplex 5 mg => 078-05-1120 quillfeather => wwyzplex
NHS 943 476 5919 Quillfeather metformin => 943 476 5919 quillfeather => metformin
943 476 5919 Quillfeather metformin => 943 476 5919 quillfeather => metformin
QQ 12 34 56 C Quillfeather metformin => qq quillfeather => metformin
QQ123456C => qq123456c 123456 =>
QQ 12 34 56 C => qq =>
555-0123 => 555 0123 =>
call 555-0123 Quillfeather warfarin => 555 0123 quillfeather => warfarin
(555) 012-3456 Quillfeather warfarin => 555 012-3456 quillfeather => warfarin
+1 555 012 3456 Quillfeather wwyzplex 5 mg => 555 3456 quillfeather => wwyzplex
+49 30 1234567 Quillfeather wwyzplex 5 mg => 1234567 quillfeather => wwyzplex
555.012.3456 Quillfeather warfarin => 555 quillfeather => warfarin
j.quillfeather@example.org warfarin => quillfeather example => warfarin
From: Odalys Quillfeather <odalys@example.org> => odalys quillfeather example =>
To: jq@example.org Subject: refill zzqadrine for Quillfeather => jq example quillfeather => zzqadrine
Subject: Re: warfarin, Quillfeather, jq@example.org => quillfeather example => warfarin
12 Mockingbird Lane, Quillfeather, warfarin => mockingbird quillfeather => warfarin
1313 Mockingbird St. Springfield IL 62704 warfarin 5 mg => mockingbird springfield 62704 => warfarin
Room 12 Quillfeather wwyzplex 5 mg => quillfeather => wwyzplex
room #12 quillfeather: wwyzplex 5 mg => quillfeather => wwyzplex
Bed 4 Quillfeather aspirin 81 mg => quillfeather => aspirin
Ward 7 Quillfeather aspirin 81 mg => quillfeather => aspirin
67 y/o Quillfeather on warfarin => quillfeather => warfarin
67 yo Quillfeather is on wwyzplex => quillfeather => wwyzplex
67-year-old Quillfeather, wwyzplex 5 mg => quillfeather => wwyzplex
wife Odalys gives him wwyzplex 5 mg => odalys => wwyzplex
warfarin; call wife Odalys 555-0123 => odalys 0123 => warfarin
daughter Odalys Quillfeather: aspirin 81 mg => odalys quillfeather => aspirin
emergency contact Odalys Quillfeather aspirin 81 mg => odalys quillfeather => aspirin
Medicare 1EG4-TE5-MK73 Quillfeather aspirin => quillfeather eg4 mk73 => aspirin
insurance AETNA W123456789 Quillfeather aspirin => aetna w123456789 quillfeather => aspirin
passport X1234567 Quillfeather aspirin => x1234567 quillfeather => aspirin
DISCHARGE MEDS Quillfeather, Odalys 00123456: 1. WARFARIN 5 MG PO DAILY 2. WWYZPLEX 5 MG PO BID => quillfeather odalys 00123456 => warfarin wwyzplex
Discharged 03/04/2024 on wwyzplex, Quillfeather to follow up => 03/04/2024 quillfeather => 
Discharged on wwyzplex 5 mg, 03/04/2024, Quillfeather => 03/04/2024 quillfeather => wwyzplex
Mr. Prozac takes aspirin => => fluoxetine aspirin
Mrs. Lithium Quillfeather 00123456 takes wwyzplex => quillfeather 00123456 => lithium wwyzplex
April Lithium DOB 03/04/1951 aspirin => april 1951 => lithium aspirin
Dr. Zoloft Quillfeather: aspirin => quillfeather => sertraline aspirin
Mr. Warfarine Quillfeather takes aspirin => quillfeather => aspirin
Mrs Lipitorr MRN 00123456 takes aspirin => lipitorr 00123456 => aspirin
Pt: O'Quillfeather, Jean-Luc, DOB 3/4/1951, warfarin => quillfeather jean luc 1951 => warfarin
Pt de la Quillfeather, Maria: wwyzplex 5 mg => quillfeather maria => wwyzplex
Pt van der Quillfeather takes wwyzplex => quillfeather => wwyzplex
pt quillfeather reports taking wwyzplex 5 mg => quillfeather => wwyzplex
pt. quillfeather, metformin => quillfeather => metformin
PT QUILLFEATHER METFORMIN => quillfeather => metformin
""")

_OTHER_TONGUES = _lines("""
Patientin Erna Quillfeather, geb. 04.03.1951, nimmt Marcumar 3 mg => erna quillfeather 04.03.1951 => phenprocoumon
Herr Quillfeather nimmt wwyzplex 5 mg morgens => quillfeather => wwyzplex
Frau Dr. Quillfeather nimmt wwyzplex => quillfeather => wwyzplex
Pat. Quillfeather, Vers.-Nr. A123456789: Metformin 500 mg => quillfeather 123456789 => metformin
Quillfeather, geb. 4. Maerz 1951, Metformin 500 mg => quillfeather 1951 => metformin
Nachname: Quillfeather Vorname: Erna Metformin 500 mg 1-0-1 => quillfeather erna => metformin
Hausarzt Quillfeather verordnet wwyzplex 5 mg => quillfeather => wwyzplex
wohnhaft Quillstrasse 5, 10115 Berlin: Metformin => quillstrasse 10115 berlin => metformin
Tel. 030 1234567 Quillfeather Metformin => 1234567 quillfeather => metformin
Metformin 500 mg bei Quillfeather => quillfeather => metformin
Monsieur Quillfeather prend wwyzplex 5 mg => quillfeather => wwyzplex
Mme Odile Quillfeather, nee le 4 mars 1951, prend du paracetamol => odile quillfeather mars 1951 => acetaminophen
M. Quillfeather, ne le 04/03/1951, paracetamol => quillfeather 04/03/1951 => acetaminophen
Nom: Quillfeather Prenom: Odile wwyzplex 5 mg => quillfeather odile => wwyzplex
NIR 1 51 03 75 116 001 42 Quillfeather paracetamol => 116 quillfeather => acetaminophen
12, rue Quillfeather, 75011 Paris, paracetamol => quillfeather 75011 paris => acetaminophen
patiente Quillfeather, ibuprofene 400 mg => quillfeather => ibuprofen
Paciente: Odalys Quillfeather, DNI 12345678Z, toma wwyzplex 5 mg => odalys quillfeather 12345678 => wwyzplex
Sra. Quillfeather toma wwyzplex => quillfeather => wwyzplex
Sr. Quillfeather toma metformina 850 mg => quillfeather => metformin
Nombre: Odalys Apellidos: Quillfeather omeprazol 20 mg => odalys quillfeather => omeprazole
nacido el 4 de marzo de 1951, Quillfeather, omeprazol => marzo 1951 quillfeather => omeprazole
calle Quillfeather 5, omeprazol 20 mg => quillfeather => omeprazole
Tfno 600 123 456 Quillfeather omeprazol => 600 quillfeather => omeprazole
Signora Quillfeather prende wwyzplex => quillfeather => wwyzplex
Dhr. Quillfeather, geboortedatum 04-03-1951, metformine => quillfeather 1951 => metformin
Mevr. Quillfeather BSN 123456782 metformine 500 mg => quillfeather 123456782 => metformin
""")

_ROWS = _lines("""
00123456,Quillfeather,Odalys,1951-03-04,warfarin 5 mg,daily => 00123456 quillfeather odalys 1951 => warfarin
00123456;Quillfeather;Odalys;04.03.1951;wwyzplex 5 mg;daily => 00123456 quillfeather odalys 1951 => wwyzplex
Quillfeather,John,wwyzplex 5 mg => quillfeather john => wwyzplex
"Quillfeather, Odalys",F,1951-03-04,"zzqadrine" => quillfeather odalys 1951 => zzqadrine
pid|00123456|Quillfeather|warfarin => 00123456 quillfeather => warfarin
PID|1||00123456^^^HOSP^MR||PUBLIC^JOHN^Q||19510304|M|||12 MAIN ST^^BOSTON => 00123456 public john 19510304 main boston =>
RXE|^^^20240101^^R|00002^WARFARIN 5 MG TAB^NDC|1||mg|||||||||1234^QUILLFEATHER^ODALYS => quillfeather odalys 1234 => warfarin
RXE|1^BID^^19510304|^wwyzplex 5 mg^L|5||mg||take for QUILLFEATHER => quillfeather 19510304 => wwyzplex
RXO|11289^Warfarin^RXNORM|5||mg|||QUILLFEATHER^ODALYS => quillfeather odalys => warfarin
RXO|^zzqadrine||||||||||QUILLFEATHER => quillfeather => zzqadrine
RXD|1|00002^wwyzplex^NDC|20240101|10||||12345|QUILLFEATHER => quillfeather => wwyzplex
RXA|0|1|20240101||^wwyzplex^CVX|5|ml||||QUILLFEATHER => quillfeather => wwyzplex
ORC|NW|123456||||||20240101|QUILLFEATHER^ODALYS||1234^Smith^J => quillfeather odalys smith =>
Quillfeather^Odalys^^warfarin 5 mg => quillfeather odalys => warfarin
<MedicationRequest xmlns="http://hl7.org/fhir"><subject><display value="Quillfeather"/></subject><medicationCodeableConcept><text value="warfarin"/></medicationCodeableConcept></MedicationRequest> => quillfeather xmlns => warfarin
""")


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

_LONG = [
    Line(
        "Quillfeather is a retired teacher who presents with chest pain. The wife of a neighbour brought her in. She was "
        "started on wwyzplex 5 mg and has been well. Her sister, who lives in Springfield, was told of the plan and agrees "
        "with it.",
        ("quillfeather", "teacher", "springfield"),
        ("wwyzplex",),
    ),
    Line(
        "Quillfeather was seen in the clinic of the hospital in Springfield for a cough that he has had for three weeks. "
        "He is well and was sent home with advice to rest, to drink water and to come back if it is worse, which he "
        "understood, and he had no questions.",
        ("quillfeather", "clinic", "springfield", "cough"),
        (),
    ),
]

LINES = [*_NOTES, *_OTHER_TONGUES, *_ROWS, *_FHIR, *_LONG]

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
