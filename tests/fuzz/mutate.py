"""Changes texts as the world does: cut off, repeated, mixed, with letters of other kinds in them."""

from __future__ import annotations

from random import Random

ODD = (
    *"\0\t\n\r\x0b\x1c\x1f\x7f\u0085\u00a0\u00ad\u00b5\u00df\u0130\u0131\u017f\u01c4\u0301\u0316\u03a9\u03b1\u03c2\u0430\u0627\u0660\u0e33\u1e9e",
    *"\u200b\u200d\u2010\u2019\u2028\u202e\u2060\u212a\u2260\u33c0\u3164\u30a2\uac00\ud800\udfff\ufb01\ufdfa\ufeff\uff21\uffff\U0001d400\U0001f48a",
)
"""Letters that fold, expand, vanish, join, or are none."""


def text(old: str, random: Random, pieces: tuple[str, ...], longest: int) -> str:
    """A text like the old one."""
    place, end = sorted((random.randint(0, len(old)), random.randint(0, len(old))))
    kind = random.randrange(9)
    if kind == 0:
        return old[:place] + old[end:]
    if kind == 1:
        return old[:place] + random.choice(ODD) + old[place:]
    if kind == 2:
        return old[:place] + random.choice(pieces) + old[place:]
    if kind == 3:
        return old[:place] + random.choice(pieces) + old[end:]
    if kind == 4:
        return old[:place] + _cased(old[place:end], random) + old[end:]
    if kind == 5:
        return old[:place] + old[place:end] * 2 + old[end:]
    if kind == 6 and random.random() < 0.1:
        return pumped(old, place, min(end, place + 12), random, longest)
    if kind == 7 and old:
        place = min(place, len(old) - 1)
        return old[:place] + chr(max(0, ord(old[place]) + random.choice((-1, 1, 32)))) + old[place + 1 :]
    return old[end:] + old[place:end] + old[:place]


def pumped(old: str, place: int, end: int, random: Random, longest: int) -> str:
    """A text in which a part stands very often: what takes more than linear time shows."""
    part = old[place:end] or random.choice(ODD)
    times = random.choice((20, 70, max(1, (longest - len(old)) // len(part))))
    return (old[:place] + part * times + old[end:])[:longest]


def _cased(part: str, random: Random) -> str:
    return random.choice((str.upper, str.lower, str.title, str.swapcase))(part)
