"""A Cascade in words, for whoever wants to know what is asked before trusting it."""

from __future__ import annotations

from druqa.cascade import Cascade, Evaluator, VoteRule
from druqa.records import Severity
from druqa.views.safe import safe


def describe(cascade: Cascade) -> str:
    """What the cascade asks, of whom, in which orders, and how the answers are counted."""
    auditors = cascade.sign_off.auditors if cascade.sign_off else ()
    lines = [
        f"{cascade.name} {cascade.version}: {cascade.title}",
        f"sha256 {cascade.sha256}",
        "",
        "evaluators",
        *(_evaluator(evaluator) for evaluator in cascade.evaluators),
    ]
    if auditors:
        lines += ["sign-off of a negative", *(_evaluator(auditor) for auditor in auditors)]
    if cascade.names.prompts:
        lines += ["further names", *(f"  {p.kind:<22} {p.role}, {p.prompt.file}" for p in cascade.names.prompts)]
    if cascade.answer:
        lines += ["answer", f"  {'':<22} {cascade.answer.role}, {cascade.answer.prompt.file}"]
    if cascade.rival:
        lines += ["rival", *(f"  {rival.name:<22} {rival.role}, {rival.prompt.file}" for rival in cascade.rival)]
    lines += [
        "vote",
        f"  at_least({_k(cascade.vote)}); unclear {'is' if cascade.vote.unclear_is_yes else 'is not'} a yes",
        *(f"  {name}: a yes weighs {weight:g}" for name, weight in sorted(cascade.vote.weights.items())),
    ]
    if cascade.prompt_evaluators:
        names = cascade.names
        lines += [
            "names asked about",
            f"  as written, generic, {names.table_names} of the table, {names.proposed_names} proposed",
            f"  orders: {cascade.orders}",
        ]
    return "\n".join(map(safe, lines))


def _k(vote: VoteRule) -> str:
    return ", ".join(f"{s} {vote.needed(s)}" for s in Severity) if isinstance(vote.k, dict) else str(vote.k)


def _evaluator(evaluator: Evaluator) -> str:
    by = f"{evaluator.role}, {evaluator.prompt.file}" if evaluator.prompt else "reference table"
    return f"  {evaluator.name:<22} {by}"
