"""Writes a name as it is heard: one spelling for what people and languages write differently.

`hydroxyzine`, `hidroxizina`, `hydroksyzyna` and `hydroxizinum` become one. It is coarse, so it may only propose:
what it finds is a guess like any other, said as a doubt.
"""

from __future__ import annotations

import re

# In this order. Letters that stand for one sound become one; silent ones go.
_HEARD = (
    ("ovaya", "ic"),
    ("evaya", "ic"),
    ("ph", "f"),
    ("sch", "k"),
    ("ch", "k"),
    ("kh", "k"),
    ("th", "t"),
    ("ae", "e"),
    ("oe", "e"),
    ("ck", "k"),
    ("qu", "k"),
    ("ts", "s"),
    ("gidro", "idro"),
    ("h", ""),
    ("y", "i"),
    ("j", "i"),
    ("w", "v"),
    ("z", "s"),
    ("x", "ks"),
    ("q", "k"),
)
_FIRST_X = re.compile(r"^x", re.MULTILINE)
_SOFT_C = re.compile(r"c(?=[ei])")
_DOUBLED = re.compile(r"([a-z])\1+")
_VOWELS = re.compile(r"[aeiou]+")
_ENDING = re.compile(r"(?<=[a-z]{4})(?:um|us|[aeio]+)(?= |$)", re.MULTILINE)
_ACID = re.compile(r"(?:^|(?<= ))(?:asid|saur|kvas|sir|sur|kislot)(?= |$)", re.MULTILINE)


def sound(words: str) -> str:
    """How a name sounds, from its words as `spelling.squash` gives them. `acido valproico` gives `valproik`."""
    return sounds([words])[0]


def skeleton(heard: str) -> str:
    """A sound with all its vowels as one: `xarelto` and `zerrelto`, which differ in what is heard least."""
    return _VOWELS.sub("a", heard)


def skeletons(heard: list[str]) -> list[str]:
    """`skeleton` of many sounds in bulk."""
    return _VOWELS.sub("a", "\n".join(heard)).split("\n")


def sounds(names: list[str]) -> list[str]:
    """`sound` of many names in bulk; they hold no line breaks."""
    text = _FIRST_X.sub("s", "\n".join(names))
    for written, heard in _HEARD:
        text = text.replace(written, heard)
    text = _SOFT_C.sub("s", text).replace("c", "k")
    text = _DOUBLED.sub(r"\1", text)
    text = _ENDING.sub("", text)
    text = _ACID.sub("", text)
    return [line.strip().replace("  ", " ") for line in text.split("\n")]
