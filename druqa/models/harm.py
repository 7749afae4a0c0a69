"""Words of harm that nothing negates: what a reply that says no has no business to say.

Recall first, but a no that is taken for a harm costs a false alarm on every pair, so the claim must be plain: a harm
that the two drugs do together or that one does to the other, or advice to act, in a clause without a negation.
"""

from __future__ import annotations

import re

_CLAUSE = re.compile(r"[.;:!?](?:\s|$)|\b(?:but|however|although|though|yet|nevertheless)\b", re.IGNORECASE)
_NEGATED = re.compile(
    r"\b(?:no|not|without|neither|nor|none|never|unlikely|lacks?|absence|absent|free of|cannot|negligible|minimal)\b"
    r"|n't\b",
    re.IGNORECASE,
)
_CLAIM = re.compile(
    r"\b(?:may|can|could|might|will|would)\s+(?:\w+\s+){0,2}"
    r"(?:cause|lead|result|increase|raise|elevate|potentiate|prolong|worsen|reduce|decrease|lower|impair|provoke)\w*\b",
    re.IGNORECASE,
)


def harm_in(text: str) -> str:
    """The first words of a text that claim a harm or ask for action; empty if there are none."""
    for clause in _CLAUSE.split(text):
        if (claim := _CLAIM.search(clause)) and not _NEGATED.search(clause):
            return clause[claim.start() :].strip()[:80]
    return ""
