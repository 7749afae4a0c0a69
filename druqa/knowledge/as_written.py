"""A drug that no table knows, under its own spelling."""

from __future__ import annotations

import hashlib

from druqa.knowledge.spelling import key
from druqa.records import Drug

SHORT_FORM = 60
"""Letters of a text that a drug keeps as its name."""


def as_written(text: str) -> Drug:
    """A drug under its own spelling, in key form: two spellings of one word are one drug, whichever stands first."""
    name = key(text) or text
    if len(name) > SHORT_FORM:
        digest = hashlib.sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:8]
        name = f"{name[:SHORT_FORM]}... {digest}"
    return Drug(id=f"as written: {name}", name=name, known=False)
