"""The table of drug names, in memory: what a name means, every name of a drug, and which names are near a misspelt one.

Loading is on the path of every command, so it stays with plain strings; records are built when they are asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from druqa.errors import DataError
from druqa.knowledge.near import NearNames
from druqa.knowledge.nearest import SHORTEST_GUESSED, Near, Nearest
from druqa.knowledge.rows import KINDS, NameRow, importance
from druqa.knowledge.spelling import key, squash, squash_all
from druqa.records import Drug, DrugName, NameKind

MEND = "install druqa again, or rebuild the tables with synonym_data/build.py"
_LONG_NOISE = 8
"""Letters: a misspelt word that is shorter may be anything."""
LONGEST = 8
"""No name has more words than this; the tests of the table hold it."""


class Synonyms:
    """Every name that is known locally. Build it with `loading.load_synonyms`."""

    def __init__(
        self,
        names: list[str],
        drugs: list[str],
        *,
        noise: Mapping[str, str] | None = None,
        confusable: Mapping[str, frozenset[str]] | None = None,
        class_names: Sequence[str] = (),
        class_members: Sequence[str] = (),
        version: str = "",
    ) -> None:
        """Take the rows of names.tsv, of drugs.tsv and of the tables of classes, sorted, without their headers."""
        self.version = version
        """Fingerprint of the tables: it changes when any of them does."""
        self._not_names = noise or {}
        self.noise = frozenset(self._not_names)
        """Words that are never a drug: dose forms, units, routes, frequencies, salts."""
        self.salts = frozenset(word for word, why in self._not_names.items() if why == "salt")
        """Those of them that are salts."""
        self.confusable = confusable or {}
        """From a name to those it is often confused with, by their words."""
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
        # What a comma parts may be two names, whatever both are together: only reading tells.
        if not (text.isascii() and text.isprintable()) or any(mark in text for mark in ",;|"):
            return None
        name = key(text)
        words = name if name in self._last else squash(name)
        if words not in self._last:
            return None
        if words not in self._plain:
            self._plain[words] = self._one_meaning(words)
        return self._plain[words]

    def _one_meaning(self, words: str) -> tuple[str, ...] | None:
        ends = (words.partition(" ")[0], words.rpartition(" ")[2])
        # A name with a dose form at its end may hold another name: only reading tells.
        if words in self._class_lines or any(word in self.noise or word.isdigit() for word in ends):
            return None
        cells = [self._lines[place].split("\t", 3) for place in self._places(words)]
        drugs = tuple(dict.fromkeys(drug for _, drug, _, _ in cells))
        kinds = {kind for _, _, kind, _ in cells}
        one = len(drugs) == 1 or kinds == {"combination"}
        return drugs if one and "misspelling" not in kinds else None

    def extended(
        self, names: Iterable[NameRow], drugs: Iterable[Drug], codes: Mapping[str, tuple[str, ...]], version: str
    ) -> Synonyms:
        """The table with further names, drugs and codes. Nothing in it is replaced: a name gets a further meaning."""
        more = [(squash(row.name), "\t".join(map(str, row))) for row in names]
        lines = sorted([*zip(self._words, self._lines, strict=True), *more])
        extended = Synonyms(
            [line for _, line in lines],
            [*self._drug_lines.values(), *("\t".join((d.id, d.rxcui or "", d.atc or "", version)) for d in drugs)],
            noise=self._not_names,
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
            rows = sorted([*named, *self._classes_of.get(drug_id, ())], key=importance)
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

    def nearest(self, name: str) -> tuple[Near, ...]:
        """The drugs with a name most like this key, each by its likeliest name; see `nearest.Nearest`."""
        return self._nearest.find(name)

    def noise_like(self, word: str) -> tuple[str | None, int]:
        """The long word of `noise` that a word is spelled most like, within two letters, and how far off it is."""
        near = self._near_noise.within(word, 2) if len(word) >= _LONG_NOISE else {}
        best = min(near, key=lambda noise: (near[noise], noise), default=None)
        return best, near[best] if best else 0

    @cached_property
    def _near_noise(self) -> NearNames:
        return NearNames([word for word in self.noise if len(word) >= _LONG_NOISE])

    @cached_property
    def _nearest(self) -> Nearest:
        """Abbreviations and classes are left out: they are too short to be guessed, or mean too much."""
        guessable = [
            words
            for words, place in self._last.items()
            if len(words) >= SHORTEST_GUESSED and self._lines[place].split("\t", 3)[2] not in ("abbreviation", "class")
        ]
        return Nearest(guessable, lambda words: tuple(map(self._row, self._places(words))))

    def _row(self, place: int) -> NameRow:
        name, drug, kind, source, products, sources = self._lines[place].split("\t")
        if drug not in self._drug_lines or kind not in KINDS or not (products + sources).isdigit():
            raise DataError(
                f"the row of {name!r} has an unknown drug, an unknown kind or no count",
                where=f"names.tsv:{place + 2}",
                mend=MEND,
            )
        return NameRow(name, drug, kind, source, int(products), int(sources))

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
