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
    sample: int | None
    """At most so many pairs of each part, where the caller said so."""
    notes: tuple[str, ...]
    """What of the gold could not be used."""


def cases_of(suite: Suite, setup: Setup, files: Sequence[Path] = (), sample: int | None = None) -> Cases:
    """The cases of a suite; with `files`, of these in place of its own gold, at most `sample` pairs of each part.

    Raises:
        DataError: if a file of gold cannot be read.

    """
    parts = [(read_gold(file), sample) for file in files] or [
        (_read(source, suite), sample or source.sample) for source in suite.gold
    ]
    gold = [_by_id(file, setup.synonyms) for file, _ in parts]
    # All of it first, and then the sample: a pair is circular by what any row says of it, chosen or not.
    chosen = {_case_id(pair) for file, (_, most) in zip(gold, parts, strict=True) for pair in _sampled(file, most)}
    pairs, notes = gathered(gold)
    built = built_from(setup)
    cases = [
        Case(id=_case_id(spelled), pair=spelled, standing=standing(spelled, built, own=bool(setup.own)))
        for pair in pairs
        if _case_id(pair) in chosen
        for spelled in _spelled(pair, suite.forms, setup.synonyms)
    ]
    return Cases(
        cases=tuple(sorted(cases, key=lambda case: (case.pair.drugs, case.pair.form, case.pair.written))),
        files=tuple((file.name, file.sha256) for file in gold),
        sample=sample,
        notes=(*(note for file in gold for note in file.notes), *notes),
    )


def _case_id(pair: GoldPair) -> str:
    # Two sources that name one pair generically, each in its own words, give one case.
    written = () if pair.form == GENERIC else [text.casefold() for text in pair.written]
    parts = (*pair.drugs, pair.form, *written)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:12]


def _read(source: GoldSource, suite: Suite) -> GoldFile:
    return read_gold(suite.folder / source.file) if source.file else _thesaurus()


def _thesaurus() -> GoldFile:
    """The pairs of single drugs that the French thesaurus lists, classes written out; for models without tables."""
    tables = read_tables(folder("cascades") / "evidence")
    members: dict[str, set[str]] = {}
    for role in tables.roles:
        members.setdefault(CLASS + role.role, set()).add(role.drug)
    pairs: dict[tuple[str, str], GoldPair] = {}
    rows = [row for row in tables.pairs if row.source.startswith("ansm:")]
    for row in sorted(rows, key=lambda row: -row.severity.rank):  # the worst that the thesaurus says of a pair counts
        pairs |= {pair.drugs: pair for pair in _drug_pairs(row, members)}
    return GoldFile(
        name="listed: ansm",
        sha256=hashlib.sha256(tables.version.encode()).hexdigest(),
        pairs=tuple(pairs[drugs] for drugs in sorted(pairs)),
    )


def _drug_pairs(row: ListedPair, members: dict[str, set[str]]) -> Iterator[GoldPair]:
    sides = [sorted(members.get(side, {side})) for side in (row.side_a, row.side_b)]
    for first, second in sorted({(min(pair), max(pair)) for pair in product(*sides) if pair[0] != pair[1]}):
        drugs = (first, second)
        yield GoldPair(drugs=drugs, interacts=True, severity=row.severity, sources=("ansm",), written=drugs)


def _sampled(gold: GoldFile, most: int | None) -> list[GoldPair]:
    """So many pairs of a file, chosen by hash: another order of its rows gives the same ones."""
    return sorted(gold.pairs, key=_case_id)[:most]


def _by_id(gold: GoldFile, synonyms: Synonyms) -> GoldFile:
    """The file with each drug under its id, where its name has one meaning: paracetamol is acetaminophen.

    A pair of two names of one drug cannot be scored, and is left out.
    """
    pairs = [_identified(pair, synonyms) for pair in gold.pairs]
    same = [" + ".join(before.drugs) for before, pair in zip(gold.pairs, pairs, strict=True) if pair is None]
    shown = f"{', '.join(same[:5])}{', ...' if len(same) > 5 else ''}"
    note = (f"{gold.name}: pairs left out, both names mean one drug: {len(same)} ({shown})",) if same else ()
    kept = tuple(pair for pair in pairs if pair is not None)
    return gold.model_copy(update={"pairs": kept, "notes": (*gold.notes, *note)})


def _identified(pair: GoldPair, synonyms: Synonyms) -> GoldPair | None:
    known = [synonyms.plain(drug) or () for drug in pair.drugs]
    drugs = [found[0] if len(found) == 1 else drug for found, drug in zip(known, pair.drugs, strict=True)]
    if drugs[0] == drugs[1]:
        return None
    first, second = sorted(zip(drugs, pair.written, strict=True))
    return pair.model_copy(update={"drugs": (first[0], second[0]), "written": (first[1], second[1])})


def _spelled(pair: GoldPair, forms: Iterable[Form], synonyms: Synonyms) -> Iterator[GoldPair]:
    """A pair in every form that it can be written in. What the gold itself spells otherwise stands as it is."""
    if pair.form != GENERIC:
        yield pair
        return
    for form in forms:
        written = [_written(drug, form, synonyms) for drug in pair.drugs]
        if form == GENERIC or any(written):
            texts = tuple(text or given for text, given in zip(written, pair.written, strict=True))
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
