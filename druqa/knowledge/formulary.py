"""Reads a user's own formulary: a CSV file of names and what they contain, such as the names that a hospital uses.

Its first line names the columns, in any order: `name` and `drug`, and if wanted `rxcui` and `atc`. Each further line is
a row. Several drugs that are taken together stand in one cell with + or | between them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from druqa.knowledge.addition import Addition, Gathered, Tally, as_name, unfit
from druqa.knowledge.csv_file import csv_rows, read_bytes
from druqa.knowledge.reading import read
from druqa.knowledge.spelling import printable, squash
from druqa.knowledge.synonyms import Synonyms
from druqa.records import Drug

_NEEDED, _OPTIONAL = ("name", "drug"), ("rxcui", "atc")
_TOGETHER = re.compile(r"[+|]")
_CODES = {"rxcui": re.compile(r"[0-9]{1,8}"), "atc": re.compile(r"[A-Z][0-9]{2}[A-Z]{2}[0-9]{2}")}


class _Meaning(NamedTuple):
    """What a drug cell, or a part of it, says."""

    drugs: tuple[str, ...]
    together: bool = False
    """Whether the drugs are taken together; if not, one of them is meant."""
    unsure: bool = False
    """Whether some of the drugs are one or the other of what a name may mean."""
    a_class: bool = False
    more: bool = False
    """Whether known names were found beside other words."""


def read_formulary(file: Path, known: Synonyms) -> Addition:
    """Everything that a formulary adds. A row that cannot be used is kept out, and noted with its line.

    Raises:
        DataError: if the file cannot be read, is empty or no text, or lacks a column.

    """
    blob = read_bytes(file)
    formulary = _Formulary(file, known)
    for line, cells in csv_rows(file, blob, [_NEEDED], _OPTIONAL, formulary.tally):
        formulary.take(line, cells)
    return formulary.addition(f"formulary {printable(file.name)} sha256:{hashlib.sha256(blob).hexdigest()[:12]}")


class _Formulary:
    """What is gathered while the rows are read."""

    def __init__(self, file: Path, known: Synonyms) -> None:
        self.tally = Tally(examples=None)
        self._file = printable(file.name)
        self._known = known
        self._ids = frozenset(known.drugs)
        self._gathered = Gathered(known)
        self._new: dict[str, Drug] = {}
        self._codes: dict[str, set[str]] = {}
        self._meant: dict[str, tuple[str, ...]] = {}

    def addition(self, version: str) -> Addition:
        """Everything gathered."""
        codes = {code: tuple(sorted(drugs)) for code, drugs in sorted(self._codes.items())}
        drugs = tuple(self._new[name] for name in sorted(self._new))
        return Addition(self._gathered.sorted(), drugs, codes, version, self.tally.notes())

    def take(self, line: int, cells: Mapping[str, str]) -> None:
        """One row: its name for its drugs, and its codes."""
        name = as_name(cells["name"])
        meaning = self._meaning(cells["drug"])
        why = unfit(name, self._known.noise, letters=2)
        if why or isinstance(meaning, str):
            self.tally.add(f"rows kept out, {f'names {why}' if why else meaning}", f"line {line}")
            return
        for drug in meaning.drugs:
            if drug not in self._ids:
                self._add_new(line, drug)
        kinds = {drug: _kind(name, drug, meaning) for drug in meaning.drugs}
        further = self._gathered.add(name, kinds, self._source(line))
        self._note_doubts(line, name, meaning, further)
        for system, pattern in _CODES.items():
            code = cells.get(system, "").upper()
            if pattern.fullmatch(code):
                self._add_code(line, system, code, meaning.drugs)
            elif code:
                self.tally.add(f"cells of `{system}` that hold no such code, not used", f"line {line}")

    def _meaning(self, cell: str) -> _Meaning | str:
        """What a drug cell says, or why it says nothing."""
        said: list[_Meaning] = []
        for part in _TOGETHER.split(cell):
            meaning = self._part(as_name(part))
            if isinstance(meaning, str):
                return meaning
            said.append(meaning)
        return _Meaning(
            tuple(sorted({drug for part in said for drug in part.drugs})),
            together=len(said) > 1 or said[0].together,
            unsure=any(part.unsure for part in said),
            a_class=all(part.a_class for part in said),
            more=any(part.more for part in said),
        )

    def _part(self, name: str) -> _Meaning | str:
        """What one part of a drug cell means: a known name, a text that known names stand in, or a new drug."""
        rows = self._known.lookup(name)
        if name in self._ids:
            return _Meaning((name,))
        if rows:
            drugs, kinds = tuple(dict.fromkeys(row.drug for row in rows)), {row.kind for row in rows}
            together = "combination" in kinds
            return _Meaning(drugs, together, unsure=len(drugs) > 1 and not together, a_class=kinds == {"class"})
        if not name:
            return "a drug is missing"
        if why := unfit(name, self._known.noise):
            return f"drugs {why}"
        reading = read(name, self._known)
        inside = {drug for found in reading.found for drug in found.drugs}
        new = {name} if not inside or any(rest.looks_like_a_name for rest in reading.leftovers) else set()
        return _Meaning(tuple(inside | new), together=len(inside | new) > 1, more=bool(inside))

    def _note_doubts(self, line: int, name: str, meaning: _Meaning, further: set[str]) -> None:
        known = {row.drug for row in self._known.lookup(name)}
        earlier = self._meant.setdefault(squash(name), meaning.drugs)
        doubts = {
            "drugs that may mean several, read as each of them": meaning.unsure,
            "drugs with more words than a name, read as every known name in them": meaning.more,
            "names that the table has for another drug as well, read as either": bool(known - set(meaning.drugs)),
            "names that hold the name of a drug they do not mean, read as either": bool(further),
            "names with another drug in an earlier row, read as either (what is taken together goes into one row, with "
            "+ between)": earlier != meaning.drugs,
        }
        for doubt, met in doubts.items():
            if met:
                self.tally.add(doubt, f"line {line}")

    def _add_new(self, line: int, drug: str) -> None:
        if drug not in self._new:
            self.tally.add("drugs that are not known here, taken as new", f"{drug} in line {line}")
            self._new[drug] = Drug(id=drug, name=drug)
            self._gathered.add(drug, {drug: "generic"}, self._source(line))

    def _add_code(self, line: int, system: str, code: str, drugs: tuple[str, ...]) -> None:
        found = self._known.by_code(rxcui=code) if system == "rxcui" else self._known.by_code(atc=code)
        if {drug.id for drug in found} - set(drugs):
            self.tally.add("codes that the table has for another drug as well, read as all of them", f"line {line}")
        self._codes.setdefault(code, set()).update(drugs)

    def _source(self, line: int) -> str:
        return f"formulary, user's copy ({self._file}, line {line})"


def _kind(name: str, drug: str, meaning: _Meaning) -> str:
    if len(meaning.drugs) > 1:
        return "combination" if meaning.together else "class" if meaning.a_class else "synonym"
    if squash(name) == squash(drug):
        return "generic"
    return "synonym" if sum(map(str.isalpha, name)) > 2 else "abbreviation"
