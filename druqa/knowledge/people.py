"""Keeps whoever a line speaks of out of what is asked: the line as it may be asked about, without its people.

Three rules, each of which a reader can check on a line by eye:

1. A known drug name is always asked about, wherever it stands: it may be a surname too, and a missed drug is worse.
2. Behind a title, a label (`Pt`, `Name:`, `per`) or a common given name, unknown words are a person's: never asked.
3. In a line that holds a date, a long number or words about a person, an unknown word is asked about only if it stands
   there as a drug: before its strength or dose form, behind `takes` or `Rx:`, or with the ending of a drug's name.

What these rules leave out is said in a doubt, and the line is not recognised. Where they end: a surname without any
sign of a person beside it is not told from an unknown drug, and is asked about.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from druqa.knowledge import person_words as words_of
from druqa.knowledge.personal import speaks_of_a_person
from druqa.knowledge.reading import Reading, read
from druqa.knowledge.spelling import Token, tokens
from druqa.knowledge.structured import Message, is_structured, medication_of
from druqa.knowledge.synonyms import Synonyms
from druqa.records import Medication

PERSONAL = (
    "it holds a date, a long number or words about a person: only known drug names, and words that stand as a drug in "
    "it, are asked about"
)
MESSAGE = (
    "it is a message for machines that holds more than one drug, or words around it: what it says of a drug, and known "
    "drug names anywhere in it, are asked about"
)
NAMED = "a person's name seems to stand in it, which is not asked about"
_MOST_WORDS = 4
_FARTHEST = 12
_AFTER_LABEL = " \t.:=(\"'^|#*_-"
_INSIDE = " \t.'-^,"


class Sifted(NamedTuple):
    """A medication as it may be asked about."""

    medication: Medication
    """Its text without people, place for place; of a FHIR or HL7 message, what it says of the drug."""
    reading: Reading
    doubt: str = ""
    """What was left out; empty where nothing was."""


def sift(medication: Medication, synonyms: Synonyms) -> Sifted:
    """Read a medication, and leave out whoever it speaks of."""
    message = medication_of(medication)
    only_known = message is None and is_structured(medication.text)
    if message:
        return _of_message(message, synonyms)
    return _of_words(medication, synonyms, only_known=only_known)


def _of_message(message: Message, synonyms: Synonyms) -> Sifted:
    """What a message says of the drug, and every known name in the rest of it, where it does not speak of people."""
    told = message.medication
    drugs = {drug for found in read(told.text, synonyms).found for drug in found.drugs}
    further = [f for f in read(message.rest, synonyms).found if not drugs.issuperset(f.drugs)]
    text = "; ".join(dict.fromkeys((*([told.text] if told.text else []), *(found.raw for found in further))))
    sifted = _of_words(told.model_copy(update={"text": text}), synonyms, only_known=False)
    if message.is_whole and not further:
        return sifted
    return sifted._replace(doubt="; ".join(filter(None, (MESSAGE, sifted.doubt))))


def _of_words(medication: Medication, synonyms: Synonyms, *, only_known: bool) -> Sifted:
    reading = read(medication.text, synonyms)
    if reading.found and not any(leftover.has_letters for leftover in reading.leftovers):
        return Sifted(medication, reading)
    line = _Words(medication.text, reading, synonyms)
    personal = only_known or speaks_of_a_person(medication.text)
    named = line.named()
    if personal or named.patients:
        asked = () if only_known else (i for i in line.unknown if line.stands(i) and i not in named.all)
        return _without(medication, line, set(line.unknown).difference(asked), PERSONAL, synonyms)
    if named.all:
        return _without(medication, line, named.all, NAMED, synonyms)
    return Sifted(medication, reading)


def _without(medication: Medication, line: _Words, left_out: Iterable[int], doubt: str, synonyms: Synonyms) -> Sifted:
    """The medication with separators for the words that are left out: what stands around them is not joined."""
    text = list(medication.text)
    for place in left_out:
        start, end = line.tokens[place].start, line.tokens[place].end
        text[start:end] = ";" * (end - start)
    kept = medication.model_copy(update={"text": "".join(text)})
    # Known names are read from the whole text: rule 1.
    return Sifted(kept, Reading(line.reading.found, read(kept.text, synonyms).leftovers), doubt)


class _Named(NamedTuple):
    """Places of words that are somebody's name."""

    all: frozenset[int]
    patients: bool
    """Whether a label or title of a patient stands before one."""


