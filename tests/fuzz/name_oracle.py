"""What must hold for every line that is written as a medication, told without the code that reads it.

Nothing raises, nothing written is lost, no word passes in silence, and a known name beside others takes none away.
"""

from __future__ import annotations

import re
import unicodedata
from time import thread_time
from typing import NamedTuple
from zlib import crc32

from druqa.knowledge.guesses import latin
from druqa.knowledge.loading import load_synonyms
from druqa.knowledge.personal import speaks_of_a_person
from druqa.knowledge.sound import skeleton, skeletons, sound, sounds
from druqa.knowledge.spelling import key, printable, squash, suspicious, tokens
from druqa.knowledge.synonyms import LONGEST
from druqa.records import How, Medication, ResolvedMedication, writable
from druqa.resources import folder
from druqa.stages.names import LONG_TEXT, brief, plain_brief, resolve

SYNONYMS = load_synonyms()
NAMES = [
    line.partition("\t")[0]
    for table in ("names.tsv", "class_names.tsv")
    for line in (folder("synonym_data") / table).read_text(encoding="utf-8").split("\n")[1:-1]
]
SEPARATORS = (", ", "; ", "\n", " / ", " + ", " and ", "/", "\uff0c")
NO_NAME = "qzxwvkjyqzx"
ONE_LINE_S, ONE_LETTER_S = 1.0, 0.0001
"""Seconds of computing that a line may take to be read, and so many more for each of its letters."""
WHOLE_TEXT = ("about a person", "more parts", "words of this long", "the text was not understood")
"""Doubts that speak of all that was written, without repeating it."""
# What is built at the first guess, and after a thousand, is no line's own time.
SYNONYMS.nearest("warm up")
SYNONYMS._nearest._near.build()
SYNONYMS.noise_like("hydrocholoride")
_NEVER_IN_A_KEY = ("Cc", "Cf", "Cs", "Co")
_WORD = re.compile(r"[a-z]{4,}")


class Case(NamedTuple):
    """One line of a medication list, with codes."""

    text: str
    rxcui: str | None = None
    atc: str | None = None


def check(case: Case) -> str:
    """Hold one line against everything that must be so; returns what it was read as."""
    _spelled(case.text)
    began = thread_time()
    read = _read(case)
    seconds = thread_time() - began
    assert seconds < ONE_LINE_S + ONE_LETTER_S * len(case.text), f"{seconds:.1f} s for {len(case.text)} characters"
    _conserved(case, read)
    case = Case(*(text and writable(text) for text in case))
    _every_known_name_is_found(case.text, read)
    _no_word_in_silence(case.text, read)
    _short_form(case, read)
    if len(case.text) <= 2 * LONG_TEXT:
        _a_further_name_takes_nothing_away(case, read)
        _case_makes_no_difference(case, read)
        assert not _read(Case(f"{case.text} {NO_NAME}")).recognised, "an unknown word passed in silence"
    return ", ".join(drug.id for drug in read.drugs)


def _read(case: Case) -> ResolvedMedication:
    (read,) = resolve([Medication(text=case.text, rxcui=case.rxcui, atc=case.atc)], SYNONYMS)
    return read


def _spelled(text: str) -> None:
    """What the spelling of any text promises."""
    form = key(text)
    assert key(form) == form
    assert form == " ".join(form.split())
    assert not any(unicodedata.category(char) in _NEVER_IN_A_KEY for char in form)
    assert key("\u200b".join(text)) == form, "what cannot be seen makes a difference"
    assert key(unicodedata.normalize("NFC", text)) == form, "how marks are stored makes a difference"
    words = squash(form)
    assert squash(words) == words
    line = tokens(text)
    assert " ".join(token.word for token in line) == words
    places = [(token.start, token.end) for token in line]
    assert places == sorted(places)
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert key(words) == words
    shown = printable(text)
    assert shown.isprintable()
    assert printable(shown) == shown
    assert all(sentence.isprintable() for sentence in suspicious(text))
    assert sounds([words, "aspirin", words]) == [sound(words), sound("aspirin"), sound(words)]
    assert skeletons([words, "a"]) == [skeleton(words), "a"]
    foreign = latin(text)
    assert foreign is None or latin(foreign) is None or not foreign.isascii()


def _conserved(case: Case, read: ResolvedMedication) -> None:
    """The line stands as written, and is understood or doubted; it can be written, and so can whatever is asked."""
    assert (read.text, read.rxcui, read.atc) == tuple(text and writable(text) for text in case)
    assert read.recognised or read.doubts
    assert all(doubt.isprintable() for doubt in read.doubts)
    assert all(name.text.isprintable() for name in read.names)
    assert read.drugs or any("empty" in doubt or "about a person" in doubt for doubt in read.doubts)
    assert all(len(group) > 1 for group in read.alternatives)
    assert len({drug.id for drug in read.drugs}) == len(read.drugs)
    assert {match.drug for match in read.matches} == {drug.id for drug in read.drugs}
    read.model_dump_json()


