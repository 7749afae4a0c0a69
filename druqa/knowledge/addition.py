"""What a user's own files add to the table of names, and the rules that every such file is read by.

An addition only adds: a name that the table knows as another drug gets a further meaning, and no row is replaced.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from druqa.errors import DataError
from druqa.knowledge.reading import read
from druqa.knowledge.rows import NameRow
from druqa.knowledge.spelling import key, squash, squash_all
from druqa.knowledge.synonyms import LONGEST, Synonyms
from druqa.records import Drug


class Addition(NamedTuple):
    """What one source that a user brought adds to the table of names."""

    names: tuple[NameRow, ...]
    """Sorted by name and drug. A row may give a drug that the table lists under the name a second kind."""
    drugs: tuple[Drug, ...]
    """The drugs that the table does not have, sorted by id."""
    codes: Mapping[str, tuple[str, ...]]
    """RxCUI or ATC code to the ids of all the drugs that it stands for."""
    version: str
    """A short label with a sha256 fingerprint of the files read, so that a report can name its data."""
    notes: tuple[str, ...]
    """What could not be used or was doubtful, counted, each with the file and line of the first examples."""


class Tally:
    """Counts what could not be used, and keeps where the first of each were."""

    def __init__(self, examples: int | None = 3) -> None:
        """Keep so many places of each; None keeps all."""
        self._examples = examples
        self._places: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}

    def add(self, what: str, place: str, count: int = 1) -> None:
        """Count one more of these, or so many."""
        self._counts[what] = self._counts.get(what, 0) + count
        places = self._places.setdefault(what, [])
        if self._examples is None or len(places) < self._examples:
            places.append(place)

    def notes(self) -> tuple[str, ...]:
        """One note for each thing counted, in the order in which they were met."""
        return tuple(
            f"{what}: {self._counts[what]:,} ({', '.join(places)}{', ...' if len(places) < self._counts[what] else ''})"
            for what, places in self._places.items()
        )


class Gathered:
    """The rows of names of one addition: each name and drug once, and none that the table has already."""

    def __init__(self, known: Synonyms) -> None:
        self._known = known
        self._rows: dict[tuple[str, str], NameRow] = {}

    def add(self, name: str, kinds: Mapping[str, str], source: str) -> set[str]:
        """Take in a name and what it is to each of its drugs; return the further drugs that it is given.

        These are the drugs of known names that stand in it: whoever reads the longer name no longer sees the shorter
        ones ("adalimumab-atto" hides adalimumab), and an addition must not take a drug away.
        """
        further = self._hidden(name, set(kinds))
        for drug, kind in (*kinds.items(), *((drug, "synonym") for drug in sorted(further))):
            self._add(NameRow(name, drug, kind, source, 0))
        return further

    def _hidden(self, name: str, drugs: set[str]) -> set[str]:
        if squash(name) in self._known:
            return set()
        hidden: set[str] = set()
        for found in read(name, self._known).found:
            # A member of a class says more than the class.
            if any(row.kind != "class" for row in found.rows) or not drugs.intersection(found.drugs):
                hidden.update(found.drugs)
        return hidden - drugs

    def _add(self, row: NameRow) -> None:
        """Take a row in, unless it says nothing new.

        Where the table knows the drug under the name, a row is new if the table has it only as a member of a class, or
        if the row alone says that the drugs of the name are taken together: as alternatives they would not be paired.
        """
        together = row.kind == "combination"
        kinds = {other.kind for other in self._known.lookup(row.name) if other.drug == row.drug}
        if row.kind in kinds or (not together and kinds - {"class"}):
            return
        place = (squash(row.name), row.drug)
        if place not in self._rows or (together and self._rows[place].kind != "combination"):
            self._rows[place] = row

    def sorted(self) -> tuple[NameRow, ...]:
        """The rows by name, drug and kind."""
        return tuple(sorted(self._rows.values()))


def as_name(text: str) -> str:
    """The text in key form, without punctuation that the table of names does not read in bulk."""
    name = key(text)
    words = squash(name)
    return name if squash_all([name]) == [words] else words


def unfit(name: str, noise: frozenset[str], letters: int = 3) -> str:
    """Why a name in key form can be no row of the table, in words that go on from "names "; empty if it can."""
    words = squash(name).split()
    if len(words) > LONGEST:
        return f"of more than {LONGEST} words"
    if sum(map(str.isalpha, name)) < letters:
        return f"of fewer than {letters} letters"
    if all(word in noise or word.isdigit() for word in words):
        return "that hold only doses, forms or other words that are never a drug"
    return ""


def drugs_named(name: str, known: Synonyms) -> set[str]:
    """The one drug that a name means; none if it may mean several, or is only a class or an abbreviation."""
    rows = known.lookup(name)
    drugs = {row.drug for row in rows}
    own = {drug for drug in drugs if squash(drug) == squash(name)}
    vague = any(row.kind in ("class", "abbreviation") for row in rows)
    return own or (drugs if len(drugs) == 1 and not vague else set())


def check_bars(file: Path, bars: int, mend: str) -> str:
    """See that every row of a table has so many fields, each with a | behind it, in UTF-8; return the file's sha256.

    Raises:
        DataError: if the file cannot be read or is empty, or for the first line that breaks this.

    """
    digest, decoder = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")()
    lines, met, last = 0, 0, b""
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
                decoder.decode(chunk)
                lines, met, last = lines + chunk.count(b"\n"), met + chunk.count(b"|"), chunk[-1:]
        decoder.decode(b"", final=True)
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise DataError(f"cannot be read: {reason}", where=str(file), mend=mend) from None
    except UnicodeDecodeError:
        raise first_damage(file, bars, mend) or DataError("is not UTF-8", where=str(file), mend=mend) from None
    if not last:
        raise DataError("the table is empty", where=str(file), mend=mend)
    damage = first_damage(file, bars, mend) if met != bars * (lines + (last != b"\n")) else None
    if damage:
        raise damage
    return digest.hexdigest()


def first_damage(file: Path, bars: int, mend: str) -> DataError | None:
    """The error for the first line of such a table that is not as it should be; None if every line is."""
    with file.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if (met := line.count(b"|")) != bars:
                what = f"the row has {met} fields, each with a | behind it, and not {bars}: damaged or cut off"
                return DataError(what, where=f"{file}, line {number}", mend=mend)
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return DataError("the row is not UTF-8", where=f"{file}, line {number}", mend=mend)
    return None
