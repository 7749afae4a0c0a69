"""What a check would ask and what that would cost, before anything is asked. Upper bounds, and said to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from druqa.cascade import Cascade
from druqa.models.base import ChatModel
from druqa.prompts import Prompt
from druqa.records import Record, Stage

CHARACTERS_PER_TOKEN = 4
"""A rule of thumb for English in common tokenizers; drug names run to more tokens, so the plan adds a tenth."""
_NAMES_TOKENS = 30
_REPLY_TOKENS = 120
_ANSWER_TOKENS = 600
"""An answerer or a rival reads the verdicts or the answer besides the prompt."""


class Workload(Record):
    """How much there is to ask about, counted without building it."""

    drugs: int
    pairs: int
    name_pairs: int
    tables: int
    """Reference tables that every pair is looked up in."""


class PlannedStage(Record):
    """What one stage asks of one model, at most."""

    stage: Stage
    role: str
    model: str
    questions: int
    prompt_tokens: int
    completion_tokens: int
    usd: float | None


class Plan(Record):
    """What a check asks, at most: sign-off, answers and reviews are asked only where they come due."""

    cascade: str
    workload: Workload
    look_ups: int
    stages: tuple[PlannedStage, ...]

    @property
    def questions(self) -> int:
        """Questions to models, at most."""
        return sum(stage.questions for stage in self.stages)

    @property
    def tokens(self) -> int:
        """Tokens in and out, about."""
        return sum(stage.prompt_tokens + stage.completion_tokens for stage in self.stages)

    @property
    def usd(self) -> float | None:
        """US dollars, about; None where any model's price is not known."""
        prices = [stage.usd for stage in self.stages]
        return None if None in prices else sum(price for price in prices if price is not None)


def make_plan(
    cascade: Cascade, bound: Mapping[str, Sequence[str]], models: Mapping[str, ChatModel], work: Workload
) -> Plan:
    """The plan for a workload: prompts times what each is asked about."""
    orders = 2 if cascade.orders == "both" else 1
    auditors = cascade.sign_off.auditors if cascade.sign_off else ()
    jobs: list[tuple[Stage, str, Prompt, int]] = [
        *((Stage.NAMES, p.role, p.prompt, work.drugs) for p in cascade.names.prompts),
        *((Stage.SCREEN, e.role or "", e.prompt, work.name_pairs * orders) for e in cascade.evaluators if e.prompt),
        *((Stage.SIGN_OFF, e.role or "", e.prompt, work.name_pairs * orders) for e in auditors if e.prompt),
        *((Stage.REVIEW, p.role, p.prompt, work.pairs) for p in cascade.rival),
    ]
    if cascade.answer:
        jobs.append((Stage.ANSWER, cascade.answer.role, cascade.answer.prompt, work.pairs))
    totals: dict[tuple[Stage, str, str], tuple[int, int]] = {}
    for stage, role, prompt, count in jobs:
        # One model writes the answers; every model bound to another role is asked everything.
        asked = bound[role][:1] if stage is Stage.ANSWER else bound[role]
        for model in asked:
            questions, tokens = totals.get((stage, role, model), (0, 0))
            totals[stage, role, model] = questions + count, tokens + count * _tokens(prompt, stage)
    stages = tuple(
        _priced(stage, role, models[model], questions, tokens)
        for (stage, role, model), (questions, tokens) in totals.items()
    )
    look_ups = work.pairs * work.tables
    return Plan(cascade=cascade.name, workload=work, look_ups=look_ups, stages=stages)


def _tokens(prompt: Prompt, stage: Stage) -> int:
    written = (len(prompt.instruction) + len(prompt.slot)) * 11 // (10 * CHARACTERS_PER_TOKEN)
    return written + _NAMES_TOKENS + (_ANSWER_TOKENS if stage in (Stage.ANSWER, Stage.REVIEW) else 0)


def priced_question(stage: Stage, prompt: Prompt, model: ChatModel) -> float | None:
    """About what one question costs, in US dollars; None where the model's price is not known."""
    return _usd(model, _tokens(prompt, stage), _REPLY_TOKENS)


def _usd(model: ChatModel, sent: int, written: int) -> float | None:
    return sent * model.price.prompt + written * model.price.completion if model.price else None


def _priced(stage: Stage, role: str, model: ChatModel, questions: int, tokens: int) -> PlannedStage:
    written = questions * _REPLY_TOKENS
    return PlannedStage(
        stage=stage,
        role=role,
        model=model.name,
        questions=questions,
        prompt_tokens=tokens,
        completion_tokens=written,
        usd=_usd(model, tokens, written),
    )
