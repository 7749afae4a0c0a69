"""Fuzzes the reading of medication lines: `python -m tests.fuzz.names [--seconds N]`."""

from __future__ import annotations

import sys
from random import Random
from typing import Any

from druqa.resources import folder
from tests.fuzz import engine, mutate

_NAMES = [
    line.partition("\t")[0]
    for table in ("names.tsv", "class_names.tsv")
    for line in (folder("synonym_data") / table).read_text(encoding="utf-8").split("\n")[1:-1]
]
_NOISE = tuple(
    line.partition("\t")[0]
    for line in (folder("synonym_data") / "not_names.tsv").read_text(encoding="utf-8").split("\n")[1:-1]
)
_PIECES = (
    " 5 mg", " / ", "/", ", ", ";", "\n", "+", " & ", "|", " and ", " with ", " plus", " HCT", "-", ".", "'", "(r)",
    "(TM)", "\u00ae", "1.", "12.5", " jan ", "1 Jan 2020", "dob ", "12345", "@", "#", "\u3001", "\uff0c", "  ", "mr",
)  # fmt: skip
_CODES = (None, None, None, "", "11289", "B01AA03", " b01aa03 ", "0", "\ud800", "N02BA01", "zz")
_LONGEST = 1_500


def pack(case: dict[str, Any]) -> bytes:
    """A case as bytes: the text, then the codes, each behind a unit separator."""
    return engine.as_bytes("\x1f".join((case["text"], case.get("rxcui") or "", case.get("atc") or "")))


def unpack(data: bytes) -> dict[str, Any]:
    """The case that bytes stand for; any bytes are one."""
    text, rxcui, atc = [*engine.as_text(data).split("\x1f"), "", ""][:3]
    return {"text": text, "rxcui": rxcui or None, "atc": atc or None}


def change(case: dict[str, Any], random: Random) -> dict[str, Any]:
    """Another line: another code, a known name in it, whole, in part or misspelt, or the text changed."""
    kind = random.random()
    if kind < 0.03:
        return {**case, random.choice(("rxcui", "atc")): random.choice(_CODES)}
    text = case["text"]
    if kind < 0.35:
        name = random.choice(_NAMES if random.random() < 0.8 else _NOISE)
        if random.random() < 0.4:
            name = mutate.text(name, random, _PIECES, 40)
        if random.random() < 0.2:
            name = " ".join(name.split()[: random.randint(1, 3)])
        place = random.choice((0, len(text), random.randint(0, len(text))))
        between = random.choice((" ", "", *_PIECES))
        return {**case, "text": text[:place] + between + name + between * random.randrange(2) + text[place:]}
    if kind < 0.4:
        return {**case, "text": random.choice(_NAMES)}
    return {**case, "text": mutate.text(text, random, (*_PIECES, random.choice(_NAMES)), _LONGEST)}


# Not the search through the whole table: following it costs more than it guides.
_FOLLOWED = tuple(f"druqa.knowledge.{name}" for name in ("spelling", "reading", "guesses", "personal"))
TARGET = engine.Target(
    "names", "tests.fuzz.name_oracle", (*_FOLLOWED, "druqa.stages.names"), pack, unpack, change, 4 * _LONGEST
)

if __name__ == "__main__":
    sys.exit(engine.run(TARGET))