def _every_known_name_is_found(text: str, read: ResolvedMedication) -> None:
    """Every known name that no longer one holds: of names that overlap all are taken."""
    words = [token.word for token in tokens(text)]
    found = {drug.id for drug in read.drugs}
    spans = [
        (first, last)
        for first in range(len(words))
        for last in range(first + 1, min(len(words), first + LONGEST) + 1)
        if " ".join(words[first:last]) in SYNONYMS or _is_joined(words[first:last])
    ]
    reach = 0
    for first, last in sorted(spans, key=lambda span: (span[0], -span[1])):
        if last > reach:
            reach = last
            name = " ".join(words[first:last])
            assert {row.drug for row in SYNONYMS.lookup(name)} <= found, f"{name} was not found"


def _is_joined(words: list[str]) -> bool:
    """Whether two or three words are one known name of seven letters or more, written apart."""
    joined = "".join(words)
    return 1 < len(words) <= 3 and len(joined) > 6 and joined.isalpha() and joined in SYNONYMS


def _no_word_in_silence(text: str, read: ResolvedMedication) -> None:
    """A word of four letters or more is part of a known name, a word of prescriptions, or spoken of in a doubt."""
    if any(said in doubt for doubt in read.doubts for said in WHOLE_TEXT):
        return
    spoken = " ".join((*(match.matched for match in read.matches), *read.doubts, *(drug.id for drug in read.drugs)))
    known = {token.word for token in tokens(spoken)} | set(SYNONYMS.noise) | {"with", "plus", "avec"}
    words = [token for token in tokens(text) if _WORD.fullmatch(token.word) and token.word not in known]
    silent = [token.word for token in words if key(printable(text[token.start : token.end])) not in key(spoken)]
    assert not silent or any("stands under its beginning" in doubt for doubt in read.doubts), silent


def _short_form(case: Case, read: ResolvedMedication) -> None:
    """The short readings say what the long one says."""
    short = brief(Medication(text=case.text, rxcui=case.rxcui, atc=case.atc), SYNONYMS)
    assert short.drugs == tuple(drug.id for drug in read.drugs)
    assert (short.recognised, short.doubts) == (read.recognised, read.doubts)
    if not (case.rxcui or case.atc):
        assert plain_brief(case.text, SYNONYMS) in (None, short)


def _a_further_name_takes_nothing_away(case: Case, read: ResolvedMedication) -> None:
    """A known name beside the line, with a separator between: both are found as if they stood alone."""
    chance = crc32(case.text.encode("utf-8", "surrogatepass"))
    name, separator = NAMES[chance % len(NAMES)], SEPARATORS[chance % len(SEPARATORS)]
    named = {row.drug for row in SYNONYMS.lookup(name)}
    sure = _sure(read)
    for more in (case.text + separator + name, name + separator + case.text):
        found = {drug.id for drug in _read(case._replace(text=more)).drugs}
        grown = _grows_together(case.text, name)
        if not grown or separator in (", ", "; ", "\n", "\uff0c"):
            assert named <= found, f"lost by the line: {named - found}"
            assert sure <= found, f"lost by {name!r}: {sure - found}"
        if not grown and not speaks_of_a_person(more) and len(more) <= LONG_TEXT and separator in ("; ", "\n", ", "):
            guessed = {match.drug for match in read.matches if match.how is How.FUZZY}
            assert guessed <= found, f"a guess lost by {name!r}: {guessed - found}"


def _grows_together(text: str, name: str) -> bool:
    """Whether words of both make one longer name, as a slash, a plus or `and` may stand in one: `insulin/aspart`."""
    words, more = [token.word for token in tokens(text)], [token.word for token in tokens(name)]
    return any(
        joined in SYNONYMS
        for one, other in ((words, more), (more, words))
        for tail in range(1, LONGEST)
        for head in range(1, LONGEST)
        for joined in (" ".join((*one[-tail:], *other[:head])), "".join((*one[-tail:], *other[:head])))
    )


def _case_makes_no_difference(case: Case, read: ResolvedMedication) -> None:
    """The known names of a line are the same in capitals."""
    capitals = case.text.upper()
    if key(capitals) == key(case.text):
        assert _sure(read) == _sure(_read(case._replace(text=capitals)))


def _sure(read: ResolvedMedication) -> set[str]:
    """The drugs whose name stands in the line."""
    return {match.drug for match in read.matches if match.how in (How.EXACT, How.ALIAS)}
