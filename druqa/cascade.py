"""What a cascade asks, of whom, and how the answers are counted: as frozen data that checks itself."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from druqa.prompts import Prompt
from druqa.records import NameKind, NonEmpty, Record, Severity

Role = Literal["screener", "auditor", "answerer", "rival"]


class EvaluatorKind(StrEnum):
    """Who answers: a language model, or a local reference table."""

    PROMPT = "prompt"
    EVIDENCE = "evidence"


class Evaluator(Record):
    """Who answers a question about a name pair."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    kind: EvaluatorKind = EvaluatorKind.PROMPT
    role: Role | None = None
    prompt: Prompt | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind is EvaluatorKind.EVIDENCE:
            if self.name not in EVIDENCE_EVALUATORS:
                raise ValueError(f"an evidence evaluator is one of {', '.join(EVIDENCE_EVALUATORS)}")
            if self.role or self.prompt:
                raise ValueError("an evidence evaluator reads tables: it takes no role and no prompt")
        elif not self.role or not self.prompt:
            raise ValueError("a prompt evaluator needs a role and a prompt")
        else:
            self.prompt.must_hold({"question_id", "first", "second"})
        return self


EVIDENCE_EVALUATORS = ("listed", "mechanism")


class NamePrompt(Record):
    """A prompt that asks a model for further names of a drug."""

    kind: NameKind
    role: Role = "screener"
    prompt: Prompt

    @model_validator(mode="after")
    def _complete(self) -> Self:
        self.prompt.must_hold({"question_id", "name"})
        return self


class NamesPlan(Record):
    """Which names of a drug are asked about, each with each of the other drug: as written, generic, and these."""

    table_names: Annotated[int, Field(ge=0)] = 0
    """How many further names from `synonym_data/`, in the table's order of importance."""
    proposed_names: Annotated[int, Field(ge=0)] = 0
    """How many further names that each model proposed."""
    prompts: tuple[NamePrompt, ...] = ()


Count = Annotated[int, Field(ge=1)]


class VoteRule(Record):
    """`at_least(k)`: k evaluators with a credible yes flag the pair. There is no majority."""

    rule: Literal["at_least"] = "at_least"
    k: Count | dict[Severity, Count] = 1
    """One number, or one for each severity: so many must grade it at least so grave."""
    weights: dict[str, Annotated[float, Field(ge=0)]] = {}
    """How much an evaluator's yes counts towards k; 1 unless it is named here."""
    unclear_is_yes: bool = True
    """A model that cannot exclude an interaction has not said no: its `unclear` is a credible yes."""

    @model_validator(mode="after")
    def _milder_needs_no_fewer(self) -> Self:
        if isinstance(self.k, dict):
            if missing := [severity for severity in Severity if severity not in self.k]:
                raise ValueError(f"k is given by severity, but not for {', '.join(missing)}")
            numbers = [self.k[severity] for severity in Severity]
            if numbers != sorted(numbers):
                raise ValueError("k falls towards milder severities: a graver grade would then flag less")
        return self

    def needed(self, severity: Severity) -> int:
        """How many must grade a pair at least so grave to flag it."""
        return self.k[severity] if isinstance(self.k, dict) else self.k

    def weight(self, evaluator: str) -> float:
        """How much a yes of that evaluator counts."""
        return self.weights.get(evaluator, 1.0)


