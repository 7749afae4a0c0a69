"""How well lists of names are read: eval/names/*.tsv, written by someone who had not seen the tables.

    python -m tests.support.name_lists [PART]

prints, for each list, how many lines are read as exactly the drugs that are meant, how many have them all among the
candidates, and how many have one of them first; then every line that lacks a drug. PART is `dev` or `final`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

from druqa.knowledge.loading import load_synonyms
from druqa.knowledge.spelling import key
from druqa.records import Medication
from druqa.resources import folder
from druqa.stages.names import Brief, brief

SYNONYMS = load_synonyms()
FOLDER = folder("eval") / "names"
KINDS = ("everyday", "misspelt", "ehr", "foreign")


class Score(NamedTuple):
    lines: int
    exact: int
    """Read as the drugs that are meant, and no other."""
    found: int
    """All of them are among the drugs read."""
    first: int
    """The first drug read is one of them."""
    recognised: int
    missed: tuple[str, ...]


def rows(file: Path) -> list[list[str]]:
    return [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()[1:] if line.strip()]


def meant(drugs: str) -> set[str]:
    """The ids of the drugs that a list expects; a list may call a drug by another of its names."""
    ids = [{row.drug for row in SYNONYMS.lookup(key(drug)) if row.kind != "class"} for drug in drugs.split("|")]
    # A drug that no table knows can not be read: it stays in the list, as a miss.
    return {id_ for found, drug in zip(ids, drugs.split("|"), strict=True) for id_ in found or {f"unknown: {drug}"}}


def read(text: str) -> Brief:
    return brief(Medication(text=text), SYNONYMS)


def score(part: str, kind: str) -> Score:
    lines = [(text, meant(drugs), read(text)) for text, drugs in rows(FOLDER / f"{part}_{kind}.tsv")]
    return Score(
        lines=len(lines),
        exact=sum(set(got.drugs) == drugs for _, drugs, got in lines),
        found=sum(drugs <= set(got.drugs) for _, drugs, got in lines),
        first=sum(bool(got.drugs) and got.drugs[0] in drugs for _, drugs, got in lines),
        recognised=sum(got.recognised for _, _, got in lines),
        missed=tuple(
            f"{text}: {' + '.join(sorted(drugs))}, read as {' + '.join(got.drugs) or 'nothing'}"
            for text, drugs, got in lines
            if not drugs <= set(got.drugs)
        ),
    )


def merges(part: str) -> list[str]:
    """Look-alike pairs of known names of which one is read as the other."""
    found = []
    for one, other, drugs, other_drugs in rows(FOLDER / f"{part}_lookalikes.tsv"):
        first, second = meant(drugs), meant(other_drugs)
        if (set(read(one).drugs) & second) - first or (set(read(other).drugs) & first) - second:
            found.append(f"{one} / {other}")
    return found


def main() -> None:
    for part in sys.argv[1:] or ("dev", "final"):
        for kind in KINDS:
            s = score(part, kind)
            rates = {"exact": s.exact, "found": s.found, "first": s.first, "recognised": s.recognised}
            said = ", ".join(f"{count / s.lines:6.1%} {name}" for name, count in rates.items())
            print(f"{part} {kind:<10} {s.lines:>4} lines: {said}")
            for line in s.missed:
                print(f"    missed  {line}")
        pairs = len(rows(FOLDER / f"{part}_lookalikes.tsv"))
        print(f"{part} lookalikes {pairs:>4} pairs: {len(merges(part))} merged {merges(part) or ''}")


if __name__ == "__main__":
    main()