class _Words:
    """The words of a line, and which of them no table knows."""

    def __init__(self, text: str, reading: Reading, synonyms: Synonyms) -> None:
        self.text, self.reading, self.synonyms = text, reading, synonyms
        self.tokens = tokens(text)
        covered = bytearray(len(text))
        for found in reading.found:
            covered[found.start : found.end] = b"\1" * (found.end - found.start)
        self.known = {place for place, token in enumerate(self.tokens) if covered[token.start]}
        self.unknown = [
            place for place, token in enumerate(self.tokens) if place not in self.known and not self._is_noise(token)
        ]
        self._open = frozenset(self.unknown)

    def _is_noise(self, token: Token) -> bool:
        return token.word.isdigit() or token.word in self.synonyms.noise

    def _gap(self, place: int) -> str:
        """What stands before a word."""
        return self.text[self.tokens[place - 1].end if place else 0 : self.tokens[place].start]

    def _word(self, place: int) -> str:
        return self.tokens[place].word if 0 <= place < len(self.tokens) else ""

    def _is_capital(self, place: int) -> bool:
        return self.text[self.tokens[place].start].isupper()

    def named(self) -> _Named:
        """The words that titles, labels and given names show to be somebody's name."""
        names: set[int] = set()
        patients = False
        for place, token in enumerate(self.tokens):
            word = token.word
            if word in words_of.OF_PATIENTS and self._is_title(place):
                behind = self._behind(place + 1, any_case=True)
                patients |= bool(behind)
            elif word in words_of.CLINICIANS and self._is_title(place):
                pointed = word in words_of.AMBIGUOUS and self.text[token.end : token.end + 1] == "."
                behind = self._behind(place + 1, any_case=pointed)
            elif place in self._open and word in words_of.GIVEN:
                behind = [place, *self._beside(place)]
            elif len(word) == 1 and self.text[token.end : token.end + 1] == "." and self._is_capital(place):
                behind = self._behind(place + 1, any_case=False, inside=" \t.'-") or self._before(place, between=",")
            else:
                continue
            names.update(behind)
        return _Named(frozenset(names), patients)

    def _is_title(self, place: int) -> bool:
        """Whether `mr`, `ms` or `dr` is a title here, and no release or salt behind a name."""
        if self._word(place) not in words_of.AMBIGUOUS or place == 0:
            return True
        after_name = place - 1 in self.known or place - 1 in self._open
        return not after_name or self._gap(place).strip(" \t") != "" or self.text[self.tokens[place].end :][:1] == "."

    def _beside(self, place: int) -> list[int]:
        """The surname beside a given name: behind it, or else before it as in `Public, John`."""
        any_case = not self._is_capital(place)
        if behind := self._behind(place + 1, any_case=any_case, inside=" \t.'-^"):
            return behind
        return self._before(place, any_case=any_case)

    def _before(self, place: int, *, any_case: bool = False, between: str = "") -> list[int]:
        """The surname before a given name or an initial: `Public, John`, `Public, J.`."""
        before = place - 1
        is_surname = before in self._open and (any_case or self._is_capital(before)) and not self.stands(before)
        gap = self._gap(place)
        return [before] if is_surname and between in gap and not gap.strip(" \t.'-^,") else []

    def _behind(self, place: int, *, any_case: bool, inside: str = _INSIDE) -> list[int]:
        """The name that begins at a place, as far as it goes; its first word may have any case behind a label."""
        names: list[int] = []
        first = place
        while place < min(len(self.tokens), first + _FARTHEST) and len(names) < _MOST_WORDS:
            word, gap = self._word(place), self._gap(place)
            if gap.strip(_AFTER_LABEL if place == first else inside):
                break
            is_part = word in words_of.PARTICLES or (len(word) == 1 and word.isalpha())
            if place in self._open and (not is_part or any_case):
                fits = self._is_capital(place) or (any_case and len(names) < 2 and not self._has_capital(names))
                if not fits or (names and self.stands(place)):
                    break
                names.append(place)
            elif not is_part and not (place in self.known and place == first):
                break
            place += 1
        return names

    def _has_capital(self, places: list[int]) -> bool:
        return any(map(self._is_capital, places))

    def stands(self, place: int) -> bool:
        """Whether an unknown word stands as a drug."""
        word = self._word(place)
        if len(word) < (4 if word.isascii() else 2) or not word.isalpha() or word in words_of.GIVEN:
            return False
        if len(word) >= 7 and words_of.INN_STEM.search(word):
            return True
        return self._is_taken(place) or self._has_strength(place)

    def _is_taken(self, place: int) -> bool:
        """Whether `takes`, `Rx:` or `is on` stands before a word."""
        before = self._word(place - 1) if place else ""
        gap = self._gap(place).strip()
        if not before or gap.strip(":="):
            return False
        is_labelled = bool(gap) and before in words_of.DRUG_LABELS
        return is_labelled or before in words_of.TAKING or (before == "on" and self._word(place - 2) in words_of.ON)

    def _has_strength(self, place: int) -> bool:
        """Whether a strength or a dose form stands behind a word, and no further name that it may belong to."""
        behind = place + 1
        if behind >= len(self.tokens) or self._gap(behind).strip(" \t"):
            return False
        units = 0
        while self._word(behind).isdigit() or self._word(behind) in words_of.UNITS | words_of.FORMS:
            units += not self._word(behind).isdigit() or self.text[self.tokens[behind].end :][:1] == "%"
            behind += 1
        if not units:
            return False
        is_end = behind >= len(self.tokens) or self._gap(behind).strip(" \t.") != ""
        if is_end or behind in self.known:
            return is_end
        return self._is_noise(self.tokens[behind]) and self._word(behind) not in words_of.OF
