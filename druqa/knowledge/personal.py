"""Words that may say who the patient is. Unknown words beside them are kept out of every prompt."""

from __future__ import annotations

import re

from druqa.knowledge.spelling import tokens

_ABOUT_A_PERSON = """
    mrs patient dob mrn ssn nhs birth born phone tel email address room name named nee geb geboren nacido wife husband
"""
ABOUT_A_PERSON = frozenset(_ABOUT_A_PERSON.split())
"""(Not `mr`, `dr`, `ms`: in a medication list these are modified release, delayed release and morphine sulfate.)"""

# Runs of digits as in record numbers, insurance numbers and dates; a strength has fewer.
_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
# No month has ten letters more than these; without a limit a run of letters takes quadratic time.
_IDENTIFIER = re.compile(
    r"\d{5,}|\d{3}-\d\d-\d{4}|\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.](?:19|20)\d\d|\d\d?[/.]\d\d?[/.]\d{2,4}"
    rf"|\d[ .,]+(?:{_MONTH})[a-z]{{0,9}}[ .,]+(?:19|20)\d\d|(?:{_MONTH})[a-z]{{0,9}} \d\d?,? (?:19|20)\d\d"
    r"|\d{3}[-. )]+\d{3}[-. ]+\d{4}|\S@\S",
    re.IGNORECASE,
)


def speaks_of_a_person(text: str) -> bool:
    """Whether a text holds a date, a long number or words about a person."""
    return bool(_IDENTIFIER.search(text)) or any(token.word in ABOUT_A_PERSON for token in tokens(text))
