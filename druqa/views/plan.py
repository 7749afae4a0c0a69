"""A Plan in words: how many questions, tokens and dollars, at most."""

from __future__ import annotations

from collections.abc import Iterator

from druqa.stages.plan import Plan
from druqa.views.safe import safe


def plan_total(plan: Plan) -> str:
    """One line: what is asked at most, and what it costs."""
    if not plan.stages:
        return f"cascade {safe(plan.cascade)} asks no model; {plan.look_ups:,} table look-ups, no cost"
    return (
        f"cascade {safe(plan.cascade)} asks at most {plan.questions:,} questions of models, "
        f"about {plan.tokens:,} tokens, {dollars(plan.usd)}"
    )


def plan_lines(plan: Plan) -> Iterator[str]:
    """The plan, a line for each stage and model."""
    work = plan.workload
    yield f"{work.drugs:,} drugs, {work.pairs:,} pairs, {work.name_pairs:,} pairs of their names"
    yield f"{plan.look_ups:,} table look-ups, free"
    for stage in plan.stages:
        tokens = f"{stage.prompt_tokens:,} + {stage.completion_tokens:,} tokens"
        where = f"{stage.stage.replace('_', '-')} by {stage.role} {safe(stage.model)}"
        yield f"{where}: at most {stage.questions:,} questions, about {tokens}, {dollars(stage.usd)}"
    yield plan_total(plan)
    yield "Nothing was asked."


def dollars(usd: float | None) -> str:
    """An estimate in US dollars."""
    if usd is None:
        return "price not known"
    return f"about ${usd:,.2f}" if usd >= 0.01 or not usd else "under $0.01"
