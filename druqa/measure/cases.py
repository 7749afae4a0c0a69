"""From a suite's gold to the cases that are run: each pair in each spelling, with what it can say about the cascade."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

from druqa.knowledge.evidence_tables import CLASS, ListedPair, read_tables
from druqa.knowledge.synonyms import Synonyms
from druqa.measure.circular import Standing, built_from, standing
from druqa.measure.gold import GENERIC, GoldFile, GoldPair, gathered, read_gold
from druqa.measure.suite import Form, GoldSource, Suite
from druqa.records import NameKind, NonEmpty, Record
from druqa.resources import folder
from druqa.setup import Setup

BRAND, MISSPELT = "brand", "misspelt"
_BRANDS_TRIED = 12
_SHORTEST_MISSPELT = 6


class Case(Record):
    """One gold pair in one spelling: a medication list of two lines, of which the truth is known."""

    id: NonEmpty
    pair: GoldPair
    standing: Standing


class Cases(NamedTuple):
    """Everything a run is about."""

    cases: tuple[Case, ...]
    files: tuple[tuple[str, str], ...]
    """Name and sha256 of each part of the gold."""
    notes: tuple[str, ...]
    """What of the gold could not be used."""


def cases_of(suite: Suite, setup: Setup, files: Sequence[Path] = (), sample: int | None = None) -> Cases:
    """The cases of a suite; with `files`, of these in place of its own gold, at most `sample` pairs of each part.

    Raises:
        DataError: if a file of gold cannot be read.

    """
    if files:
        gold = [_sampled(read_gold(file), sample) for file in files]
    else:
        gold = [_sampled(_read(source, suite), sample or source.sample) for source in suite.gold]
    pairs, notes = gathered(gold)
    built = built_from(setup)
    cases = [
        Case(id=_case_id(spelled), pair=spelled, standing=standing(spelled, built))
        for pair in pairs
        for spelled in _spelled(pair, suite.forms, setup.synonyms)
    ]
    return Cases(
        cases=tuple(sorted(cases, key=lambda case: (case.pair.drugs, case.pair.form, case.pair.written))),
        files=tuple((file.name, file.sha256) for file in gold),
        notes=(*(note for file in gold for note in file.notes), *notes),
    )


def _case_id(pair: GoldPair) -> str:
    parts = (*pair.drugs, pair.form, *pair.written)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:12]


def _read(source: GoldSource, suite: Suite) -> GoldFile:
    return read_gold(suite.folder / source.file) if source.file else _thesaurus()


def _thesaurus() -> GoldFile:
    """The pairs of single drugs that the French thesaurus lists, classes written out; for models without tables."""
    tables = read_tables(folder("cascades") / "evidence")
    members: dict[str, set[str]] = {}
    for role in tables.roles:
        members.setdefault(CLASS + role.role, set()).add(role.drug)
    pairs = {
        pair.drugs: pair for row in tables.pairs if row.source.startswith("ansm:") for pair in _drug_pairs(row, members)
    }
    return GoldFile(name="listed: ansm", sha256=tables.version, pairs=tuple(pairs[drugs] for drugs in sorted(pairs)))


def _drug_pairs(row: ListedPair, members: dict[str, set[str]]) -> Iterator[GoldPair]:
    sides = [sorted(members.get(side, {side})) for side in (row.side_a, row.side_b)]
    for first, second in sorted({(min(pair), max(pair)) for pair in product(*sides) if pair[0] != pair[1]}):
        drugs = (first, second)
        yield GoldPair(drugs=drugs, interacts=True, severity=row.severity, sources=("ansm",), written=drugs)


def _sampled(gold: GoldFile, most: int | None) -> GoldFile:
    """So many pairs of a file, chosen by hash: another order of its rows gives the same ones."""
    chosen = sorted(gold.pairs, key=_case_id)[:most]
    return gold.model_copy(update={"pairs": tuple(chosen)})


def _spelled(pair: GoldPair, forms: Iterable[Form], synonyms: Synonyms) -> Iterator[GoldPair]:
    """A pair in every form that it can be written in. What the gold itself spells otherwise stands as it is."""
    if pair.form != GENERIC or pair.written != pair.drugs:
        yield pair
        return
    for form in forms:
        written = [_written(drug, form, synonyms) for drug in pair.drugs]
        if form == GENERIC or any(written):
            texts = tuple(text or drug for text, drug in zip(written, pair.drugs, strict=True))
            yield pair.model_copy(update={"form": form, "written": texts})


def _written(drug: str, form: Form, synonyms: Synonyms) -> str | None:
    if form == BRAND:
        return _brand(drug, synonyms)
    return _misspelt(drug, synonyms) if form == MISSPELT else None


def _brand(drug: str, synonyms: Synonyms) -> str | None:
    """The most important brand that means this drug alone; None if the table has none."""
    known = synonyms.plain(drug)
    if not known or len(known) > 1:
        return None
    brands = [name.text for name in synonyms.names_of(known[0]) if name.kind is NameKind.BRAND][:_BRANDS_TRIED]
    return next((brand for brand in brands if synonyms.plain(brand) == known), None)


def _misspelt(drug: str, synonyms: Synonyms) -> str | None:
    """The name with two neighbouring letters swapped, at a place that a hash chooses; None if it is short or a name."""
    if len(drug) < _SHORTEST_MISSPELT or not drug.isalpha():
        return None
    places = [i for i in range(1, len(drug) - 1) if drug[i] != drug[i + 1]]
    turn = hashlib.sha256(drug.encode()).digest()[0]
    for place in (places[(turn + step) % len(places)] for step in range(len(places))):
        swapped = drug[:place] + drug[place + 1] + drug[place] + drug[place + 2 :]
        if not synonyms.lookup(swapped):
            return swapped
    return None
