"""Reads a user's own table of interactions, such as a site or a researcher holds a licence to.

A CSV file, its first line the names of the columns, in any order. The two drugs stand as names (`drug_a`, `drug_b`) or
as RxNorm codes (`rxcui_a`, `rxcui_b`), the grade under `severity` or `level`: the DDInter downloads have such a layout.
Also read, if there: `mechanism`, `effect`, `management`, `source`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import NamedTuple

from druqa.knowledge.addition import Addition, Gathered, Tally, as_name, unfit
from druqa.knowledge.csv_file import csv_rows, read_bytes
from druqa.knowledge.evidence import Evidence
from druqa.knowledge.evidence_tables import NONE, ListedPair, Tables
from druqa.knowledge.reading import read
from druqa.knowledge.spelling import key, printable
from druqa.knowledge.synonyms import Synonyms
from druqa.records import Drug, Severity

LAYOUTS = [(f"{by}_a", f"{by}_b", grade) for by in ("drug", "rxcui") for grade in ("severity", "level")]
OPTIONAL = ("mechanism", "effect", "management", "source")
GRADES = {
    Severity.CONTRAINDICATED: (
        "contraindicated",
        "contra indicated",
        "contraindication",
        "contraindicate",
        "do not use",
    ),
    Severity.MAJOR: ("major", "severe", "serious", "high", "life threatening", "not recommended", "avoid"),
    Severity.MODERATE: ("moderate", "medium", "significant", "monitor", "precaution"),
    Severity.MINOR: ("minor", "mild", "low", "take into account"),
    Severity.UNKNOWN: ("unknown", "unclassified", "not graded", ""),
}
_GRADE = {word: severity for severity, words in GRADES.items() for word in words}
_NO_LETTERS = re.compile(r"[^a-z]+")


class Interactions(NamedTuple):
    """One table of the user's, ready to be looked up."""

    evidence: Evidence
    names: Addition
    """The drugs that only this table knows, so that a list is read with them, and what could not be used."""

    @property
    def version(self) -> str:
        """Its name and a fingerprint, so that a report can name its data."""
        return self.names.version


def read_interactions(file: Path, known: Synonyms, label: str | None = None) -> Interactions:
    """Everything that a table of interactions says. A row that cannot be used is kept out, and noted with its line.

    A drug that no table of names has becomes one: a list that holds it is read as that drug.

    Args:
        file: the CSV file.
        known: the names that its drugs are read with.
        label: how its rows are cited; by default the file's name.

    Raises:
        DataError: if the file cannot be read, is empty or no text, or lacks a column.

    """
    blob, table = read_bytes(file), _Table(label or printable(file.name), known)
    for line, cells in csv_rows(file, blob, LAYOUTS, OPTIONAL, table.tally):
        table.take(line, cells)
    return table.interactions(f"interactions {table.label} sha256:{hashlib.sha256(blob).hexdigest()[:12]}")


def severity_of(words: str) -> Severity | None:
    """The severity that a source's word for it means; None for a word that is not known here."""
    letters = _NO_LETTERS.sub(" ", words.casefold()).strip()
    return _GRADE.get(letters) if letters or not words else None


class _Table:
    """What is gathered while the rows are read."""

    def __init__(self, label: str, known: Synonyms) -> None:
        self.label = label
        self.tally = Tally(examples=10)
        self._known = known
        self._gathered = Gathered(known)
        self._new: dict[str, Drug] = {}
        self._pairs: list[ListedPair] = []

    def interactions(self, version: str) -> Interactions:
        """Everything gathered."""
        drugs = tuple(self._new[name] for name in sorted(self._new))
        names = Addition(self._gathered.sorted(), drugs, {}, version, self.tally.notes())
        return Interactions(Evidence(Tables((), (), tuple(self._pairs))), names)

    def take(self, line: int, cells: Mapping[str, str]) -> None:
        """One row: a listed pair for every two drugs that its two sides may mean."""
        place = f"line {line}"
        sides = [self._drugs(cells, end, place) for end in ("a", "b")]
        pairs = sorted({(min(a, b), max(a, b)) for a, b in product(*sides) if a != b})
        if not pairs:
            what = "both drugs are the same" if all(sides) else "a drug is missing or not known"
            self.tally.add(f"rows kept out, {what}", place)
            return
        grade = self._grade(cells, place)
        mechanism, effect, advice = (cells.get(column, "") for column in ("mechanism", "effect", "management"))
        source = ", ".join(filter(None, (self.label, place, cells.get("source", ""))))
        self._pairs += [ListedPair(a, b, grade, mechanism, effect, advice, NONE, source) for a, b in pairs]

    def _drugs(self, cells: Mapping[str, str], end: str, place: str) -> tuple[str, ...]:
        """Every drug that one side of a row means, by its code and by its name."""
        name, code = cells.get(f"drug_{end}", ""), cells.get(f"rxcui_{end}", "").removesuffix(".0")
        by_code = tuple(drug.id for drug in self._known.by_code(rxcui=code)) if code else ()
        if code and not by_code:
            self.tally.add("codes that are not known here, not used", f"{printable(code)[:40]} in {place}")
        return tuple(dict.fromkeys((*by_code, *(self._named(name, place) if name else ()))))

    def _named(self, name: str, place: str) -> tuple[str, ...]:
        rows = self._known.lookup(key(name))
        reading = read(name, self._known)
        drugs = dict.fromkeys(row.drug for row in rows) or dict.fromkeys(d for f in reading.found for d in f.drugs)
        shown = f"{printable(name)[:60]} in {place}"
        if len(drugs) > 1:
            self.tally.add("names that mean several drugs, read as each of them", shown)
        unread = [] if rows else [as_name(rest.text) for rest in reading.leftovers if rest.looks_like_a_name]
        for new in unread:
            if why := unfit(new, self._known.noise):
                self.tally.add(f"drugs {why}, not used", shown)
                continue
            self.tally.add("drugs that are not known here, taken as new", shown)
            drugs[new] = None
            if new not in self._new:
                self._new[new] = Drug(id=new, name=new)
                self._gathered.add(new, {new: "generic"}, f"interactions, user's copy ({self.label}, {place})")
        return tuple(drugs)

    def _grade(self, cells: Mapping[str, str], place: str) -> Severity:
        """The worst of what the row says."""
        said = [cells[column] for column in ("severity", "level") if cells.get(column)] or [""]
        grades = []
        for words in said:
            severity = severity_of(words)
            if severity is None:
                self.tally.add(
                    "grades that are not known here, taken as unknown", f"{printable(words)[:40]} in {place}"
                )
            grades.append(severity or Severity.UNKNOWN)
        if len(set(grades)) > 1:
            self.tally.add("rows with two grades, the worse one used", place)
        return Severity.worst(grades)
