"""The words of druqa as frozen data. A wrong object cannot be built: each checks itself at birth.

The glossary is in docs/glossary.md; the names here are its names, to the letter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def writable(text: str) -> str:
    """A text in which lone surrogates, which JSON can bring in and no file can hold, are written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


NonEmpty = Annotated[str, Field(min_length=1)]
Written = Annotated[str, AfterValidator(writable)]
"""What somebody wrote, whatever it is: a report holds it, and must be writable."""


class Record(BaseModel):
    """A frozen value that refuses unknown fields."""

    # Validators are built when a record is first made: most runs make few kinds. An error about a record does not
    # repeat what was to be put into it: that may be a line about a patient, or a key.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, hide_input_in_errors=True)


class Severity(StrEnum):
    """How bad an interaction is. `unknown` means that nobody graded it, not that it is mild."""

    CONTRAINDICATED = "contraindicated"
    MAJOR = "major"
    MODERATE = "moderate"
    MINOR = "minor"
    UNKNOWN = "unknown"

    @property
    def rank(self) -> int:
        """0 for the worst; a known grade always ranks before `unknown`, so that it wins a vote."""
        return _SEVERITIES.index(self)

    @staticmethod
    def worst(severities: Iterable[Severity]) -> Severity:
        """The worst of the severities; `unknown` when there is none."""
        return min(severities, key=lambda severity: severity.rank, default=Severity.UNKNOWN)


_SEVERITIES = list(Severity)


class Tier(StrEnum):
    """How well a flag is supported. Tiers order the display; they hide nothing."""

    CONFIRMED = "confirmed"
    PROBABLE = "probable"
    POSSIBLE = "possible"

    @property
    def rank(self) -> int:
        """0 for the best supported."""
        return list(Tier).index(self)


class NameKind(StrEnum):
    """What a DrugName is to its drug."""

    AS_WRITTEN = "as_written"
    GENERIC = "generic"
    SYNONYM = "synonym"
    BRAND = "brand"
    ABBREVIATION = "abbreviation"
    SALT = "salt"
    COMBINATION = "combination"
    CLASS = "class"
    MISSPELLING = "misspelling"


class Outcome(StrEnum):
    """How one question came out. Only an explicit, well-formed `no_interaction` about the pair asked is a no."""

    INTERACTION = "interaction"
    NO_INTERACTION = "no_interaction"
    UNCLEAR = "unclear"
    UNPARSED = "unparsed"
    FAILED = "failed"


class Stage(StrEnum):
    """Where in the flow a question is asked."""

    NAMES = "names"
    SCREEN = "screen"
    SIGN_OFF = "sign_off"
    ANSWER = "answer"
    REVIEW = "review"


class Medication(Record):
    """One input line as written, with an optional code."""

    text: Written
    rxcui: Written | None = None
    atc: Written | None = None


class Drug(Record):
    """An active ingredient. `id` is stable; `known` is False for a name that stands only as written."""

    id: NonEmpty
    name: NonEmpty
    rxcui: str | None = None
    atc: str | None = None
    known: bool = True
    unasked: str = ""
    """Why no model is asked about it: words that nothing knows and that cannot be a name. Its pairs are not checked."""


class DrugName(Record):
    """One spelling of a drug, and who says so."""

    text: NonEmpty
    kind: NameKind
    source: NonEmpty
    drug: NonEmpty
    """The id of the drug that the name belongs to."""


class How(StrEnum):
    """How a drug was found in a medication's text."""

    EXACT = "exact"
    ALIAS = "alias"
    CODE = "code"
    FUZZY = "fuzzy"
    MODEL = "model"
    AS_WRITTEN = "as_written"


class Match(Record):
    """Why a drug is read out of a medication: the words that led to it and how."""

    drug: NonEmpty
    how: How
    matched: str
    score: Annotated[float, Field(ge=0, le=100)] = 100.0
    """Similarity of the spelling, 0 to 100 (rapidfuzz ratio); 100 unless `how` is fuzzy."""
    guess: bool = False
    """True if these words are only what the writer may have meant."""


