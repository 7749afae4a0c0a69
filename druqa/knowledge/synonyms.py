"""The table of drug names, in memory: what a name means, every name of a drug, and which names are near a misspelt one.

Loading is on the path of every command, so it stays with plain strings; records are built when they are asked for.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from druqa.errors import DataError
from druqa.knowledge.spelling import squash, squash_all
from druqa.records import Drug, DrugName, NameKind
from druqa.resources import folder

_NAMES, _DRUGS = "names.tsv", "drugs.tsv"
_MEND = "install druqa again, or rebuild the tables with synonym_data/build.py"
_NOT_NAMES, _CONFUSABLE = "not_names.tsv", "confusable.tsv"
_HEADERS = {
    _NAMES: "name\tdrug\tkind\tsource\tproducts",
    _DRUGS: "drug\trxcui\tatc\tsource",
    _NOT_NAMES: "word\twhy\tsource",
    _CONFUSABLE: "name_a\tname_b\tsource",
}
_KINDS = ("generic", "synonym", "brand", "abbreviation", "salt", "combination", "class", "misspelling")
_IMPORTANCE = {kind: place for place, kind in enumerate(_KINDS)}
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


class Synonyms:
    """Every name that is known locally. Build it with `load_synonyms`."""

    def __init__(
        self,
        names: list[str],
        drugs: list[str],
        *,
        noise: frozenset[str] = frozenset(),
        confusable: frozenset[tuple[str, str]] = frozenset(),
        version: str = "",
    ) -> None:
        """Take the rows of names.tsv and of drugs.tsv, sorted, without their headers."""
        self.version = version
        """Fingerprint of the tables: it changes when any of them does."""
        self.noise = noise
        """Words that are never a drug: dose forms, units, routes, frequencies, salts."""
        self.confusable = confusable
        """Pairs of look-alike names, each in both orders."""
        self._lines = names
        self._named: dict[str, tuple[DrugName, ...]] = {}
        self._drug_lines = {line.partition("\t")[0]: line for line in drugs}
        self._words = squash_all([line.partition("\t")[0] for line in names])
        # Rows of one name lie side by side, so the place of the last is enough.
        self._last = dict(zip(self._words, range(len(names)), strict=True))

    def __len__(self) -> int:
        return len(self._lines)

    def __contains__(self, words: str) -> bool:
        """Whether words, as `spelling.squash` gives them, are a known name."""
        return words in self._last

    def lookup(self, name: str) -> tuple[NameRow, ...]:
        """The rows whose name has the same words as this key; empty for an unknown name."""
        words = name if name in self._last else squash(name)
        return tuple(map(self._row, self._places(words)))

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
            rows = sorted(map(self._row, self._of_drug.get(drug_id, ())), key=_importance)
            self._named[drug_id] = tuple(
                DrugName(text=row.name, kind=NameKind(row.kind), source=row.source, drug=drug_id) for row in rows
            )
        return self._named[drug_id]

    def by_code(self, *, rxcui: str | None = None, atc: str | None = None) -> tuple[Drug, ...]:
        """The drugs with this RxCUI or this ATC code; empty for an unknown code."""
        wanted = {code for code in (rxcui, atc) if code}
        found = (drug for code in sorted(wanted) for drug in self._codes.get(code, ()))
        return tuple(map(self.drug, dict.fromkeys(found)))

    def nearest(self, name: str, limit: int = 8) -> tuple[Near, ...]:
        """The known names spelled most like this key: the best distance and one more, at most 1 to 3 by its length.

        Abbreviations and classes are left out: they are too short to be guessed, or mean too much.
        """
        from rapidfuzz import fuzz, process  # noqa: PLC0415 - only an unknown name needs it
        from rapidfuzz.distance import OSA  # noqa: PLC0415

        words = squash(name)
        allowed = 1 if len(words) < 6 else 2 if len(words) < 10 else 3
        if len(words) < 4:
            return ()
        lengths = range(max(4, len(words) - allowed), len(words) + allowed + 1)
        near = {
            choice: int(distance)
            for length in lengths
            for choice, distance, _ in process.extract_iter(
                words, self._by_length.get(length, ()), scorer=OSA.distance, score_cutoff=allowed
            )
            if self._row(self._last[choice]).kind not in ("class", "abbreviation")
        }
        best = min(near.values(), default=0)
        kept = [choice for choice, distance in near.items() if distance <= best + 1]
        found = [
            Near(row, near[choice], round(fuzz.ratio(words, choice), 1))
            for choice in kept
            for row in map(self._row, self._places(choice))
        ]
        return tuple(sorted(found, key=lambda n: (n.distance, -n.score, _importance(n.row)))[:limit])

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
    def _codes(self) -> dict[str, list[str]]:
        codes: dict[str, list[str]] = defaultdict(list)
        for line in self._drug_lines.values():
            drug, rxcui, atc, _ = line.split("\t")
            for code in filter(None, (rxcui, *atc.split("|"))):
                codes[code].append(drug)
        return dict(codes)

    @cached_property
    def _by_length(self) -> dict[int, list[str]]:
        names: dict[int, list[str]] = defaultdict(list)
        for name in self._last:
            names[len(name)].append(name)
        return dict(names)


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
    tail = not row.source.startswith(("druqa", "FDA")) and row.kind in ("synonym", "brand", "salt")
    place = _IMPORTANCE[row.kind] + (len(_IMPORTANCE) if tail else 0)
    plain = row.name.replace(" ", "").isalpha()
    own = row.source.startswith("druqa")
    return (place, -row.products - 10_000 * own, not plain, len(row.name), row.name)
