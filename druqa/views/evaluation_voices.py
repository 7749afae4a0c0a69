"""The parts of an evaluation that are about its evaluators: what each earns, and how they miss together."""

from __future__ import annotations

from druqa.measure.evaluation import Evaluation, EvaluatorScore
from druqa.views.evaluation_words import Section, brief, counted, interval, percent, still_missed

MOST_COLUMNS = 8
"""Evaluators whose double faults fit into a table of text."""


def variants(evaluation: Evaluation) -> Section:
    """What would have come out with less asked."""
    rows = [
        (
            row.name,
            brief(row.recall),
            interval(row.recall),
            "-" if row.specificity is None else percent(row.specificity.value),
            f"{row.questions:.1f}",
        )
        for row in evaluation.variants
    ]
    words = ("The same replies, counted as if less had been asked, or more votes were needed.",)
    columns = ("counted", "recall", "exact 95 %", "specificity", "questions a pair")
    return Section("What each stage earns", words, columns, tuple(rows))


def evaluators(evaluation: Evaluation) -> Section | None:
    """A row for each evaluator."""
    if not evaluation.evaluators:
        return None
    columns = ("evaluator", "stage", "caught", "unique", "alarms", "unique", "questions", "invalid", "USD",
               "order flips", "repeat flips")  # fmt: skip
    words = (
        "Unique: pairs that are flagged only because of it. Flips: said otherwise when turned round, or asked again.",
    )
    return Section("What each evaluator earns", words, columns, tuple(_evaluator(row) for row in evaluation.evaluators))


def _evaluator(row: EvaluatorScore) -> tuple[str, ...]:
    return (
        row.name,
        row.stage,
        brief(row.caught),
        f"{row.unique:,}",
        brief(row.alarms),
        f"{row.unique_alarms:,}",
        f"{row.questions:,}",
        f"{row.invalid:,}",
        "-" if row.usd is None else f"{row.usd:.4f}",
        brief(row.order_flips),
        brief(row.repeat_flips),
    )


def independence(evaluation: Evaluation) -> Section | None:
    """Whether the evaluators miss the same pairs."""
    found = evaluation.independence
    if found is None:
        return None
    joint = found.joint
    words = [
        f"{joint.evaluators} evaluators miss {percent(joint.mean_miss)} each on average, and all of them together"
        f" {counted(joint.all_missed)}, 95 % interval {interval(joint.all_missed)}. Were they independent, it would be"
        f" {_rare(joint.if_independent)}.",
    ]
    if joint.correlation is not None and joint.if_equally_correlated is not None:
        words.append(
            f"Their misses correlate at {joint.correlation:.2f} (independent ones bunch so with p = {found.p:.3g});"
            f" evaluators of that correlation would all miss {percent(joint.if_equally_correlated)}."
        )
    worth = "" if joint.effective is None else f"{joint.effective:.1f}, "
    words.append(
        f"They are worth {worth}between {joint.effective_low:.1f} and {joint.effective_high:.1f} independent ones."
    )
    if evaluation.rival_rescues is not None and evaluation.rival_rescues.of:
        words.append(
            f"Of the pairs missed before it the rival caught {counted(evaluation.rival_rescues)},"
            f" 95 % interval {interval(evaluation.rival_rescues)}."
        )
    columns = ("both missed", *(name for name in found.names))
    rows = [(name, *map(percent, row)) for name, row in zip(found.names, found.double_faults, strict=True)]
    if len(rows) > MOST_COLUMNS:
        words.append("Which two miss the same pairs: see the heat map in report.html.")
        rows = []
    return Section("Are the evaluators independent?", tuple(words), columns, tuple(rows))


def _rare(share: float) -> str:
    return percent(share) if share >= 0.001 or not share else f"{share:.1e}"


def unseen(evaluation: Evaluation) -> Section | None:
    """How many pairs nobody may have seen."""
    if evaluation.unseen is None:
        return None
    words = tuple(
        f"{estimate.model}: {still_missed(estimate)} {estimate.limit}" for estimate in evaluation.unseen.estimates
    )
    truth = f"The gold says: {evaluation.unseen.truly:,} of {evaluation.unseen.of:,} were seen by none."
    return Section("How many are probably still missed", (*words, truth))
