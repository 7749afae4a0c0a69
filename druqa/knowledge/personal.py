"""Whether a text says who somebody is: dates, long numbers, addresses, and words that only stand beside a person."""

from __future__ import annotations

import re

from druqa.knowledge.person_words import ABOUT_A_PERSON, FUNCTION_WORDS, UNITS
from druqa.knowledge.spelling import folded, tokens

LONG_TEXT = 200
"""Characters: a longer text is no name; it is a note, or a list."""
_SENTENCES = 3

_MONTHS = (
    "jan feb mar apr may jun jul aug sep oct nov dec marz mai okt dez janv fevr avr juin juil aout sept ene abr ago dic"
)
_MONTH = f"(?:{_MONTHS.replace(' ', '|')})"
_UNIT = rf"(?![\d.,]{{0,12}}[ -]?(?:{'|'.join(sorted(UNITS))}|mg/|%)(?![a-z]))"
# Record and insurance numbers, dates, phones; a strength has fewer digits, or a unit behind it.
_IDENTIFIER = re.compile(
    rf"(?<!\d)\d{{5,}}+{_UNIT}|\d{{3}}-\d\d-\d{{4}}|\d{{4}}[-/.]\d\d?[-/.]\d\d?"
    rf"|\d\d?[-/.]\d\d?[-/.](?:19|20)\d\d|(?<!\d)\d\d?[/.]\d\d?[/.]\d{{2,4}}+{_UNIT}"
    rf"|\d(?:st|nd|rd|th|er)?[ .,-]+(?:of |de |der )?{_MONTH}[a-z]{{0,9}}[ .,-]+(?:de |del )?(?:19|20)?\d\d(?!\d)"
    rf"|\b{_MONTH}[a-z]{{0,9}}[ .-]+\d\d?(?:st|nd|rd|th)?,? (?:19|20)\d\d"
    rf"|(?<!\d)(?:\+\d\d?[ .-])?\(?\d{{3}}[-. )]+\d{{3}}[-. ]+\d{{4}}|(?<!\d)\d{{3}}[-.]\d{{4}}(?!\d){_UNIT}"
    rf"|(?<![\d.,])\d{{2,4}}(?:[ .-]\d{{2,4}}){{2,5}}+{_UNIT}|\+\d{{2,3}}[ (]?\d|\S@\S"
    r"|\b[a-z]{1,2}\d{6,}|\d{8}[a-z]\b"
)
_SPOKEN = re.compile(
    r"\bname\s*[:=#]|\bnom\s*:|\bsubject\s*[:=/]|\broom\s*#?\d|\bbed\s*#?\d|\bward\s*#?\d|\bbirth(?!\s*control)|\bnhs\b"
    r"|\bd\.o\.b|\by/o\b|\byear[- ]old|\byrs?[- ]old|\bans\b|\bjahrige|\bpid\||\bid\s*[:#]"
    r"|(?<!\d)\d{1,6} (?:\w{1,30} ){1,3}(?:street|st\.|avenue|ave|road|rd|blvd|boulevard|lane|ln|strasse|platz)\b"
    r"|(?:strasse|str\.|weg|gasse)\s*\d|\d,? rue\b|\bcalle [a-z]"
    r"|\b(?:chart|acct|account|record|member|policy|case|file|visit|encounter)\s*(?:no|nr|number|id|#)|\bn\.?i\.?\s*number"
    r"|[a-z]\^[a-z]|^\W*(?:from|to|cc|bcc|re|attn|sender|recipient|an|von|de|para)\s*:"
)


def speaks_of_a_person(text: str) -> bool:
    """Whether a text holds a date, a long number or words about a person, or is a note of several sentences."""
    plain = folded(text)
    if _IDENTIFIER.search(plain) or _SPOKEN.search(plain):
        return True
    words = [token.word for token in tokens(text)]
    if any(word in ABOUT_A_PERSON for word in words):
        return True
    return len(text) > LONG_TEXT and len(FUNCTION_WORDS.intersection(words)) >= _SENTENCES