class ResolvedMedication(Record):
    """A medication with every drug that it is or may be, every name of each, and every doubt."""

    text: Written
    rxcui: Written | None = None
    atc: Written | None = None
    recognised: bool
    drugs: tuple[Drug, ...]
    names: tuple[DrugName, ...]
    matches: tuple[Match, ...] = ()
    alternatives: tuple[tuple[str, ...], ...] = ()
    """Groups of drug ids of which only one is meant (a class, a look-alike, a brand of several countries): each is
    paired with the rest of the list, none with another of its group."""
    doubts: tuple[NonEmpty, ...] = ()

    @model_validator(mode="after")
    def _speaks_of_its_own_drugs(self) -> Self:
        named = {name.drug for name in self.names} | {match.drug for match in self.matches}
        strangers = named.union(*self.alternatives) - {drug.id for drug in self.drugs}
        if strangers:
            raise ValueError(f"it speaks of drugs that the medication does not have: {sorted(strangers)}")
        if self.recognised and not any(drug.known for drug in self.drugs):
            raise ValueError("a medication is recognised only through a known drug")
        if not self.recognised and not self.doubts:
            raise ValueError("a medication that is not recognised says why in its doubts")
        return self


class DrugPair(Record):
    """Two different drugs, unordered: always held with the smaller id first."""

    first: Drug
    second: Drug

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.first.id >= self.second.id:
            raise ValueError("a pair is two different drugs, the smaller id first; use DrugPair.of")
        return self

    @classmethod
    def of(cls, one: Drug, other: Drug) -> DrugPair:
        """The pair of two drugs given in any order.

        Raises:
            ValueError: if both are the same drug.

        """
        return cls(first=one, second=other) if one.id < other.id else cls(first=other, second=one)

    @property
    def unasked(self) -> tuple[str, ...]:
        """Why no model is asked about the pair, for each of the two that cannot be a drug's name."""
        both = (self.first, self.second)
        return tuple(f"'{drug.name}' cannot be a drug's name: {drug.unasked}" for drug in both if drug.unasked)

    @property
    def ids(self) -> tuple[str, str]:
        """Both ids, the smaller first."""
        return self.first.id, self.second.id


class Question(Record):
    """One prompt for one name pair in one order, asked of one model; a table is asked about the pair itself."""

    id: NonEmpty
    evaluator: NonEmpty
    stage: Stage
    pair: tuple[str, str]
    names: tuple[str, str]
    role: NonEmpty
    model: NonEmpty
    """The model asked, one of those bound to the role."""


class Verdict(Record):
    """The outcome of one question."""

    question: NonEmpty
    stage: Stage
    evaluator: NonEmpty
    outcome: Outcome
    names: tuple[str, str]
    severity: Severity | None = None
    effect: str = ""
    """What happens to the patient, as a reference table words it."""
    mechanism: str = ""
    management: str = ""
    depends: str = ""
    """When a reference table grades it higher, and how high: `contraindicated: above 20 mg a week; major: ...`."""
    reason: NonEmpty
    model: str | None = None
    """The model asked; None where a reference table answered."""
    family: str | None = None
    source: str = ""
    """The reference rows behind an evidence verdict."""
    usd: float | None = 0.0
    """What its replies cost; None where a price is not known."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        says_yes = self.outcome in (Outcome.INTERACTION, Outcome.UNCLEAR)
        if not says_yes and self.severity is not None:
            raise ValueError(f"a verdict of {self.outcome} has no severity")
        if self.outcome is Outcome.INTERACTION and self.severity is None:
            raise ValueError("an interaction has a severity, if only `unknown`")
        if self.is_evidence and (self.outcome is not Outcome.INTERACTION or not self.source):
            raise ValueError("evidence only flags, and names its source: a table that lists nothing gives no verdict")
        return self

    @property
    def is_evidence(self) -> bool:
        """True where a reference table answered, not a model."""
        return self.model is None

    @property
    def graded(self) -> Severity:
        """The severity that counts in the vote: an unsure voice flags but does not grade."""
        if self.outcome is Outcome.INTERACTION and self.severity is not None:
            return self.severity
        return Severity.UNKNOWN


def voices(yes: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """The worst verdict of each evaluator and model, or of each reference row; worst first, sure before unsure."""
    worst: dict[tuple[str, str], Verdict] = {}
    for verdict in sorted(yes, key=_loudness):
        worst.setdefault((verdict.evaluator, verdict.model or verdict.reason), verdict)
    return tuple(worst.values())


def _loudness(verdict: Verdict) -> tuple[int, bool, bool, str, str, tuple[str, str], str]:
    unsure = verdict.outcome is Outcome.UNCLEAR
    grade, model = verdict.graded.rank, verdict.model or ""
    return grade, unsure, not verdict.is_evidence, verdict.evaluator, model, verdict.names, verdict.reason


def question_id(*parts: str) -> str:
    """The id that a reply must echo: 16 hex digits of the sha256 over what makes the question distinct."""
    return "q" + hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]
