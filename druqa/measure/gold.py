"""Reads gold: pairs of drugs that are known to interact, and pairs that are known not to.

A CSV or TSV file in one of several layouts, told by its columns; a row that cannot be used is named and left out.
Gold only measures. Nothing here reaches the tables of names or of evidence.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from druqa.knowledge.addition import Tally
from druqa.knowledge.csv_file import csv_rows, read_bytes
from druqa.knowledge.interactions import severity_of
from druqa.knowledge.spelling import printable
from druqa.records import NonEmpty, Record, Severity

GENERIC = "generic"
"""The form of a pair that is written by the names under which the gold lists it."""
_LAYOUTS = [("drug_a", "drug_b"), ("drug_1_concept_name", "drug_2_concept_name")]
_TRUE, _FALSE = {"1", "yes", "true", "y"}, {"0", "no", "false", "n"}
_LEVEL_OF = re.compile(r"(?:lvl_(\w+)|(\w+)_sev_level)")
_SOURCE_COLUMNS = {"onc_class": "onc", "ddinterid_a": "ddinter", "drug_1_concept_name": "crescenddi"}


class GoldPair(Record):
    """Two drugs of which a source says whether they interact."""

    drugs: tuple[NonEmpty, NonEmpty]
    """As the gold names them, in lower case, in the order of the alphabet."""
    interacts: bool
    severity: Severity | None = None
    """How bad the source says it is, `unknown` where it does not grade; None for a pair without interaction."""
    sources: tuple[NonEmpty, ...] = ()
    """Who says so: the key of a source, or a key, a colon and the place. Empty where the gold does not say."""
    groups: tuple[NonEmpty, ...] = ()
    """Parts of the gold that are told apart in the figures."""
    form: NonEmpty = GENERIC
    written: tuple[NonEmpty, NonEmpty]
    """How the two are written on the list that is checked, in the order of `drugs`."""


class GoldFile(Record):
    """What one file holds."""

    name: NonEmpty
    sha256: NonEmpty
    pairs: tuple[GoldPair, ...]
    notes: tuple[str, ...] = ()
    """The rows that could not be used, counted, with their lines."""


def read_gold(file: Path) -> GoldFile:
    """Read a file of gold: druqa's own layout, a plain CSV, DDInter, CRESCENDDI, or a merged set with `lvl_` columns.

    Columns: `drug_a` and `drug_b`, or `drug_1_concept_name` and `drug_2_concept_name`. `interacts` (yes or no) tells
    negatives; without it, so do `neg_type`, and a CRESCENDDI file without any severity. The rest is optional:
    `severity` or `level`, `source`, `alias_a` and `alias_b` (how the two are written) with `kind_a` and `kind_b`.

    Raises:
        DataError: if the file cannot be read, is empty or no text, or lacks the columns.

    """
    blob, tally = read_bytes(file), Tally(examples=10)
    cells: Mapping[str, str] = {}
    pairs: dict[tuple[object, ...], GoldPair] = {}
    for line, cells in csv_rows(file, blob, _LAYOUTS, (), tally):
        pair = _pair(cells, f"line {line}", tally)
        if pair is None:
            continue
        place = (pair.drugs, pair.written, pair.interacts)
        pairs[place] = _merged(pairs[place], pair) if place in pairs else pair
    if pairs and not any(pair.interacts for pair in pairs.values()) and not {"interacts", "neg_type"} & cells.keys():
        tally.add("every pair is read as one that does not interact; a column `interacts` would say so", "whole file")
    name = printable(file.name)
    notes = tuple(f"{name}: {note}" for note in tally.notes())
    return GoldFile(name=name, sha256=hashlib.sha256(blob).hexdigest(), pairs=tuple(pairs.values()), notes=notes)


def _pair(cells: Mapping[str, str], place: str, tally: Tally) -> GoldPair | None:
    ends = ("drug_1_concept_name", "drug_2_concept_name") if "drug_1_concept_name" in cells else ("drug_a", "drug_b")
    drugs = [" ".join(cells[end].casefold().split()) for end in ends]
    if not all(drugs) or drugs[0] == drugs[1]:
        tally.add("rows left out, a drug is missing or both are the same", place)
        return None
    if any(_LEVEL_OF.fullmatch(column) for column in cells) and not any(_sources(cells)):
        tally.add("rows left out, no source lists the pair", place)
        return None
    interacts = _interacts(cells)
    if interacts is None:
        tally.add("rows left out, `interacts` is neither yes nor no", place)
        return None
    written = [cells.get(f"alias_{end}", "").strip() or drug for end, drug in zip("ab", drugs, strict=True)]
    first, second = sorted(zip(drugs, written, strict=True))
    return GoldPair(
        drugs=(first[0], second[0]),
        interacts=interacts,
        severity=_severity(cells, place, tally) if interacts else None,
        sources=tuple(sorted(set(_sources(cells)))),
        groups=tuple(sorted(_groups(cells))),
        form="+".join(sorted({_kind(cells, end) for end in "ab"})),
        written=(first[1], second[1]),
    )


def _kind(cells: Mapping[str, str], end: str) -> str:
    return cells.get(f"kind_{end}") or ("as given" if cells.get(f"alias_{end}") else GENERIC)


def _interacts(cells: Mapping[str, str]) -> bool | None:
    if "interacts" in cells:
        said = cells["interacts"].casefold()
        return True if said in _TRUE else False if said in _FALSE else None
    if "drug_1_concept_name" in cells:
        return any(column.endswith("_sev_level") for column in cells)
    return "neg_type" not in cells


def _severity(cells: Mapping[str, str], place: str, tally: Tally) -> Severity:
    """What the row says; of several sources that grade it the worst that half of them reach."""
    levels = [text for column, text in cells.items() if text and _LEVEL_OF.fullmatch(column)]
    said = [cells[column] for column in ("severity", "level") if cells.get(column)] or levels
    grades = [severity_of(word) for word in said]
    if not levels and None in grades:
        tally.add("grades that are not known here, taken as unknown", f"{printable(said[0])[:40]} in {place}")
    known = sorted((grade for grade in grades if grade and grade is not Severity.UNKNOWN), key=lambda g: g.rank)
    if known:
        return known[(len(known) - 1) // 2]
    # The ONC list calls its pairs high-priority and does not grade them further.
    return Severity.MAJOR if "onc_class" in cells else Severity.UNKNOWN


def _sources(cells: Mapping[str, str]) -> Iterable[str]:
    if cells.get("source"):
        yield from (source.strip() for source in cells["source"].split(";") if source.strip())
    for column, text in cells.items():
        if column in _SOURCE_COLUMNS:
            yield _SOURCE_COLUMNS[column]
        if text and (match := _LEVEL_OF.fullmatch(column)):
            yield (match[1] or match[2]).casefold()


def _groups(cells: Mapping[str, str]) -> Iterable[str]:
    if cells.get("tier") and "alias_a" not in cells:
        yield f"tier {cells['tier']}"
    if cells.get("neg_type"):
        yield cells["neg_type"]
    if cells.get("onc_class"):
        yield "ONC, QT with QT" if cells.get("qt_only") == "1" else "ONC, without QT with QT"
    if cells.get("group"):
        yield cells["group"]


def _merged(one: GoldPair, other: GoldPair) -> GoldPair:
    """One pair that two rows or files give: all their sources, the worse grade."""
    graded = [pair.severity for pair in (one, other) if pair.severity]
    return one.model_copy(
        update={
            "severity": Severity.worst(graded) if graded else None,
            "sources": tuple(sorted({*one.sources, *other.sources})),
            "groups": tuple(sorted({*one.groups, *other.groups})),
        }
    )


def gathered(files: Iterable[GoldFile]) -> tuple[tuple[GoldPair, ...], tuple[str, ...]]:
    """The pairs of all files, each spelling once, and notes on what they contradict each other about.

    A pair that one file says interacts and another says does not is left out: it could not be scored. Whoever lists a
    pair of drugs by its generic names is a source of the same pair under other spellings, and so is its grade.
    """
    merged: dict[tuple[object, ...], GoldPair] = {}
    sides: dict[tuple[str, str], set[bool]] = {}
    said: dict[tuple[str, str], GoldPair] = {}
    for pair in (pair for file in files for pair in file.pairs):
        place = (pair.drugs, pair.form, *(() if pair.form == GENERIC else (text.casefold() for text in pair.written)))
        merged[place] = _merged(merged[place], pair) if place in merged else pair
        sides.setdefault(pair.drugs, set()).add(pair.interacts)
        said[pair.drugs] = _merged(said[pair.drugs], pair) if pair.drugs in said else pair
    disputed = sorted(drugs for drugs, truths in sides.items() if len(truths) > 1)
    notes = []
    if disputed:
        shown = "; ".join(" + ".join(drugs) for drugs in disputed[:5])
        notes.append(f"pairs that one file says interact and another says do not, left out: {len(disputed)} ({shown})")
    kept = (pair for pair in merged.values() if len(sides[pair.drugs]) == 1)
    return tuple(_informed(pair, said[pair.drugs]) for pair in kept), tuple(notes)


def _informed(pair: GoldPair, all_said: GoldPair) -> GoldPair:
    return pair.model_copy(update={"severity": all_said.severity, "sources": all_said.sources})
