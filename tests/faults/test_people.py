"""No word about a person enters a prompt, nor anything of a report but the line as its caller wrote it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from druqa.cascade_files import load_cascade
from druqa.flow import acheck, names
from druqa.report import Report
from druqa.settings import Settings
from tests.faults.people_lines import LINES, UNTOUCHED, Line
from tests.properties.test_flow_properties import cascade
from tests.support.script import Asked, Reader, ScriptedModel, plain_no, yes

OTHER = "vorbluxine"
HASHES = frozenset(("question", "question_id", "sha256", "source"))


def small() -> Path:
    return cascade(
        "people", evaluators=1, auditors=1, rivals=1, answer=True, name_prompts=1, proposed_names=1, evidence=False
    )


def talkative(asked: Asked) -> dict[str, Any]:
    """A model that flags everything, so that every prompt is asked, and that hands back what it was given."""
    if asked.prompt.startswith("names_"):
        return {"question_id": asked.data["question_id"], "names": [f"{asked.data['Name']} forte"]}
    if asked.prompt.startswith(("rival", "answer")):
        return plain_no(asked)
    return {**yes(asked), "reason": f"{asked.data['Drug 1']} meets {asked.data['Drug 2']}"}


def run(lines: list[str]) -> tuple[Report, str]:
    """The report on some lines, and everything that stood in the data slots of its prompts."""
    model = ScriptedModel(talkative, cascade=load_cascade(small()))
    rival = ScriptedModel(talkative, name="scripted/beta", family="beta", cascade=load_cascade(small()))
    bound = {"screener": model, "rival": rival}
    report = asyncio.run(acheck(lines, cascade=small(), models=bound, settings=Settings()))
    reader = Reader(load_cascade(small()))
    prompts = (reader.read(prompt) for prompt in (*model.prompts, *rival.prompts))
    return report, "\n".join(text for prompt in prompts for text in said(prompt.data)).casefold()


def said(node: Any, key: str = "") -> Iterator[str]:
    """Every text in some data, but for the hashes."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from said(value, name)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from said(value, key)
    elif isinstance(node, str) and key not in HASHES:
        yield node


def beside_the_lines(report: Report) -> str:
    """Every text of a report but the medication lines as written, and the names that the tables give."""
    kept = report.model_dump(mode="json")
    for medication in kept["medications"]:
        del medication["text"]
        medication["names"] = [name for name in medication["names"] if name["source"] == "input"]
    return "\n".join(said(kept)).casefold()


def leaks(text: str, canaries: Iterable[str]) -> list[str]:
    return [canary for canary in canaries if canary.casefold() in text]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.text[:50])
def test_a_line_from_a_chart_is_asked_about_without_its_people(line: Line) -> None:
    report, sent = run([line.text, OTHER])
    assert OTHER in sent
    assert not leaks(sent, line.canaries)
    told = [
        canary for canary in line.canaries if not canary.isdigit() and canary not in ("med", "subject", "medication")
    ]
    assert not leaks(beside_the_lines(report), told)
    medication = report.medications[0]
    assert medication.text == line.text
    drugs = {drug.name for drug in medication.drugs}
    assert set(line.asked) <= drugs
    assert {drug.name for drug in medication.drugs if not drug.known} <= set(line.asked)
    for name in line.asked:
        assert name in sent
    if not line.asked:
        assert not medication.recognised
        assert not report.complete


def test_there_are_enough_lines() -> None:
    assert len({line.text for line in LINES}) >= 120


@pytest.mark.parametrize("text", UNTOUCHED)
def test_an_unknown_drug_on_a_line_about_nobody_is_asked_about(text: str) -> None:
    _, sent = run([text, OTHER])
    assert "zzqadrine" in sent or "wwyzplex" in sent


@pytest.mark.parametrize("text", ["Quillfeather", "Quillfeather, warfarin 5 mg"])
def test_where_the_rule_ends_a_surname_alone_is_asked_about(text: str) -> None:
    """Also the proof that a leak would be seen."""
    report, sent = run([text, OTHER])
    assert leaks(sent, ["quillfeather"])
    assert leaks(beside_the_lines(report), ["quillfeather"])


