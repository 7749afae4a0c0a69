"""Reads a user's own table of interactions, such as a site or a researcher holds a licence to.

A CSV file, its first line the names of the columns, in any order. The two drugs stand as names (`drug_a`, `drug_b`) or
as RxNorm codes (`rxcui_a`, `rxcui_b`), the grade under `severity` or `level`: the layout of the DDInter downloads is
one of these. Also read, if there: `mechanism`, `effect`, `management`, `source`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import NamedTuple

from druqa.knowledge.addition import Tally
from druqa.knowledge.as_written import as_written
from druqa.knowledge.csv_file import csv_rows, read_bytes
from druqa.knowledge.evidence import Evidence
from druqa.knowledge.evidence_tables import NONE, ListedPair, Tables
from druqa.knowledge.reading import read
from druqa.knowledge.spelling import key, printable
from druqa.knowledge.synonyms import Synonyms
from druqa.records import Severity

LAYOUTS = [(f"{by}_a", f"{by}_b", grade) for by in ("drug", "rxcui") for grade in ("severity", "level")]
OPTIONAL = ("mechanism", "effect", "management", "source")
GRADES = {
    Severity.CONTRAINDICATED: ("contraindicated", "contraindication", "contraindicate"),
    Severity.MAJOR: ("major", "severe", "serious", "high", "not recommended", "avoid"),
    Severity.MODERATE: ("moderate", "medium", "significant", "monitor", "precaution"),
    Severity.MINOR: ("minor", "mild", "low", "take into account"),
    Severity.UNKNOWN: ("unknown", "unclassified", "not graded", ""),
}
_GRADE = {word: severity for severity, words in GRADES.items() for word in words}


class Interactions(NamedTuple):
    """One table of the user's, ready to be looked up."""

    evidence: Evidence
    version: str
    """Its name and a fingerprint, so that a report can name its data."""
    notes: tuple[str, ...]
    """What could not be used or was doubtful, counted, each with its lines."""


def read_interactions(file: Path, known: Synonyms) -> Interactions:
    """Everything that a table of interactions says. A row that cannot be used is kept out, and noted with its line.

    A drug that no table knows is kept under its own spelling: a list that spells it the same way meets it.

    Raises:
        DataError: if the file cannot be read, is empty or no text, or lacks a column.

    """
    blob, tally = read_bytes(file), Tally(examples=10)
    name = printable(file.name)
    pairs: list[ListedPair] = []
    for line, cells in csv_rows(file, blob, LAYOUTS, OPTIONAL, tally):
        source = ", ".join(filter(None, (name, f"line {line}", cells.get("source", ""))))
        pairs += _pairs(cells, f"line {line}", source, known, tally)
    version = f"interactions {name} sha256:{hashlib.sha256(blob).hexdigest()[:12]}"
    return Interactions(Evidence(Tables((), (), tuple(pairs))), version, tally.notes())


def _pairs(cells: Mapping[str, str], place: str, source: str, known: Synonyms, tally: Tally) -> Iterable[ListedPair]:
    """What one row says: a listed pair for every two drugs that its two cells may mean."""
    sides = [_drugs(cells, end, place, known, tally) for end in ("a", "b")]
    pairs = sorted({(min(a, b), max(a, b)) for a, b in product(*sides) if a != b})
    if not pairs:
        what = "a drug is missing" if not all(sides) else "both drugs are the same"
        tally.add(f"rows kept out, {what}", place)
    grade = _grade(cells.get("severity") or cells.get("level") or "", place, tally)
    mechanism, effect, advice = cells.get("mechanism", ""), cells.get("effect", ""), cells.get("management", "")
    effect = effect or "an interaction"
    return [ListedPair(a, b, grade, mechanism, effect, advice, NONE, source) for a, b in pairs]


def _drugs(cells: Mapping[str, str], end: str, place: str, known: Synonyms, tally: Tally) -> tuple[str, ...]:
    """Every drug that one side of a row means, by its code and by its name."""
    name, code = cells.get(f"drug_{end}", ""), cells.get(f"rxcui_{end}", "")
    by_code = tuple(drug.id for drug in known.by_code(rxcui=code)) if code else ()
    if code and not by_code:
        tally.add("codes that are not known here", f"{printable(code)[:40]} in {place}")
    by_name = _named(name, place, known, tally) if name else ()
    if code and not by_code and not by_name:
        return (as_written(f"rxcui {code}").id,)
    return tuple(dict.fromkeys((*by_code, *by_name)))


def _named(name: str, place: str, known: Synonyms, tally: Tally) -> tuple[str, ...]:
    rows = known.lookup(key(name))
    found = [row.drug for row in rows] or [d for found in read(name, known).found for d in found.drugs]
    drugs = tuple(dict.fromkeys(found))
    if not drugs:
        tally.add("drugs that are not known here, kept as they are written", f"{printable(name)[:60]} in {place}")
        return (as_written(name).id,)
    if len(drugs) > 1:
        tally.add("names that mean several drugs, read as each of them", f"{printable(name)[:60]} in {place}")
    return drugs


def _grade(words: str, place: str, tally: Tally) -> Severity:
    severity = _GRADE.get(" ".join(words.casefold().replace("_", " ").split()))
    if severity is None:
        tally.add("grades that are not known here, taken as unknown", f"{printable(words)[:40]} in {place}")
    return severity or Severity.UNKNOWN
