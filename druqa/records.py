"""The words of druqa as frozen data. A wrong object cannot be built: each checks itself at birth.

The glossary is in docs/glossary.md; the names here are its names, to the letter.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

NonEmpty = Annotated[str, Field(min_length=1)]


class Record(BaseModel):
    """A frozen value that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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


class DecisionKind(StrEnum):
    """What druqa says of a pair."""

    FLAGGED = "flagged"
    NONE_FOUND = "none_found"
    NOT_CHECKED = "not_checked"


class Stage(StrEnum):
    """Where in the flow a question is asked."""

    NAMES = "names"
    SCREEN = "screen"
    SIGN_OFF = "sign_off"
    ANSWER = "answer"
    REVIEW = "review"


class Medication(Record):
    """One input line as written, with an optional code."""

    text: str
    rxcui: str | None = None
    atc: str | None = None


class Drug(Record):
    """An active ingredient. `id` is stable; `known` is False for a name that stands only as written."""

    id: NonEmpty
    name: NonEmpty
    rxcui: str | None = None
    atc: str | None = None
    known: bool = True


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
    """Similarity of the spelling, 0 to 100 (rapidfuzz WRatio or ratio); 100 unless `how` is fuzzy."""


class ResolvedMedication(Record):
    """A medication with every drug that it is or may be, every name of each, and every doubt."""

    text: str
    rxcui: str | None = None
    atc: str | None = None
    recognised: bool
    drugs: tuple[Drug, ...]
    names: tuple[DrugName, ...]
    matches: tuple[Match, ...] = ()
    doubts: tuple[NonEmpty, ...] = ()

    @model_validator(mode="after")
    def _speaks_of_its_own_drugs(self) -> Self:
        ids = {drug.id for drug in self.drugs}
        strangers = ({name.drug for name in self.names} | {match.drug for match in self.matches}) - ids
        if strangers:
            raise ValueError(f"names or matches of drugs that the medication does not have: {sorted(strangers)}")
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
    def ids(self) -> tuple[str, str]:
        """Both ids, the smaller first."""
        return self.first.id, self.second.id


class Question(Record):
    """One prompt, or one table look-up, for one name pair in one order, asked of one model."""

    id: NonEmpty
    evaluator: NonEmpty
    stage: Stage
    pair: tuple[str, str]
    names: tuple[str, str]
    role: str | None = None
    """The model role that answers; None for a table look-up."""
    model: str | None = None
    """The model bound to the role; None for a table look-up."""


class Verdict(Record):
    """The outcome of one question."""

    question: NonEmpty
    stage: Stage
    evaluator: NonEmpty
    outcome: Outcome
    names: tuple[str, str]
    severity: Severity | None = None
    mechanism: str = ""
    management: str = ""
    reason: NonEmpty
    model: str | None = None
    """The model asked; None where a reference table answered."""
    family: str | None = None
    source: str = ""
    """The reference rows behind an evidence verdict."""

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


class Decision(Record):
    """What the votes on a pair come to. `none_found` cannot be built while anything planned is unanswered."""

    pair: tuple[str, str]
    kind: DecisionKind
    severity: Severity | None = None
    tier: Tier | None = None
    reasons: tuple[NonEmpty, ...]
    verdicts: tuple[Verdict, ...] = ()
    planned: Annotated[int, Field(ge=0)]
    """How many questions to models were due for this pair, over all stages so far."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if not self.reasons:
            raise ValueError("a decision gives its reasons")
        if self.kind is DecisionKind.FLAGGED:
            if self.severity is None or self.tier is None:
                raise ValueError("a flag has a severity and a tier")
            if not any(v.outcome in (Outcome.INTERACTION, Outcome.UNCLEAR) for v in self.verdicts):
                raise ValueError("a flag rests on at least one credible yes")
        elif self.severity is not None or self.tier is not None:
            raise ValueError("only a flag has a severity and a tier")
        if self.kind is DecisionKind.NONE_FOUND:
            self._all_answered_no()
        return self

    def _all_answered_no(self) -> None:
        if any(v.outcome is not Outcome.NO_INTERACTION for v in self.verdicts):
            raise ValueError("none_found needs every verdict to be an explicit no")
        if len({v.question for v in self.verdicts}) != self.planned:
            raise ValueError("none_found needs an answer to every planned question")
        stages = {v.stage for v in self.verdicts}
        if not {Stage.SCREEN, Stage.SIGN_OFF} <= stages:
            raise ValueError("none_found needs a screen and a sign-off")


class Answer(Record):
    """What a reader needs to know about a pair, written after the vote and checked against it."""

    text: NonEmpty
    severity: Severity | None
    mechanism: str
    management: str
    evidence: tuple[str, ...] = ()
    written_by: NonEmpty
    """`composed` from the verdicts without a model, or the model's name."""
    objections: tuple[str, ...] = ()
    """What the mechanical check found wrong in a model's draft; such a draft is not used."""


class View(StrEnum):
    """What the rival makes of an answer."""

    CONFIRMS = "confirms"
    ADDS = "adds"
    ESCALATES = "escalates"
    DISPUTES = "disputes"
    SILENT = "silent"
    """No valid reply came; it confirms nothing."""


class Review(Record):
    """The rival's view of an answer. It adds or disputes; it cannot remove a flag."""

    view: View
    severity: Severity | None = None
    reasons: tuple[NonEmpty, ...]
    model: NonEmpty
    with_context: tuple[bool, ...]
    """One entry a reply: whether it was asked with the added context."""


class Finding(Record):
    """Something about the whole list that no single pair shows, such as the same ingredient twice."""

    kind: NonEmpty
    drugs: tuple[str, ...]
    severity: Severity
    reasons: tuple[NonEmpty, ...]
