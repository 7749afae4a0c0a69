"""Names: from what was written to the drugs it is or may be, with every doubt said. Nothing written is dropped.

Matching only adds: a spelling that is merely near a known name brings candidates, and the words stay as written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from druqa.characters import without_unseen
from druqa.knowledge.guesses import MOST_COMPARED, Guess, guess, look_alikes, said
from druqa.knowledge.people import sift
from druqa.knowledge.personal import LONG_TEXT
from druqa.knowledge.plausible import why_no_name
from druqa.knowledge.reading import Found, Leftover
from druqa.knowledge.spelling import key, listed, printable, shortened, squash, suspicious
from druqa.knowledge.synonyms import Synonyms
from druqa.records import Drug, DrugName, How, Match, Medication, NameKind, ResolvedMedication

SHORT_FORM = 60
NEAR_ENOUGH_BESIDE = 85.0
"""rapidfuzz ratio from which words beside a known name, with nothing between, are taken for a misspelt name too."""
MOST_GUESSES = 8
"""Leftover words of one line that are compared with the whole table; the others are only reported."""
SECOND_INGREDIENT = frozenset(["plus", "comp", "compositum", "compuesto", "composto", "combi", "kombi", "duo", "hct"])
SECOND_LETTER = frozenset(["H", "D", "M", "AM", "AT", "OZ", "CT", "LN"])
"""Letters behind a name that often stand for a second ingredient, and as often for something else."""
FAR_FROM_A_DRUG = 3
"""Letters: a word beside a name that is this far from every drug, and one letter from a salt or form, is no drug."""


def resolve(medications: Sequence[Medication], synonyms: Synonyms) -> tuple[ResolvedMedication, ...]:
    """One resolved medication for each that was written, in the same order."""
    return tuple(_Line(medication, synonyms).resolved() for medication in medications)


class Brief(NamedTuple):
    """What a text is read as, without every name of every drug: for columns of thousands."""

    drugs: tuple[str, ...]
    how: tuple[How, ...]
    """How each drug was found."""
    score: float
    """The lowest likeness of a spelling that was guessed, 0 to 100; 100 without a guess, 0 if nothing is known."""
    recognised: bool
    doubts: tuple[str, ...]


def brief(medication: Medication, synonyms: Synonyms) -> Brief:
    """The same reading as `resolve` gives, in short."""
    return _Line(medication, synonyms).brief()


def plain_brief(text: str, synonyms: Synonyms) -> Brief | None:
    """What `brief` gives for a text that is one plain name, without taking it apart; None for any other text."""
    drugs = synonyms.plain(text)
    if drugs is None:
        return None
    exact = How.EXACT if squash(key(text)) == squash(drugs[0]) else How.ALIAS
    return Brief(drugs, (exact,) * len(drugs), 100.0, recognised=True, doubts=())


class _Line:
    """What is gathered for one medication while its text is read."""

    def __init__(self, medication: Medication, synonyms: Synonyms) -> None:
        self.medication = medication
        self.synonyms = synonyms
        self.drugs: dict[str, Drug] = {}
        self.written: dict[tuple[str, str], DrugName] = {}
        self.matches: dict[tuple[str, str], Match] = {}
        self.alternatives: list[tuple[str, ...]] = []
        self.doubts: list[str] = []
        self.unsure = False
        self.sifted = sift(medication, synonyms)
        self.personal = bool(self.sifted.doubt)
        """Whether somebody's name or number may stand in it: only what is left of the text is asked about."""
        self.certain: set[str] = set()
        """Drugs that some words of the line can only mean: no alternatives to anything."""
        self.guesses = 0

        self.read()

    def read(self) -> None:
        """Read text and codes."""
        self.doubts += [f"the text {oddity}" for oddity in suspicious(self.medication.text)]
        if self.personal:
            self.unsure = True
            self.doubts.append(self.sifted.doubt)
        reading = self.sifted.reading
        for found in reading.found:
            self.take(found)
        self.doubt_halves(reading.found)
        self.explain(reading.leftovers, known=bool(reading.found))
        self.decode()
        if not self.drugs:
            self.keep_as_written([leftover.raw for leftover in reading.leftovers if leftover.looks_like_a_name])

    @property
    def text(self) -> str:
        """The text as it may be asked about."""
        return self.sifted.medication.text

    @property
    def recognised(self) -> bool:
        """Whether all of it was understood, and some of it is a known drug."""
        return not self.unsure and any(drug.known for drug in self.drugs.values())

    def brief(self) -> Brief:
        """What was read, without the names."""
        how = {match.drug: match.how for match in reversed(self.matches.values())}
        guessed = [match.score for match in self.matches.values() if match.how is How.FUZZY and match.score]
        unknown = not any(drug.known for drug in self.drugs.values())
        score = min(guessed, default=0.0 if unknown else 100.0)
        doubts = tuple(dict.fromkeys(self.doubts))
        return Brief(tuple(self.drugs), tuple(how[id_] for id_ in self.drugs), score, self.recognised, doubts)

    def resolved(self) -> ResolvedMedication:
        """What was read, with every name of every drug."""
        return ResolvedMedication(
            text=self.medication.text,
            rxcui=self.medication.rxcui,
            atc=self.medication.atc,
            recognised=self.recognised,
            drugs=tuple(self.drugs.values()),
            names=tuple(self.names()),
            matches=tuple(self.matches.values()),
            alternatives=tuple(self.open_alternatives()),
            doubts=tuple(dict.fromkeys(self.doubts)),
        )

    def open_alternatives(self) -> Iterable[tuple[str, ...]]:
        """The groups of which only one drug is meant, less the drugs that other words of the line name for sure."""
        for group in dict.fromkeys(self.alternatives):
            still_open = tuple(drug for drug in group if drug not in self.certain)
            if len(still_open) > 1:
                yield still_open

    def names(self) -> Iterable[DrugName]:
        """Every name of every drug, what was written first."""
        for drug in self.drugs.values():
            yield from (name for (owner, _), name in self.written.items() if owner == drug.id)
            if drug.known:
                yield from self.synonyms.names_of(drug.id)

    def doubt_halves(self, every: Sequence[Found]) -> None:
        """Say where a word behind the only drug of a line often stands for a second ingredient: `Enalapril plus`."""
        if len(self.drugs) != 1:
            return
        for found in every:
            behind = self.text[found.end : found.end + SHORT_FORM].lstrip(" -")
            word = behind.partition(" ")[0].strip(",.;()")
            if key(word) in SECOND_INGREDIENT or word in SECOND_LETTER:
                self.unsure |= key(word) in SECOND_INGREDIENT
                self.doubts.append(
                    f"'{word}' behind '{found.text}' often means a second ingredient: none is known here"
                )

    def take(self, found: Found) -> None:
        """A known name: all the drugs that it means, and the doubt where it means more than one thing."""
        kinds = {row.kind for row in found.rows}
        for row in found.rows:
            exact = squash(row.name) == squash(row.drug)
            raw = "" if kinds == {"class"} else found.raw
            self.add(row.drug, found.text, How.EXACT if exact else How.ALIAS, written=raw)
        drugs = found.drugs
        if len(drugs) > 1 and "combination" not in kinds:
            self.alternatives.append(drugs)
        else:
            self.certain.update(drugs)
        if kinds == {"class"}:
            self.doubts.append(f"'{found.text}' is a class, not one drug: checked as each of its {len(drugs)} members")
        elif kinds == {"misspelling"}:
            self.doubts.append(f"'{found.text}' is read as {listed(drugs)}, of which it is a known misspelling")
        elif len(drugs) > 1 and kinds != {"combination"}:
            self.doubts.append(f"'{found.text}' may mean {listed(drugs)}: checked as each of them")

    def add(
        self, drug_id: str, text: str, how: How, *, score: float = 100.0, written: str = "", guess: bool = False
    ) -> None:
        """A known drug, the words that led to it, and these as they were written as one of its names.

        Words that cannot be a name are not one of its names: models are asked about it under the others.
        """
        self.drugs.setdefault(drug_id, self.synonyms.drug(drug_id))
        self.matches.setdefault((drug_id, text), Match(drug=drug_id, how=how, matched=text, score=score, guess=guess))
        name = without_unseen(written)
        if name and squash(key(name)) != squash(drug_id) and not why_no_name(name):
            self.written.setdefault(
                (drug_id, key(name)), DrugName(text=name, kind=NameKind.AS_WRITTEN, source="input", drug=drug_id)
            )

    def explain(self, leftovers: tuple[Leftover, ...], *, known: bool) -> None:
        """The words in no known name: near misses bring candidates, words that stand apart are drugs of their own.

        None is passed over: each becomes a candidate, a drug as written, or a doubt that leaves the line unrecognised.
        """
        if known and not self.personal and len(self.text) > LONG_TEXT:
            self.explain_long([leftover for leftover in leftovers if leftover.looks_like_a_name])
            return
        unplaced = [text for leftover in leftovers if (text := self.place(leftover, known=known))]
        if self.drugs and unplaced:
            self.keep_as_written(unplaced)

    def place(self, leftover: Leftover, *, known: bool) -> str | None:
        """Explain some words; returned are those that stand apart, as a drug of their own, and are like no name."""
        if not leftover.looks_like_a_name:
            if known and leftover.has_letters:
                self.not_understood(leftover.text, unsure=leftover.separate)
            return None
        guessed = self.near(leftover)
        apart = leftover.separate or not known or self.personal
        if not apart and (word := self.misspelt_noise(leftover, guessed)):
            self.doubts.append(f"'{leftover.text}' is read as {word}, which names no drug")
        elif guessed and (apart or guessed.score >= NEAR_ENOUGH_BESIDE):
            self.guess(leftover, guessed)
            # What cannot be a name is more than the drug that it is like: its pairs are not checked.
            return leftover.raw if apart and not guessed.sure and why_no_name(without_unseen(leftover.raw)) else None
        elif apart:
            return leftover.raw
        else:
            self.not_understood(leftover.text, unsure=True)
        return None

    def not_understood(self, text: str, *, unsure: bool) -> None:
        """Say that words beside a known name were not understood."""
        self.unsure |= unsure
        self.doubts.append(f"'{text}' was not understood and is not asked about")

    def explain_long(self, named: list[Leftover]) -> None:
        """A long text around known names is a note, not a list: its words are counted, not taken for drugs."""
        words = sum(len(leftover.words) for leftover in named)
        if words:
            self.unsure = True
            self.doubts.append(
                f"NOT WHOLLY UNDERSTOOD: {words} words of this long text are in no known name; "
                "write one medication a line"
            )

    def near(self, leftover: Leftover) -> Guess | None:
        """What these words may mean; only so many of a line are compared with the whole table."""
        if self.guesses >= MOST_GUESSES:
            return None
        self.guesses += 1
        if len(leftover.words) > MOST_COMPARED:
            self.unsure = True
            self.doubts.append(
                f"NOT WHOLLY UNDERSTOOD: of {len(leftover.words)} words in no known name only the first"
                f" {MOST_COMPARED} were compared with known names; write one medication a line"
            )
        return guess(leftover.text, leftover.words, self.synonyms)

    def misspelt_noise(self, leftover: Leftover, guessed: Guess | None) -> str | None:
        """The salt or dose form that one word beside a name is, but for a letter; no drug is near: `hydrocholoride`."""
        if len(leftover.words) > 1 or self.guesses >= MOST_GUESSES:
            return None
        word, distance = self.synonyms.noise_like(leftover.words[0])
        is_far = guessed is None or min(near.distance for near in guessed.near) >= FAR_FROM_A_DRUG
        return word if distance == 1 and is_far else None

    def guess(self, leftover: Leftover, guessed: Guess) -> None:
        """Add every candidate for words that no table knows."""
        for near in guessed.near:
            certain = guessed.sure and near.row.drug in guessed.first
            self.add(near.row.drug, leftover.text, How.FUZZY, score=near.score, written=leftover.raw, guess=not certain)
        self.unsure |= not guessed.sure or bool(guessed.unread)
        self.doubts += said(leftover.text, guessed)
        added = self.add_look_alikes(leftover, guessed)
        meant = (*guessed.drugs, *added)
        self.alternatives += [pair for pair in combinations(meant, 2) if frozenset(pair) not in guessed.together]

    def add_look_alikes(self, leftover: Leftover, guessed: Guess) -> list[str]:
        """Add the other of each known look-alike pair that a guess touches; returns the drugs added."""
        added, text = [], leftover.text
        for other in look_alikes(text, guessed, self.synonyms):
            for row in self.synonyms.lookup(other):
                if row.drug not in self.drugs:
                    self.add(row.drug, text, How.FUZZY, score=0.0, written=leftover.raw, guess=True)
                    self.doubts.append(
                        f"'{text}' was guessed, and {other} is often confused with that: checked as well"
                    )
                    added.append(row.drug)
        return added

    def decode(self) -> None:
        """The codes: what they mean is added, and said where the text does not say the same."""
        in_text = tuple(self.drugs)
        text = self.text
        named = not in_text and not self.personal and len(text) <= SHORT_FORM
        for system, written in (("RxCUI", self.sifted.medication.rxcui), ("ATC", self.sifted.medication.atc)):
            code = (written or "").strip().upper()
            if not code:
                continue
            meant = self.synonyms.by_code(rxcui=code) if system == "RxCUI" else self.synonyms.by_code(atc=code)
            ids = tuple(drug.id for drug in meant)
            if not ids:
                self.doubts.append(
                    f"the {system} code {shortened(printable(code))} is not known here; only the text was read"
                )
            elif not in_text:
                self.doubts.append(f"the text was not understood; read as {listed(ids)} by its {system} code alone")
            elif set(ids) != set(in_text):
                self.doubts.append(
                    f"THE {system} CODE {shortened(printable(code))} MEANS {listed(ids)}, "
                    f"BUT THE TEXT SAYS {listed(in_text)}: all are checked"
                )
            shown = printable(text) if named else ""
            for drug_id in ids:
                self.add(drug_id, shown or shortened(printable(code)), How.CODE, written=text if shown else "")

    def keep_as_written(self, parts: list[str]) -> None:
        """Words that nothing knows stand as drugs under their own spelling, so that they are asked about."""
        text = self.text
        whole = printable(text)
        self.unsure = True
        if self.personal:
            # The line as a whole is never a name here: what may be asked about of it stands in `parts`.
            whole = ""
            if not parts:
                return
        if not whole and not parts:
            self.doubts.append("the line is empty")
            return
        parts = list(dict.fromkeys(part for part in parts if part)) or [text]
        if len(text) > LONG_TEXT and whole:
            parts = [text]
        for part in parts[:MOST_GUESSES]:
            drug = _as_written(part)
            self.drugs.setdefault(drug.id, drug)
            self.matches.setdefault((drug.id, drug.name), Match(drug=drug.id, how=How.AS_WRITTEN, matched=drug.name))
            name = DrugName(text=drug.name, kind=NameKind.AS_WRITTEN, source="input", drug=drug.id)
            self.written.setdefault((drug.id, drug.id), name)
            self.doubts.append(f"'{drug.name}' is not a name known here; {_becomes(drug)}")
        if len(parts) > MOST_GUESSES:
            self.doubts.append(f"{len(parts) - MOST_GUESSES} more parts of this line are not known and not asked about")


def _as_written(text: str) -> Drug:
    """A drug under its own spelling, in key form: two spellings of one word are one drug, whichever stands first.

    What cannot be a name stands in the report all the same, and no model is asked about it.
    """
    name = key(text) or printable(text)
    unasked = why_no_name(name)
    if len(name) > SHORT_FORM:
        digest = hashlib.sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:8]
        name = f"{name[:SHORT_FORM]}... {digest}"
    return Drug(id=f"as written: {name}", name=name, known=False, unasked=unasked)


def _becomes(drug: Drug) -> str:
    """What is done about a drug that stands as written."""
    cut = "; the text is long and stands under its beginning" if "... " in drug.name[SHORT_FORM:] else ""
    if not drug.unasked:
        return "asked about as written"
    return f"NO MODEL IS ASKED ABOUT IT, for it cannot be a drug's name: {drug.unasked}{cut}"
