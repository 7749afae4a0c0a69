"""FHIR resources and HL7 v2 segments given as a medication line: what they say of the drug, and nothing else.

Read leniently: whatever has the shape of a medication is read, in any version and with anything missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from druqa.records import Medication

# The field of each segment that holds the drug, as code^text^system^code^text^system.
_DRUG_FIELD = {"RXO": 1, "RXE": 2, "RXD": 2, "RXG": 4, "RXA": 5, "RXC": 2}
_SEGMENT = re.compile(r"\s*(?:MSH|EVT|PID|PD1|NK1|PV1|IN1|AL1|DG1|OBX|ORC|TQ1|RX[A-Z])\|")
_RESOURCE = re.compile(r"\{\s*[\"']resourceType[\"']")
_MARKUP = re.compile(r"\s*(?:<\?xml|<[A-Za-z][\w:]*[ />])")
_CONCEPTS = frozenset(
    (
        "medicationCodeableConcept",
        "medication",
        "itemCodeableConcept",
    )
)
_REFERENCES = frozenset(("medicationReference",))
# Fields about people, and the narrative, which says in prose what the other fields say.
_PERSON_FIELDS = """
    subject patient performer requester recorder author asserter practitioner prescriber informationSource contact name
    identifier telecom address encounter id reference div recipient supervisor receiver sender
"""
_OF_PEOPLE = frozenset(_PERSON_FIELDS.split())
_OF_PEOPLE_IN_HL7 = re.compile(r"(?:MSH|EVT|PID|PD1|NK1|PV1|IN1|ORC)\|")
_DEEPEST = 40


class _Said(NamedTuple):
    """One thing that a message says of the drug: words, or a code and its system."""

    text: str = ""
    system: str = ""
    code: str = ""
    alone: bool = False
    """Whether no words stand beside the code."""


def is_structured(text: str) -> bool:
    """Whether a text is a message for machines, of which nothing but known drug names may be asked about as it is."""
    return _is_json(text) or bool(_SEGMENT.match(text) or _MARKUP.match(text))


class Message(NamedTuple):
    """What a message for machines says of drugs."""

    medication: Medication
    rest: str
    """Every other word in it and around it, but for what is about people: a further drug may stand there."""
    is_whole: bool
    """Whether nothing that may be a further drug was left unread."""


def medication_of(medication: Medication) -> Message | None:
    """The medication that a FHIR resource or an HL7 message speaks of; None if it is neither, or names no drug."""
    text = medication.text
    if _is_json(text):
        try:
            start = min(text.find(c) for c in "{[" if c in text)
            resource, end = json.JSONDecoder().raw_decode(text[start:])
            said = list(_fhir(resource, 0))
        except (ValueError, RecursionError):
            return None
        around = f"{text[:start]}; {text[start + end :]}"
        whole, rest = not around.strip("\ufeff; \t\r\n"), "; ".join((around, *_words(resource, 0)))
    elif _SEGMENT.match(text):
        lines = [line.strip() for line in re.split(r"[\r\n]+", text) if line.strip()]
        said = [one for line in lines for one in _hl7(line.split("|"))]
        whole = all(map(_SEGMENT.match, lines))
        rest = "; ".join(
            line.replace("^", " ").replace("|", "; ") for line in lines if not _OF_PEOPLE_IN_HL7.match(line)
        )
    else:
        return None
    texts = list(dict.fromkeys(one.text for one in said if one.text))
    rxcui, atc = _code(said, "rxnorm"), _code(said, "atc")
    if not (texts or rxcui or atc):
        return None
    read = Medication(text="; ".join(texts), rxcui=medication.rxcui or rxcui, atc=medication.atc or atc)
    return Message(read, rest, whole and _speaks_of_one_drug(said))


def _speaks_of_one_drug(said: list[_Said]) -> bool:
    """Whether every code that stands without words is read: of several codes of a system none is."""
    alone = [one for one in said if one.alone]
    return all(
        any(_code(said, known) == one.code for known in ("rxnorm", "atc") if known in one.system) for one in alone
    )


def _is_json(text: str) -> bool:
    start = text.lstrip("\ufeff \t\r\n")[:1]
    return (start in ("{", "[") and ":" in text and ('"' in text or "'" in text)) or bool(_RESOURCE.search(text))


def _code(said: list[_Said], system: str) -> str | None:
    codes = {one.code for one in said if one.code and system in one.system}
    return codes.pop() if len(codes) == 1 else None


def _fhir(node: Any, depth: int) -> Iterator[_Said]:
    """Every drug in a resource, in what it contains, and in a bundle of them."""
    if depth > _DEEPEST:
        return
    if isinstance(node, list):
        for item in node:
            yield from _fhir(item, depth + 1)
    elif isinstance(node, dict):
        if node.get("resourceType") == "Medication":
            yield from _concept(node.get("code"))
        for key, value in node.items():
            if key in _CONCEPTS:
                yield from _concept(value)
            elif key in _REFERENCES:
                yield from _display(value)
            yield from _fhir(value, depth + 1)


def _words(node: Any, depth: int) -> Iterator[str]:
    """Every text in a resource that is not about people."""
    if depth > _DEEPEST:
        return
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for item in node:
            yield from _words(item, depth + 1)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key not in _OF_PEOPLE:
                yield from _words(value, depth + 1)


def _concept(node: Any) -> Iterator[_Said]:
    """What a CodeableConcept says; FHIR R5 wraps it, or a reference, once more."""
    if not isinstance(node, dict):
        # No FHIR, but plain enough: `"medication": "warfarin 5 mg"`.
        yield _Said(text=_text(node))
        return
    yield from _concept(node.get("concept"))
    yield from _display(node.get("reference"))
    yield _Said(text=_text(node.get("text")))
    codings = node.get("coding")
    listed = [c for c in (codings if isinstance(codings, list) else [codings]) if isinstance(c, dict)]
    worded = bool(_text(node.get("text"))) or any(_text(coding.get("display")) for coding in listed)
    for coding in listed:
        system, code = _text(coding.get("system")).casefold(), _text(coding.get("code"))
        yield _Said(_text(coding.get("display")), system, code, alone=bool(code) and not worded)


def _display(node: Any) -> Iterator[_Said]:
    if isinstance(node, dict):
        yield _Said(text=_text(node.get("display")))


def _text(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _hl7(fields: list[str]) -> Iterator[_Said]:
    """The drug of one segment; of a segment that has none, nothing."""
    place = _DRUG_FIELD.get(fields[0])
    if place is None or place >= len(fields):
        return
    for repetition in fields[place].split("~"):
        parts = [part.strip() for part in repetition.split("^")]
        for code, text, system in zip(*(iter([*parts, *[""] * (6 - len(parts))][:6]),) * 3, strict=True):
            words = text or (code if not any(map(str.isdigit, code)) else "")
            yield _Said(words, system.casefold(), code, alone=bool(code) and not words)