surnames = st.text("bcdfghjklmpqrstvwxz", min_size=3, max_size=7).map(lambda text: f"Qu{text}eather")
numbers = st.integers(10**6, 10**9).map(lambda number: f"{number:08d}")
dates = st.dates().map(lambda day: f"{day:%m/%d/}{1900 + day.year % 100}")
SIGNS = [
    "MRN {number}",
    "({number})",
    "DOB {date}",
    "born {date}",
    "tel. 555-012-{number:.4}",
    "{name}@example.org",
    "12 {name} Street",
    "#{number}",
]
WHO = [
    "{name}",
    "Pt {name}",
    "Mrs. {name}",
    "{name}, Mary",
    "patient: {name}",
    "Name: {name}",
    "{name}^ODALYS",
    "Herr {name}",
]
DRUGS = [
    "{drug}",
    "{drug} 5 mg",
    "takes {drug}",
    "Rx: {drug} 10 mg tablet",
    "{drug} 5 mg PO daily",
    "{drug} 2,5 mg 1-0-1",
]


@st.composite
def charted(draw: st.DrawFn) -> tuple[str, list[str], str]:
    """A line of a person, a sign of one and a drug in any order, with their canaries and the drug."""
    name, number, date = draw(surnames), draw(numbers), draw(dates)
    drug = draw(st.sampled_from(["zzqadrine", "wwyzplimab", "warfarin", "aspirin"]))
    parts = [
        draw(st.sampled_from(forms)).format(name=name, number=number, date=date, drug=drug)
        for forms in (WHO, SIGNS, DRUGS)
    ]
    text = draw(st.sampled_from([", ", "; ", " - ", " | ", "\n", ": "])).join(draw(st.permutations(parts)))
    case = draw(st.sampled_from([str, str.upper, str.lower, lambda line: line.replace(" ", "\u200b ")]))
    return case(text), [name, "odalys", number, date], drug


@settings(max_examples=60)
@given(charted())
def test_in_any_order_and_case_the_drug_is_asked_about_and_the_person_is_not(line: tuple[str, list[str], str]) -> None:
    text, canaries, drug = line
    report, sent = run([text, OTHER])
    assert not leaks(sent, canaries)
    assert not leaks(beside_the_lines(report), [canary for canary in canaries if not canary.isdigit()])
    assert drug in sent


WARFARIN = '"medicationCodeableConcept": {"text": "warfarin 5 mg"}'
NDC = (
    '{"resource": {"medicationCodeableConcept": {"coding": [{"system": "http://hl7.org/fhir/sid/ndc", "code": "1"}]}}}'
)


@pytest.mark.parametrize(
    ("text", "drugs"),
    [
        ('{"medication": "warfarin 5 mg", "concomitant": ["aspirin"]}', ["aspirin", "warfarin"]),
        (f"fluconazole 200 mg; {{{WARFARIN}}}", ["fluconazole", "warfarin"]),
        (f"{{{WARFARIN}}} fluconazole", ["fluconazole", "warfarin"]),
        (f'{{{WARFARIN}}}{{"medication": "aspirin"}}', ["aspirin", "warfarin"]),
        (f'{{{WARFARIN}, "note": [{{"text": "also takes fluconazole"}}]}}', ["fluconazole", "warfarin"]),
        (f'{{"entry": [{{"resource": {{{WARFARIN}}}}}, {NDC}]}}', ["warfarin"]),
        ("RXE|1|^warfarin^|5\nfluconazole 200 mg", ["fluconazole", "warfarin"]),
        ("RXE|1|^warfarin^|5\nRXE|1|1191^^RXNORM|5\nRXE|1|4450^^RXNORM|5", ["warfarin"]),
        ("PID|1||123||Doe\nRXO|^warfarin\nNTE|1||takes fluconazole too", ["fluconazole", "warfarin"]),
    ],
)
def test_no_drug_in_or_beside_a_message_is_lost_and_what_is_not_read_is_said(text: str, drugs: list[str]) -> None:
    (resolved,) = names([text])
    assert sorted(drug.name for drug in resolved.drugs) == drugs
    assert not resolved.recognised
    assert resolved.doubts


def test_a_message_about_one_drug_is_recognised() -> None:
    (resolved,) = names([f'{{"resourceType": "MedicationRequest", {WARFARIN}, "subject": {{"display": "Doe, J"}}}}'])
    assert [drug.name for drug in resolved.drugs] == ["warfarin"]
    assert resolved.recognised
