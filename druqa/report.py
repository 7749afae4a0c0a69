"""What a check comes to: decisions, answers, reviews, findings, and the one Report that holds everything."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, computed_field, model_validator

from druqa.errors import EXIT_FLAGGED, EXIT_NOT_CHECKED, EXIT_OK
from druqa.records import NonEmpty, Outcome, Record, ResolvedMedication, Severity, Stage, Tier, Verdict

SCHEMA_VERSION = "1.0"


class DecisionKind(StrEnum):
    """What druqa says of a pair."""

    FLAGGED = "flagged"
    NONE_FOUND = "none_found"
    NOT_CHECKED = "not_checked"


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
    effect: str = ""
    mechanism: str
    management: str
    depends: str = ""
    """When a reference grades it higher than `severity`, and how high."""
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
    """What was found, then the facts about each drug that it rests on."""
    effect: str = ""
    mechanism: str = ""
    management: str = ""
    source: str = ""


class PairReport(Record):
    """Everything about one pair of drugs on the list."""

    drugs: tuple[str, str]
    medications: tuple[int, int]
    """Index of a medication that holds the first drug, and of one that holds the second."""
    decision: DecisionKind
    severity: Severity | None
    tier: Tier | None
    reasons: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    planned: Annotated[int, Field(ge=0)] = 0
    """How many questions to models were due for this pair; one without a verdict was not asked.

    A question for further names of one of its drugs counts only where it brought no valid reply.
    """
    answer: Answer | None = None
    review: Review | None = None

    @model_validator(mode="after")
    def _none_found_is_earned(self) -> Self:
        noes = all(verdict.outcome is Outcome.NO_INTERACTION for verdict in self.verdicts)
        if self.decision is DecisionKind.NONE_FOUND and not (self.verdicts and noes):
            raise ValueError("none_found needs every verdict to be an explicit no")
        return self


class QuestionCounts(Record):
    """What became of the questions, table look-ups included: planned = answered + failed + not_asked."""

    planned: int
    answered: int
    failed: int
    not_asked: int

    @model_validator(mode="after")
    def _conserved(self) -> Self:
        if self.planned != self.answered + self.failed + self.not_asked:
            raise ValueError("questions were lost: planned is not answered + failed + not_asked")
        return self


class Cost(Record):
    """What the replies in this report cost, whether bought now or before; usd is None where a price is not known."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float | None = 0.0


class CascadeUse(Record):
    """Which cascade was run; the sha256 is over its TOML and prompts."""

    name: str
    version: str
    sha256: str


class ModelUse(Record):
    """The models asked in one role, and the names that they gave themselves in their replies."""

    requested: tuple[str, ...]
    answered_as: tuple[str, ...] = ()


class DataUse(Record):
    """The versions of the local tables."""

    synonyms: str
    evidence: str


class Report(Record):
    """Everything about one medication list, for people and machines."""

    schema_version: str = SCHEMA_VERSION
    druqa_version: str
    cascade: CascadeUse
    medications: tuple[ResolvedMedication, ...]
    pairs: tuple[PairReport, ...]
    findings: tuple[Finding, ...] = ()
    questions: QuestionCounts
    cost: Cost = Cost()
    models: dict[str, ModelUse] = {}
    data: DataUse
    ended_early: str = ""
    """Why the run ended with questions unanswered: its deadline, a signal, the caller. Empty if it did not."""
    notes: tuple[str, ...] = ()
    """What else was not done or went otherwise than planned, in sentences."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def complete(self) -> bool:
        """True if no pair is not_checked, no name is unrecognised and no question is unanswered; False for no list."""
        return (
            bool(self.medications)
            and all(pair.decision is not DecisionKind.NOT_CHECKED for pair in self.pairs)
            and all(medication.recognised for medication in self.medications)
            and not self.questions.failed
            and not self.questions.not_asked
        )

    @model_validator(mode="before")
    @classmethod
    def _reread(cls, data: object) -> object:
        """Accept a report that was dumped: `complete` is derived, not stored."""
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if key != "complete"}
        return data

    @model_validator(mode="after")
    def _every_pair_once(self) -> Self:
        if len({pair.drugs for pair in self.pairs}) != len(self.pairs):
            raise ValueError("a pair of drugs stands twice in the report")
        return self

    def of(self, kind: DecisionKind) -> tuple[PairReport, ...]:
        """The pairs with that decision, in the report's order."""
        return tuple(pair for pair in self.pairs if pair.decision is kind)

    @property
    def exit_code(self) -> int:
        """3 if anything is flagged, else 4 if anything was not checked or not recognised, else 0."""
        if self.of(DecisionKind.FLAGGED) or self.findings:
            return EXIT_FLAGGED
        return EXIT_OK if self.complete else EXIT_NOT_CHECKED
