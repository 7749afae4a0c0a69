"""What a FHIR resource says of the drug, in R4 or R5, read leniently: words and codes, and nothing about people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Find = Callable[[str], dict[str, Any] | None]
"""The resource that a reference means; None if it is not there."""

_RXNORM = ("http://www.nlm.nih.gov/research/umls/rxnorm", "urn:oid:2.16.840.1.113883.6.88")
_ATC = ("http://www.whocc.no/atc", "urn:oid:2.16.840.1.113883.6.73")
_DEEPEST = 2
"""A medication, and one that is its ingredient: references may run in a ring."""


class Drug(NamedTuple):
    """Words and codes of one drug; "" where there is none."""

    text: str
    rxcui: str = ""
    atc: str = ""


class Problem(NamedTuple):
    """Why a drug that is spoken of cannot be named."""

    what: str


def drugs_of(resource: dict[str, Any], find: Find) -> list[Drug | Problem]:
    """The drugs of a request, statement, administration or dispense; a problem for each that cannot be named."""
    found: list[Drug | Problem] = []
    for key in ("medicationCodeableConcept", "medication"):
        if key in resource:
            found += _of_either(resource[key], find, 0)
    if "medicationReference" in resource:
        found += _of_reference(resource["medicationReference"], find, 0)
    return list(dict.fromkeys(found)) or [Problem("it has no medication")]


def fields(node: Any) -> dict[str, Any]:
    """The node, if it is an object; else an empty one."""
    return node if isinstance(node, dict) else {}


def items(node: Any) -> list[Any]:
    """The node, if it is a list; else a list of it."""
    return node if isinstance(node, list) else [] if node is None else [node]


def text_of(node: Any) -> str:
    """The node on one line, if it is a text; else nothing."""
    return " ".join(node.split()) if isinstance(node, str) else ""


def _of_either(node: Any, find: Find, depth: int) -> list[Drug | Problem]:
    """What a concept says, or a reference: R5 wraps them, and some write the text alone."""
    if isinstance(node, str):
        return [Drug(text_of(node))] if text_of(node) else [Problem("its medication is empty")]
    if "reference" in fields(node) and isinstance(node["reference"], str):
        return _of_reference(node, find, depth)
    wrapped = fields(node)
    found: list[Drug | Problem] = []
    if "reference" in wrapped:
        found += _of_reference(wrapped["reference"], find, depth)
    concept = wrapped.get("concept", wrapped if "reference" not in wrapped else None)
    return found if concept is None else [*found, _of_concept(concept)]


def _of_concept(node: Any) -> Drug | Problem:
    concept = fields(node)
    codings = [fields(coding) for coding in items(concept.get("coding"))]
    displays = dict.fromkeys(filter(None, (text_of(coding.get("display")) for coding in codings)))
    drug = Drug(text_of(concept.get("text")) or "; ".join(displays), _code(codings, _RXNORM), _code(codings, _ATC))
    return drug if any(drug) else Problem("its medication has no text, and no code of RxNorm or ATC")


def _code(codings: list[dict[str, Any]], systems: tuple[str, ...]) -> str:
    """The first code of a system: the codings of a concept all say the same."""
    codes = (_plain(coding.get("code")) for coding in codings if _system(coding) in systems)
    return next(filter(None, codes), "")


def _plain(code: Any) -> str:
    return str(code) if isinstance(code, int) and not isinstance(code, bool) else text_of(code)


def _system(coding: dict[str, Any]) -> str:
    return text_of(coding.get("system")).casefold().replace("https:", "http:", 1).rstrip("/")


def _of_reference(node: Any, find: Find, depth: int) -> list[Drug | Problem]:
    reference, display = text_of(fields(node).get("reference")), text_of(fields(node).get("display"))
    target = find(reference) if reference else None
    found = list(_of_target(target, find, depth + 1)) if target is not None and depth < _DEEPEST else []
    named = [drug._replace(text=drug.text or display) for drug in found if isinstance(drug, Drug)]
    if named and len(named) == len(found):
        return [*named]
    if display:
        return [*named, Drug(display)]
    if target is None:
        return [Problem("it refers to a medication that is not in the file" if reference else "its reference is empty")]
    return found or [Problem("it refers to a medication that has neither a code nor ingredients")]


def _of_target(target: dict[str, Any], find: Find, depth: int) -> Iterator[Drug | Problem]:
    """What a Medication or a Substance says by its code; without one, by its ingredients."""
    code = _of_concept(fields(target.get("code")).get("concept", target.get("code")))
    if isinstance(code, Drug):
        yield code
        return
    for ingredient in map(fields, items(target.get("ingredient"))):
        found: list[Drug | Problem] = []
        for key in ("itemCodeableConcept", "item", "itemReference"):
            if key in ingredient:
                found += _of_either(ingredient[key], find, depth)
        yield from found or [Problem("an ingredient of its medication has no name")]
