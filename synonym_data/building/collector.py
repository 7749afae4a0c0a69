"""Collects drugs and names, and judges what can be a name."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from rapidfuzz import fuzz

from building.rules import BIOSIMILAR, CHEMICAL, FORMS, MINERALS, NEVER_ALONE, PARTIAL, SELDOM_ALONE
from building.sources import ANSM, FDA, RANK, UNII, Row, rank, table
from druqa.knowledge.spelling import key, squash


class Collector:
    """Collects drugs and names, source by source; the first source that knows a drug gives its id."""

    def __init__(self) -> None:
        noise = {word: why for word, why, _ in table("not_names.tsv")}
        self.noise = noise
        self.salts = {word for word, why in noise.items() if why == "salt"} | FORMS
        self.forms = {word for word, why in noise.items() if why in ("dose form", "route", "packaging", "unit")}
        self.blocked = {(squash(name), drug) for name, drug, _, _ in table("blocked.tsv")}
        self.own = [Row(n, d, k, s, int(p)) for n, d, k, s, p in table("own.tsv")]
        self.class_names = {squash(name) for name, _, _ in table("class_names.tsv")}
        self.drugs: dict[str, str] = {}
        self.alias: dict[str, str] = {}
        self.rows: dict[tuple[str, str], Row] = {}
        self.by_name: dict[str, set[str]] = defaultdict(set)
        self.voices: dict[tuple[str, str], set[str]] = defaultdict(set)
        """Which sources give a name to a drug."""
        self.partial: set[str] = set()
        """Combination brands of which not all parts are known."""
        self.trusted: set[str] = set()
        """Drugs that the dictionaries vouch for."""

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
        """Keep a row unless a source trusted as much has the same name for the same drug, or it can be no name."""
        pair = (squash(row.name), row.drug)
        if not self.fit(row):
            return
        self.voices[pair].add(row.source)
        kept = self.rows.get(pair)
        best = kept if kept and rank(kept) <= rank(row) else row
        self.rows[pair] = best._replace(products=max(row.products, kept.products if kept else 0))
        self.by_name[pair[0]].add(row.drug)

    def fit(self, row: Row) -> bool:
        """Whether a name can be kept: neither too short, nor a formula, nor a word of the prescribing language."""
        squashed = squash(row.name)
        words = squashed.split()
        if row.source.startswith("druqa"):
            return squashed not in self.noise and len(squashed) > 2
        if squashed in self.class_names or (squashed, row.drug) in self.blocked or (squashed, "*") in self.blocked:
            return False
        if (
            len(squashed.replace(" ", "")) < 3
            or len(row.name) > 60
            or all(w in self.noise or w.isdigit() for w in words)
        ):
            return False
        short = len(squashed.replace(" ", "")) < 4 and row.source != UNII
        if row.source != FDA and (short or self.may_be_half(row)):
            return False
        edges = (words[0], words[-1])
        ends_in_noise = row.kind != "combination" and any(self.noise.get(w, "salt") != "salt" for w in edges)
        if ends_in_noise and row.drug in self.by_name.get(self.core(words), ()):
            return False
        return not self.is_formula(row, words)

    def is_formula(self, row: Row, words: list[str]) -> bool:
        """Whether a name is a chemical formula, a registry code or a phrase: nobody writes it on a prescription."""
        squashed = " ".join(words)
        if re.search(r"^\W|[,;()\[\]{}|=<>*^~%$@!?\"]", row.name) or CHEMICAL.search(row.name):
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
        if row.kind in ("generic", "combination") or row.source == ANSM or squash(row.drug) in squash(row.name):
            return False
        spelled = fuzz.ratio(row.name, row.drug) >= 60 or row.kind == "salt"
        seldom = row.drug in SELDOM_ALONE and not spelled
        return squash(row.name) in self.partial or PARTIAL.search(row.name) is not None or seldom

    def core(self, words: list[str]) -> str:
        """Words without the doses, forms and routes at both ends: reading a text leaves them aside anyway."""
        first, last = 0, len(words)
        while first < last and (words[first] in self.noise or words[first].isdigit()):
            first += 1
        while last > first and (words[last - 1] in self.noise or words[last - 1].isdigit()):
            last -= 1
        return " ".join(words[first:last])

    def add_drug(self, substance: str, source: str) -> None:
        """A new drug, unless its base is known; every part must look like the name of a substance."""
        drug = self.base(substance)
        if (
            len(drug) > 2
            and drug not in self.drugs
            and squash(drug) not in self.noise
            and (squash(drug), drug) not in self.blocked
            and re.fullmatch(r"[a-z0-9][a-z0-9 '-]*[a-z0-9]", drug)
            and len(drug) < 45
        ):
            self.drugs[drug] = source
            self.alias[squash(drug)] = drug
            self.put(Row(drug, drug, "generic", source))

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

    def prune(self) -> None:
        """Settle the names on which sources disagree, and drop drugs and rows that are left over."""
        for name, drugs in sorted(self.by_name.items()):
            rows = [self.rows[name, drug] for drug in drugs]
            best = min(rank(row) for row in rows)
            own_id = self.alias.get(name) if self.alias.get(name) in drugs else None
            for row in rows:
                is_other_drug = own_id and row.drug != own_id and best > 0
                too_many = len(drugs) > 3 and best > 1 and row.kind != "combination"
                if self.beaten(row, best) or is_other_drug or too_many or row.drug not in self.drugs:
                    del self.rows[name, row.drug]
        whole = Counter(name for (name, _), row in self.rows.items() if row.kind == "combination")
        for pair, row in list(self.rows.items()):
            if row.kind == "combination" and whole[pair[0]] < 2:
                self.rows[pair] = row._replace(kind="brand")
        self.spell_alike()
        named = {row.drug for row in self.rows.values()}
        self.drugs = {drug: source for drug, source in self.drugs.items() if drug in named}
        for drug, source in self.drugs.items():
            named = self.rows.get((squash(drug), drug), Row(drug, drug, "generic", source))
            self.rows[squash(drug), drug] = named._replace(kind="generic")

    def beaten(self, row: Row, best: int) -> bool:
        """Whether a better source than the row's gives the name to another drug, so that this meaning is a mistake.

        A brand may be another drug in another country: two sources that agree on it, or the one against a dictionary's
        own kind, leave both meanings, and reading the name says so.
        """
        if rank(row) <= best:
            return False
        if best == 0:
            return True
        foreign = row.kind == "brand" and (best == RANK[UNII] or len(self.voices[squash(row.name), row.drug]) > 1)
        return best <= RANK[UNII] and not foreign

    def spell_alike(self) -> None:
        """Rows of the same words are written in one way, so that they lie side by side in the table."""
        spelling: dict[str, tuple[int, str]] = {}
        for (name, _), row in self.rows.items():
            own_name = -1 if row.name == row.drug else rank(row)
            spelling[name] = min(spelling.get(name, (9, "")), (own_name, row.name))
        self.rows = {pair: row._replace(name=spelling[pair[0]][1]) for pair, row in self.rows.items()}