class SignOff(Record):
    """The auditors who must all agree before `none_found` may stand."""

    auditors: Annotated[tuple[Evaluator, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _models_only(self) -> Self:
        if any(auditor.kind is not EvaluatorKind.PROMPT for auditor in self.auditors):
            raise ValueError("an auditor is a prompt: a table cannot agree that there is nothing")
        return self


class AnswerPrompt(Record):
    """The prompt that writes the answer for a flagged pair."""

    role: Role = "answerer"
    prompt: Prompt

    @model_validator(mode="after")
    def _complete(self) -> Self:
        self.prompt.must_hold({"question_id", "first", "second", "severity", "verdicts"})
        return self


class RivalPrompt(Record):
    """A prompt by which a model of another family re-vets an answer."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    role: Role = "rival"
    with_context: bool = False
    prompt: Prompt

    @model_validator(mode="after")
    def _complete(self) -> Self:
        self.prompt.must_hold(
            {"question_id", "first", "second", "answer"} | ({"context"} if self.with_context else set())
        )
        return self


class Cascade(Record):
    """A folder under cascades/: what is asked, of whom, and how the answers are counted."""

    name: NonEmpty
    version: NonEmpty
    title: NonEmpty
    orders: Literal["both", "alternate"] = "both"
    """`both`: every name pair is asked as (a, b) and as (b, a). `alternate`: in one order, fixed by the pair."""
    names: NamesPlan = NamesPlan()
    evaluators: Annotated[tuple[Evaluator, ...], Field(min_length=1)]
    vote: VoteRule = VoteRule()
    sign_off: SignOff | None = None
    answer: AnswerPrompt | None = None
    rival: tuple[RivalPrompt, ...] = ()
    sha256: str

    @model_validator(mode="after")
    def _sound(self) -> Self:
        auditors = self.sign_off.auditors if self.sign_off else ()
        names = [*(e.name for e in (*self.evaluators, *auditors)), *(rival.name for rival in self.rival)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the name {twice[0]!r} is given twice; name each evaluator, auditor and rival apart")
        roles = {evaluator.role for evaluator in (*self.evaluators, *auditors)} | {p.role for p in self.names.prompts}
        if "rival" in roles:
            raise ValueError("the role rival is for [[rival]]: it may have no model, and would leave questions unasked")
        self._can_flag()
        if self.prompt_evaluators and not self.sign_off:
            raise ValueError("[sign_off] is missing: models may not call a pair none found without auditors")
        if not self.prompt_evaluators and (self.sign_off or self.answer or self.rival or self.names.prompts):
            raise ValueError("models are named for sign-off, answer, rival or names, but no evaluator is a prompt")
        return self

    def _can_flag(self) -> None:
        known = {evaluator.name for evaluator in self.evaluators}
        if strangers := sorted(set(self.vote.weights) - known):
            raise ValueError(f"vote.weights names {strangers[0]!r}, which is no evaluator of the screen")
        most = round(math.fsum(self.vote.weight(evaluator.name) for evaluator in self.prompt_evaluators), 9)
        if self.prompt_evaluators and (k := self.vote.needed(Severity.UNKNOWN)) > most:
            raise ValueError(f"vote.k is {k}, but the prompts together weigh {most:g}: none of them could flag")

    @property
    def prompt_evaluators(self) -> tuple[Evaluator, ...]:
        """The evaluators that ask a model."""
        return tuple(e for e in self.evaluators if e.kind is EvaluatorKind.PROMPT)

    @property
    def evidence_evaluators(self) -> tuple[Evaluator, ...]:
        """The evaluators that read a reference table."""
        return tuple(e for e in self.evaluators if e.kind is EvaluatorKind.EVIDENCE)

    @property
    def roles(self) -> frozenset[str]:
        """Every role that this cascade gives work to."""
        auditors = self.sign_off.auditors if self.sign_off else ()
        roles: set[str] = {e.role for e in (*self.evaluators, *auditors) if e.role}
        roles |= {p.role for p in self.names.prompts} | {p.role for p in self.rival}
        return frozenset(roles | ({self.answer.role} if self.answer else set()))


class Overlay(Record):
    """A cascade that asks as another does and counts otherwise: what `druqa eval calibrate` writes."""

    name: NonEmpty
    version: NonEmpty
    title: NonEmpty
    extends: NonEmpty
    """A cascade that ships with druqa, or the path of a folder, relative to this one."""
    vote: VoteRule
    auditors: Annotated[tuple[NonEmpty, ...], Field(min_length=1)]
    """The auditors of the extended cascade that still sign off."""
    calibration: dict[str, str | int | float | bool]
    """Where the numbers come from: the promise, the method, the gold, the counts."""
