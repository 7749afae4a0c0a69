"""The two dictionaries of names: they know one ingredient a name."""

from __future__ import annotations

import bz2
import io
import re
from collections import defaultdict
from typing import Any

from building.collector import Collector
from building.rules import NO_DRUG
from building.sources import DNER, STANDARDS, Plain, Row, Sources
from druqa.knowledge.spelling import key, squash


def read_dictionary(sources: Sources) -> tuple[dict[str, list[str]], dict[str, dict[str, Any]]]:
    """The names and the facts of drug-named-entity-recognition."""
    blob = sources.read("drug-named-entity-recognition", "drug_named_entity_recognition/drug_ner_dictionary.pkl.bz2")
    data = Plain(io.BytesIO(bz2.decompress(blob))).load()
    names, facts = data["drug_variant_to_canonical"], data["drug_canonical_to_data"]
    for canonical, fact in facts.items():
        for other in sorted(fact.get("synonyms", ())):
            names.setdefault(other, [canonical])
    return names, facts


def add_dictionary(collector: Collector, names: dict[str, list[str]], facts: dict[str, dict[str, Any]]) -> None:
    """Names of the drugs that are known by now, and drugs that a patients' information page vouches for."""
    variants: dict[str, list[str]] = defaultdict(list)
    for name, canonicals in names.items():
        for canonical in canonicals:
            variants[canonical].append(name)
    known = collector.matched(variants)
    for canonical in sorted(variants):
        drug = known.get(canonical)
        is_name = squash(key(canonical)) in collector.by_name
        if drug is None and not is_name and accepted(canonical, facts.get(canonical, {})):
            drug = collector.base(canonical)
            if (squash(drug), drug) in collector.blocked:
                continue
            if drug not in collector.drugs:
                collector.drugs[drug] = DNER
                collector.alias[squash(drug)] = drug
                collector.put(Row(drug, drug, "generic", DNER))
        if drug is not None:
            collector.add_variants(drug, variants[canonical], DNER)


def accepted(canonical: str, fact: dict[str, Any]) -> bool:
    """Whether a drug that only the dictionary has is one that people take."""
    tree = str(fact.get("mesh_tree", ""))
    if NO_DRUG.search(canonical) or not re.fullmatch(r"[a-z][a-z0-9 '-]{3,40}", canonical):
        return False
    if re.search(
        r" and | with |inhibitors?$|agents?$|ics$|injection|inhal|topical|nasal|drops|capsules|therapy|cells?$",
        canonical,
    ):
        return False
    if (
        re.search(r"factor|protein|receptor|peptide|\bacid\b.*\bacid\b|oligo|antibod|rna|gene\b", canonical)
        or "D27" in tree
    ):
        return False
    number = str(fact.get("drugbank_id", ""))
    vouched = "medline_plus_id" in fact or "nhs_url" in fact or re.match(r"DB0(?:0\d|1[0-4])", number) is not None
    return vouched and "'D12.776" not in tree.replace("'D12.776.124", "").replace("'D12.776.377", "")


def read_standards(sources: Sources) -> dict[str, str]:
    """Name to drug, of drugstandards."""
    blob = sources.read("drugstandards", "drugstandards-0.6/drugstandards/data/synonyms.dat")
    data = Plain(io.BytesIO(blob), encoding="latin-1").load()
    return {name.lower(): drug.lower() for name, drug in data.items()}


def add_standards(collector: Collector, standards: dict[str, str]) -> None:
    """Names of drugstandards, whose drugs are all marketed ones."""
    variants: dict[str, list[str]] = defaultdict(list)
    for name, canonical in standards.items():
        variants[canonical].append(name)
    known = collector.matched(variants)
    for canonical in sorted(variants):
        drug = known.get(canonical)
        if drug is None:
            spelled = collector.by_name.get(squash(canonical), set())
            drug = next(iter(spelled)) if len(spelled) == 1 else None
        if drug is None and not NO_DRUG.search(canonical) and "," not in canonical:
            drug = collector.base(canonical)
            if (squash(drug), drug) in collector.blocked:
                continue
            collector.drugs.setdefault(drug, STANDARDS)
            collector.alias[squash(drug)] = drug
            collector.put(Row(drug, drug, "generic", STANDARDS))
        if drug is not None:
            collector.add_variants(drug, variants[canonical], STANDARDS)
