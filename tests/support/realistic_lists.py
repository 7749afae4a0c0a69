"""Medication lists as clinics have them, from druqa's own tables: by roles, in everyday spellings. All made up."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from functools import cache
from pathlib import Path

from druqa.resources import folder

CLINICS = {
    "geriatric": "anticoagulant antiplatelet loop_diuretic ace_inhibitor beta_blocker statin ppi benzodiazepine ssri",
    "psychiatric": "ssri antipsychotic lithium_lowering benzodiazepine tca antiepileptic anticholinergic sleep_drug",
    "transplant": "broad_immunosuppressant corticosteroid azole_antifungal sulfonamide_antibiotic statin ppi thiazide",
    "hiv": "hiv_protease_inhibitor statin ppi ssri benzodiazepine oat_substrate macrolide pde5_inhibitor",
    "oncology": "cytotoxic corticosteroid dopamine_antagonist full_opioid_agonist azole_antifungal ppi heparin_group",
    "cardiology": "antiarrhythmic cardiac_glycoside doac statin beta_blocker arb k_sparing_diuretic nitrate",
    "pain": "full_opioid_agonist nsaid snri antiepileptic triptan benzodiazepine corticosteroid ppi",
    "paediatric epilepsy": "antiepileptic barbiturate benzodiazepine macrolide penicillin carbonic_anhydrase_inhibitor",
    "diabetes": "sulfonylurea insulin ace_inhibitor statin thiazide fibrate fluoroquinolone antiplatelet",
    "infection": "fluoroquinolone macrolide azole_antifungal aminoglycoside vitamin_k_antagonist qt_prolonging",
}
_COMMON = 3
"""Drugs of a role that are prescribed."""


def realistic_lists(count: int, shortest: int = 5, longest: int = 12) -> dict[str, list[str]]:
    """So many lists, the same ones each time."""
    clinics = list(CLINICS.items())
    lists = {}
    for n in range(count):
        clinic, roles = clinics[n % len(clinics)]
        lists[f"{clinic} {n:04d}"] = _lines(n, roles.split(), shortest + _pick(longest - shortest + 1, "size", n))
    return lists


def write_lists(file: Path, count: int, shortest: int = 5, longest: int = 12) -> Path:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("list_id", "medication"))
        writer.writerows(
            (id_, line) for id_, lines in realistic_lists(count, shortest, longest).items() for line in lines
        )
    return file


def _lines(n: int, roles: list[str], size: int) -> list[str]:
    lines = [_written(_drug(roles[place % len(roles)], n, place), n, place) for place in range(size)]
    if _pick(10, "twice", n) == 0:
        lines[-1] = lines[0]
    return lines


def _drug(role: str, n: int, place: int) -> str:
    drugs = _by_role()[role]
    return drugs[_pick(len(drugs), "drug", n, place)]


def _written(drug: str, n: int, place: int) -> str:
    brands = _brands().get(drug, [])
    name = brands[0] if brands and _pick(4, "brand", n, place) == 0 else drug
    if len(name) > 6 and _pick(20, "misspelt", n, place) == 0:
        name = name[:3] + name[4] + name[3] + name[5:]
    dose = ("", "", " 20 mg", " 5 mg tablet once daily", " 100 mg twice a day")[_pick(5, "dose", n, place)]
    return name + dose


def _pick(out_of: int, *parts: object) -> int:
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") % out_of


def _rows(*path: str) -> list[dict[str, str]]:
    with folder(path[0]).joinpath(*path[1:]).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


@cache
def _by_role() -> dict[str, list[str]]:
    """The commonest drugs of each role, by how many products there are of them."""
    products: dict[str, int] = defaultdict(int)
    for row in _rows("synonym_data", "names.tsv"):
        products[row["drug"]] = max(products[row["drug"]], int(row["products"]))
    drugs = defaultdict(list)
    for row in _rows("cascades", "evidence", "roles.tsv"):
        drugs[row["role"]].append(row["drug"])
    return {role: sorted(of, key=lambda drug: (-products[drug], drug))[:_COMMON] for role, of in drugs.items()}


@cache
def _brands() -> dict[str, list[str]]:
    """The brands of each drug that mean no other, the commonest first."""
    meant = defaultdict(set)
    brands = defaultdict(list)
    for row in _rows("synonym_data", "names.tsv"):
        meant[row["name"]].add(row["drug"])
        if row["kind"] == "brand":
            brands[row["drug"]].append((-int(row["products"]), row["name"]))
    return {drug: [name for _, name in sorted(of) if len(meant[name]) == 1] for drug, of in brands.items()}
