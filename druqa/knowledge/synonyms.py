"""The table of drug names, in memory: what a name means, every name of a drug, and which names are near a misspelt one.

Loading is on the path of every command, so it stays with plain strings; records are built when they are asked for.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from druqa.errors import DataError
from druqa.knowledge.near import MOST, NearNames
from druqa.knowledge.sound import skeleton, sound, sounds
from druqa.knowledge.spelling import key, squash, squash_all
from druqa.records import Drug, DrugName, NameKind
from druqa.resources import folder

_NAMES, _DRUGS = "names.tsv", "drugs.tsv"
_MEND = "install druqa again, or rebuild the tables with synonym_data/build.py"
_NOT_NAMES, _CONFUSABLE = "not_names.tsv", "confusable.tsv"
_CLASS_NAMES, _CLASS_MEMBERS = "class_names.tsv", "class_members.tsv"
_HEADERS = {
    _NAMES: "name\tdrug\tkind\tsource\tproducts",
    _DRUGS: "drug\trxcui\tatc\tsource",
    _NOT_NAMES: "word\twhy\tsource",
    _CONFUSABLE: "name_a\tname_b\tsource",
    _CLASS_NAMES: "name\tclass\tsource",
    _CLASS_MEMBERS: "class\tdrug\tsource",
}
_KINDS = ("generic", "synonym", "brand", "abbreviation", "salt", "combination", "class", "misspelling")
_IMPORTANCE = {kind: place for place, kind in enumerate(_KINDS)}
SHORTEST_GUESSED = 4
"""Letters: a shorter word is no misspelling of anything in particular."""
LONGEST = 8
"""No name has more words than this; the tests of the table hold it."""


class NameRow(NamedTuple):
    """One row of the table: a name in key form and one drug that it means."""

    name: str
    drug: str
    kind: str
    source: str
    products: int


class Near(NamedTuple):
    """A known name that is spelled like an unknown one."""

    row: NameRow
    distance: int
    """Letters to insert, delete, replace or swap with a neighbour."""
    score: float
    """rapidfuzz ratio, 0 to 100."""
    unheard: int
    """The distance between how both sound."""
    framed: bool
    """Whether both sound the same but for vowels."""


class Synonyms:
    """Every name that is known locally. Build it with `load_synonyms`."""

    def __init__(
        self,
        names: list[str],
        drugs: list[str],
        *,
        noise: frozenset[str] = frozenset(),
        confusable: frozenset[tuple[str, str]] = frozenset(),
        class_names: Sequence[str] = (),
        class_members: Sequence[str] = (),
        version: str = "",
    ) -> None:
        """Take the rows of names.tsv, of drugs.tsv and of the tables of classes, sorted, without their headers."""
        self.version = version
        """Fingerprint of the tables: it changes when any of them does."""
        self.noise = noise
        """Words that are never a drug: dose forms, units, routes, frequencies, salts."""
        self.confusable = confusable
        """Pairs of look-alike names, each in both orders."""
        self._lines = names
        self._class_tables = class_names, class_members
        self._class_lines = {squash(line.partition("\t")[0]): line for line in class_names}
        self._named: dict[str, tuple[DrugName, ...]] = {}
        self._plain: dict[str, tuple[str, ...] | None] = {}
        self._more_codes: dict[str, tuple[str, ...]] = {}
        self._drug_lines = {line.partition("\t")[0]: line for line in drugs}
        self._words = squash_all([line.partition("\t")[0] for line in names])
        # Rows of one name lie side by side, so the place of the last is enough.
        self._last = dict(zip(self._words, range(len(names)), strict=True))

    def __len__(self) -> int:
        return len(self._lines)

    def __contains__(self, words: str) -> bool:
        """Whether words, as `spelling.squash` gives them, are a known name."""
        return words in self._last or words in self._class_lines

    def lookup(self, name: str) -> tuple[NameRow, ...]:
        """The rows whose name has the same words as this key; empty for an unknown name."""
        words = name if name in self._last else squash(name)
        return (*map(self._row, self._places(words)), *self._class_rows(words))

    def _class_rows(self, words: str) -> Iterator[NameRow]:
        """One row for each member of the class of that name."""
        if line := self._class_lines.get(words):
            name, class_, _ = line.split("\t")
            yield from (NameRow(name, drug, "class", source, 0) for drug, source in self._members[class_])

    def plain(self, text: str) -> tuple[str, ...] | None:
        """The drugs of a text that is one known name with one meaning and nothing else; None where it must be read."""
        if not (text.isascii() and text.isprintable()):
            return None
        name = key(text)
        words = name if name in self._last else squash(name)
        if words not in self._plain:
            self._plain[words] = self._one_meaning(words)
        return self._plain[words]

    def _one_meaning(self, words: str) -> tuple[str, ...] | None:
        rows = self.lookup(words)
        kinds = {row.kind for row in rows}
        drugs = tuple(dict.fromkeys(row.drug for row in rows))
        ends = {words.partition(" ")[0], words.rpartition(" ")[2]}
        doubtful = kinds & {"class", "misspelling"} or (len(drugs) > 1 and "combination" not in kinds)
        # A name with a dose form at its end may hold another name: only reading tells.
        holds_noise = any(word in self.noise or word.isdigit() for word in ends)
        return None if not rows or doubtful or holds_noise else drugs

    def extended(
        self, names: Iterable[NameRow], drugs: Iterable[Drug], codes: Mapping[str, tuple[str, ...]], version: str
    ) -> Synonyms:
        """The table with further names, drugs and codes. Nothing in it is replaced: a name gets a further meaning."""
        more = [(squash(row.name), "\t".join(map(str, row))) for row in names]
        lines = sorted([*zip(self._words, self._lines, strict=True), *more])
        extended = Synonyms(
            [line for _, line in lines],
            [*self._drug_lines.values(), *("\t".join((d.id, d.rxcui or "", d.atc or "", version)) for d in drugs)],
            noise=self.noise,
            confusable=self.confusable,
            class_names=self._class_tables[0],
            class_members=self._class_tables[1],
            version=f"{self.version}+{version}",
        )
        for table in (self._more_codes, codes):
            for code, meant in table.items():
                extended._more_codes[code] = (*extended._more_codes.get(code, ()), *meant)
        return extended

    def _places(self, words: str) -> range:
        last = self._last.get(words)
        if last is None:
            return range(0)
        first = last
        while first > 0 and self._words[first - 1] == words:
            first -= 1
        return range(first, last + 1)

    def drug(self, drug_id: str) -> Drug:
        """The drug with this id.

        Raises:
            KeyError: if the table has no such drug.

        """
        _, rxcui, atc, _ = self._drug_lines[drug_id].split("\t")
        return Drug(id=drug_id, name=drug_id, rxcui=rxcui or None, atc=atc or None)

    @property
    def drugs(self) -> tuple[str, ...]:
        """Every drug id, sorted."""
        return tuple(sorted(self._drug_lines))

    def names_of(self, drug_id: str) -> tuple[DrugName, ...]:
        """Every name of a drug, the most important first.

        Generic, then the names of other countries, brands by the number of products that bear them, abbreviations,
        salts, combinations, classes, misspellings last.
        """
        if drug_id not in self._named:
            named = map(self._row, self._of_drug.get(drug_id, ()))
            rows = sorted([*named, *self._classes_of.get(drug_id, ())], key=_importance)
            self._named[drug_id] = tuple(
                DrugName(text=row.name, kind=NameKind(row.kind), source=row.source, drug=drug_id) for row in rows
            )
        return self._named[drug_id]

    def by_code(self, *, rxcui: str | None = None, atc: str | None = None) -> tuple[Drug, ...]:
        """The drugs with this RxCUI or this ATC code; empty for an unknown code."""
        wanted = {code for code in (rxcui, atc) if code}
        tables = (self._codes, self._more_codes)
        found = (drug for code in sorted(wanted) for table in tables for drug in table.get(code, ()))
        return tuple(map(self.drug, dict.fromkeys(found)))

    def nearest(self, name: str, limit: int = 6) -> tuple[Near, ...]:
        """The drugs with a name most like this key, each by its likeliest name, the likeliest first.

        Spelled: the best distance and one more, at most 1 to 3 by the name's length. Sounding: alike but for vowels.
        Abbreviations and classes are left out: they are too short to be guessed, or mean too much.
        """
        from rapidfuzz import fuzz  # noqa: PLC0415 - only an unknown name needs it
        from rapidfuzz.distance import OSA  # noqa: PLC0415

        words = squash(name)
        if len(words) < SHORTEST_GUESSED:
            return ()
        near = self._spelled_like(words)
        heard = sound(words)
        for choice in self._heard.get(skeleton(heard), ()):
            distance = int(OSA.distance(words, choice))
            if distance <= MOST + 1 or sound(choice) == heard:
                near.setdefault(choice, distance)
        found = []
        for choice, distance in near.items():
            said = sound(choice)
            unheard, framed = int(OSA.distance(heard, said)), skeleton(heard) == skeleton(said)
            score = round(fuzz.ratio(words, choice), 1)
            found += [Near(row, distance, score, unheard, framed) for row in map(self._row, self._places(choice))]
        of_drug: dict[str, Near] = {}
        names: set[str] = set()
        for one in sorted(found, key=_likelihood):
            # All the drugs of a name or none: half of a combination would pass for all of it.
            if one.row.name in names or len(of_drug) < limit:
                names.add(one.row.name)
                of_drug.setdefault(one.row.drug, one)
        return tuple(of_drug.values())

    def _spelled_like(self, words: str) -> dict[str, int]:
        """Names within the best distance and one more; a wider search only where a narrow one does not settle it."""
        most = 1 if len(words) < 5 else 2 if len(words) < 10 else MOST
        near: dict[str, int] = {}
        for reach in sorted({min(2, most), most}):
            near = self._near.within(words, reach)
            best = min(near.values(), default=most)
            if best + 1 <= reach:
                break
        return {choice: distance for choice, distance in near.items() if distance <= best + 1}

    def _row(self, place: int) -> NameRow:
        name, drug, kind, source, products = self._lines[place].split("\t")
        if drug not in self._drug_lines or kind not in _IMPORTANCE or not products.isdigit():
            raise DataError(
                f"the row of {name!r} has an unknown drug, an unknown kind or no count",
                where=f"{_NAMES}:{place + 2}",
                mend=_MEND,
            )
        return NameRow(name, drug, kind, source, int(products))

    @cached_property
    def _of_drug(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = defaultdict(list)
        for place, line in enumerate(self._lines):
            places[line.split("\t", 2)[1]].append(place)
        return dict(places)

    @cached_property
    def _members(self) -> dict[str, list[tuple[str, str]]]:
        members: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for line in self._class_tables[1]:
            class_, drug, source = line.split("\t")
            members[class_].append((drug, source))
        return members

    @cached_property
    def _classes_of(self) -> dict[str, list[NameRow]]:
        classes: dict[str, list[NameRow]] = defaultdict(list)
        for class_, members in self._members.items():
            for drug, source in members:
                classes[drug].append(NameRow(class_, drug, "class", source, 0))
        return classes

    @cached_property
    def _codes(self) -> Mapping[str, Sequence[str]]:
        codes: dict[str, list[str]] = defaultdict(list)
        for line in self._drug_lines.values():
            drug, rxcui, atc, _ = line.split("\t")
            for code in filter(None, (rxcui, *atc.split("|"))):
                codes[code].append(drug)
        return dict(codes)

    @cached_property
    def _near(self) -> NearNames:
        return NearNames(self._guessable)

    @cached_property
    def _heard(self) -> dict[str, list[str]]:
        """From how names sound, less their vowels, to the names."""
        heard: dict[str, list[str]] = defaultdict(list)
        for name, said in zip(self._guessable, sounds(self._guessable), strict=True):
            heard[skeleton(said)].append(name)
        return dict(heard)

    @cached_property
    def _guessable(self) -> list[str]:
        """The names that a misspelt one may be."""
        return [
            words
            for words, place in self._last.items()
            if len(words) >= SHORTEST_GUESSED and self._lines[place].split("\t", 3)[2] != "abbreviation"
        ]


def load_synonyms(directory: Path | None = None) -> Synonyms:
    """Read the tables of a directory, by default the ones that ship with druqa. Read once, then kept.

    Raises:
        DataError: if a table is missing or damaged, with its file and line.

    """
    return _load(directory or folder("synonym_data"))


@lru_cache(maxsize=4)
def _load(directory: Path) -> Synonyms:
    digest = hashlib.blake2b(digest_size=6)
    tables = {name: _read(directory / name, digest) for name in _HEADERS}
    pairs = [tuple(map(squash, line.split("\t")[:2])) for line in tables[_CONFUSABLE]]
    return Synonyms(
        tables[_NAMES],
        tables[_DRUGS],
        noise=frozenset(line.partition("\t")[0] for line in tables[_NOT_NAMES]),
        confusable=frozenset((a, b) for one, other in pairs for a, b in ((one, other), (other, one))),
        class_names=tables[_CLASS_NAMES],
        class_members=tables[_CLASS_MEMBERS],
        version=digest.hexdigest(),
    )


def _read(file: Path, digest: hashlib.blake2b) -> list[str]:
    """The rows of a table without its header, each with the right number of cells."""
    try:
        blob = file.read_bytes()
        text = blob.decode("utf-8")
    except FileNotFoundError:
        raise DataError("the table is missing", where=str(file), mend=_MEND) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the table cannot be read: {error}", where=str(file), mend=_MEND) from None
    digest.update(blob)
    header = _HEADERS[file.name]
    lines = text.split("\n")
    if lines[0] != header:
        raise DataError(f"the header is not {header!r}", where=f"{file}:1", mend=_MEND)
    if lines.pop() != "" or len(lines) < 2:
        raise DataError("the table is cut off", where=f"{file}:{len(lines) + 1}", mend=_MEND)
    tabs = header.count("\t")
    if text.count("\t") != tabs * len(lines) or "\n\t" in text:
        line = next(n for n, row in enumerate(lines, 1) if row.count("\t") != tabs or row.startswith("\t"))
        raise DataError("the row does not have the cells of the header", where=f"{file}:{line}", mend=_MEND)
    return lines[1:]


def _importance(row: NameRow) -> tuple[int, int, bool, int, str]:
    """Sort key: our own and the FDA's names of each kind before the long tail, which may be foreign or obsolete."""
    tail = not row.source.startswith(("druqa", "FDA NDC")) and row.kind in ("synonym", "brand", "salt")
    place = _IMPORTANCE[row.kind] + (len(_IMPORTANCE) if tail else 0)
    plain = row.name.replace(" ", "").isalpha()
    own = row.source.startswith("druqa")
    return (place, -row.products - 10_000 * own, not plain, len(row.name), row.name)


def _likelihood(near: Near) -> tuple[float, int, float, tuple[int, int, bool, int, str]]:
    """Sort key of a guess: little to mend, by letters and by ear, vowels least; then what is prescribed most."""
    return (near.distance + near.unheard - 1.5 * near.framed, near.distance, -near.score, _importance(near.row))
