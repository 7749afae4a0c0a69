"""Which characters a person can see, and how the others are written where they must do no harm."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Letters and marks that Unicode counts as printable and that show nothing: fillers, joiners, variation selectors.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]")
_ORDINARY = re.compile(r"[^\x20-\x7e\n]")
_NEVER_IN_A_SLOT = re.compile(r"[^\x20-\x3b=\x3f-\x7e]|\[(?=/?[A-Z_]+\])")


@lru_cache(maxsize=4096)
def is_seen(char: str) -> bool:
    """Whether a character shows as itself: no control, format or bidirectional character, no blank but the space."""
    return char.isprintable() and not _BLANK.match(char)


@lru_cache(maxsize=4096)
def is_mark(char: str) -> bool:
    """Whether a character is drawn over or under the one before it."""
    return unicodedata.category(char).startswith("M")


def all_seen(text: str) -> bool:
    """Whether every character of a text shows as itself."""
    return text.isprintable() and (text.isascii() or not _BLANK.search(text))


def without_unseen(text: str) -> str:
    """The text on one line without the characters that nobody sees: the rest of it says the same."""
    kept = (char if is_seen(char) else " " if char.isspace() else "" for char in text)
    return text if all_seen(text) else " ".join("".join(kept).split())


def seen_json(dumped: str) -> str:
    r"""JSON in which whatever nobody sees is written `\uXXXX`, of which every parser makes the same character.

    Outside its strings JSON holds nothing of the kind, so that its text can be taken as a whole.
    """
    return _ORDINARY.sub(lambda found: found[0] if is_seen(found[0]) else _in_json(found[0]), dumped)


def slot_json(dumped: str) -> str:
    r"""JSON for the data slot of a prompt: as `seen_json`, on one line, and no mark of a chat template stays whole.

    Some servers take `<|im_start|>`, `</s>` or `[INST]` for the end of the message, wherever they stand.
    """
    return _NEVER_IN_A_SLOT.sub(lambda found: _in_slot(found[0]), dumped)


def _in_slot(char: str) -> str:
    return char if is_seen(char) and char not in "<>[" else _in_json(char)


@lru_cache(maxsize=4096)
def _in_json(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
