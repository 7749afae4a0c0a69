"""An evaluation as titled tables with a sentence each: what the terminal and the Markdown report show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from druqa.measure.evaluation import Evaluation, EvaluatorScore, Lost, Part
from druqa.measure.statistics.capture import StillMissed
from druqa.measure.statistics.paired import Change
from druqa.measure.statistics.proportions import Proportion

MOST_ROWS = 40
"""Missed pairs and false alarms that are shown; the rest are counted, and stand in the table of cases."""


MOST_COLUMNS = 8
"""Evaluators whose double faults fit into a table of text."""


class Section(NamedTuple):
    """One table and what must be known to read it."""

    title: str
    words: tuple[str, ...]
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def percent(share: float | None) -> str:
    """A share in percent with one decimal; a dash where there is none. Nothing is rounded to all or to none."""
    if share is None:
        return "-"
    if 0 < share < 0.0005:
        return "< 0.1 %"
    return "> 99.9 %" if 0.9995 <= share < 1 else f"{100 * share:.1f} %"


def counted(proportion: Proportion | None) -> str:
    """A proportion with its counts."""
    if proportion is None or not proportion.of:
        return "-"
    return f"{percent(proportion.value)} ({proportion.hits:,} of {proportion.of:,})"


def brief(proportion: Proportion | None) -> str:
    """A proportion in a narrow column."""
    return f"{percent(proportion.value)} of {proportion.of:,}" if proportion and proportion.of else "-"


def interval(proportion: Proportion) -> str:
    """The exact interval of a proportion."""
    return f"{percent(proportion.low)} to {percent(proportion.high)}" if proportion.of else "-"


def sections(evaluation: Evaluation) -> Iterable[Section]:
    """Everything that an evaluation holds, headline first; parts with nothing to show are left out."""
    made = (
        headline(evaluation),
        _parts(evaluation),
        _forms(evaluation),
        _negatives(evaluation),
        _burden(evaluation),
        _bill(evaluation),
        _lost("Missed", evaluation.missed, "lost at"),
        _lost("False alarms", evaluation.alarms, "decision"),
        _variants(evaluation),
        _evaluators(evaluation),
        _independence(evaluation),
        _unseen(evaluation),
        _floors(evaluation),
        _provenance(evaluation),
    )
    return [section for section in made if section is not None]


def headline(evaluation: Evaluation) -> Section:
    """What the run comes to, in sentences."""
    part = evaluation.headline
    words = [
        *(["SIMULATED models: no figure here is one of a real model."] if evaluation.simulated else []),
        *([f"Caution: {evaluation.caution}"] if evaluation.caution else []),
        f"Recall {counted(part.recall)}, 95 % interval {interval(part.recall)}: {part.name}."
        if part.recall.of
        else "No recall: the gold has no interacting pair that it could be measured on.",
    ]
    if part.not_checked:
        words.append(f"{part.not_checked:,} of the {part.recall.of - part.recall.hits:,} missed were NOT CHECKED.")
    words += [clustered(part)] if part.clustered and part.recall.of else []
    words += [evaluation.zero_missed] if evaluation.zero_missed and part.recall.of else []
    if evaluation.circular:
        words.append(
            f"{evaluation.circular:,} further interacting pairs stand apart: the tables that were looked up were built"
            " from what lists them, or the gold does not say where they are from."
        )
    return Section("Headline", (*words, *evaluation.notes))


def clustered(part: Part) -> str:
    """The interval that allows for shared drugs, in words."""
    spread = part.clustered
    if spread is None:
        return ""
    if spread.design_effect is None:
        return f"Pairs share {spread.drugs} drugs; with all or none missed, what that costs cannot be estimated."
    return (
        f"Allowing for pairs that share one of {spread.drugs} drugs: {percent(spread.low)} to {percent(spread.high)}"
        f" (bootstrap by drug; design effect {spread.design_effect:.1f}, worth {spread.effective_pairs:.0f} pairs)."
    )


def _parts(evaluation: Evaluation) -> Section:
    rows = [
        (
            part.kind,
            part.name,
            counted(part.recall),
            interval(part.recall),
            _by_drug(part),
            f"{part.not_checked:,}",
        )
        for part in evaluation.parts
    ]
    words = (
        "By standing: every interacting pair. By form: every spelling. By circular group: what stands apart."
        " The others: what the headline counts.",
    )
    columns = ("by", "part", "recall", "exact 95 %", "by drug 95 %", "not checked")
    return Section("Recall by part", words, columns, tuple(rows))


def _by_drug(part: Part) -> str:
    spread = part.clustered
    return f"{percent(spread.low)} to {percent(spread.high)}" if spread and spread.design_effect else "-"


def _forms(evaluation: Evaluation) -> Section | None:
    changes = [*evaluation.forms, *([evaluation.other_names] if evaluation.other_names else [])]
    words = (
        "Against the generic names, on the same pairs, circular ones too: exact McNemar, Holm over the spellings.",
        "Asked by other names: whether a pair's evaluators say yes less often than when asked by the generic ones.",
    )[: 2 if evaluation.other_names else 1]
    columns = ("spelling", "pairs", "better so", "worse so", "p", "p adjusted")
    return Section("Spellings", words, columns, tuple(map(change_row, changes))) if changes else None


def change_row(change: Change) -> tuple[str, ...]:
    """A change as a row: where, of how many pairs, how many for the better and for the worse, and how surely."""
    counts = (f"{n:,}" for n in (change.pairs, change.newly_caught, change.newly_missed))
    return (change.stratum, *counts, f"{change.p:.3g}", f"{change.p_adjusted:.3g}")


def _negatives(evaluation: Evaluation) -> Section | None:
    found = evaluation.negatives
    if found is None:
        return None
    rows = [
        ("specificity: not flagged", counted(found.specificity), interval(found.specificity)),
        ("flagged major or contraindicated", counted(found.graver), interval(found.graver)),
        ("PPV, for this mix of pairs only", counted(found.ppv), interval(found.ppv)),
        *((f"specificity, {name}", counted(share), interval(share)) for name, share in found.parts),
    ]
    words = (
        f"Pairs that are known not to interact; {found.not_checked:,} of them were not checked: no alarm, and no no.",
    )
    return Section("Pairs that do not interact", words, ("what", "share", "exact 95 %"), tuple(rows))


def _burden(evaluation: Evaluation) -> Section | None:
    found = evaluation.burden
    if found is None:
        return None
    words = (
        f"{found.lists} lists of {found.medications / found.lists:.1f} medications: {found.mean:.1f} flags a list"
        f" (median {found.median:g}, at most {found.most}; {found.without} lists without any), true or not.",
    )
    rows = [
        *(("severity", name, f"{mean:.2f}") for name, mean in found.by_severity.items()),
        *(("tier", name, f"{mean:.2f}") for name, mean in found.by_tier.items()),
        *(("kind of list", name, f"{mean:.2f}") for name, mean in found.by_kind.items()),
    ]
    return Section("Alert burden", words, ("by", "part", "flags a list"), tuple(rows))


def _bill(evaluation: Evaluation) -> Section:
    bill = evaluation.bill
    if not bill.cost.calls and not bill.not_asked and not bill.failed:
        return Section("Price", ("No model was asked: no call, no price.",))
    price = "unknown" if bill.cost.usd is None else f"{bill.cost.usd:,.4f} USD"
    catch = "-" if bill.calls_per_catch is None else f"{bill.calls_per_catch:,.1f} calls"
    catch += "" if bill.usd_per_catch is None else f", {bill.usd_per_catch:,.5f} USD"
    words = (
        f"{bill.cost.calls:,} calls, {bill.cost.prompt_tokens + bill.cost.completion_tokens:,} tokens, price {price};"
        f" for each interacting pair caught: {catch}.",
        f"{bill.questions:,} questions, {bill.failed:,} without a valid reply, {bill.not_asked:,} not asked."
        f" Beside this, {bill.beside:,} calls for whole lists and for asking again.",
    )
    return Section("Price", words)


def _lost(title: str, lost: Sequence[Lost], last: str) -> Section:
    if not lost:
        return Section(title, ("None.",))
    rows = [
        (
            str(row.severity or "-"),
            " + ".join(row.drugs),
            "" if row.written == row.drugs else " + ".join(row.written),
            str(row.standing),
            str(row.lost_at or row.decision),
            row.case,
        )
        for row in lost[:MOST_ROWS]
    ]
    more = f" The first {MOST_ROWS} are shown." if len(lost) > MOST_ROWS else ""
    words = (f"{len(lost):,} cases, gravest first.{more} `druqa eval show RUN CASE` tells the whole story of one.",)
    columns = ("severity", "pair", "written", "standing", last, "case")
    return Section(title, words, columns, tuple(rows))


def _variants(evaluation: Evaluation) -> Section:
    rows = [
        (
            row.name,
            counted(row.recall),
            interval(row.recall),
            "-" if row.specificity is None else percent(row.specificity.value),
            f"{row.questions:.1f}",
        )
        for row in evaluation.variants
    ]
    words = ("The same replies, counted as if less had been asked, or more votes were needed.",)
    columns = ("counted", "recall", "exact 95 %", "specificity", "questions a pair")
    return Section("What each stage earns", words, columns, tuple(rows))


def _evaluators(evaluation: Evaluation) -> Section | None:
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


def _independence(evaluation: Evaluation) -> Section | None:
    found = evaluation.independence
    if found is None:
        return None
    joint = found.joint
    words = [
        f"{joint.evaluators} evaluators miss {percent(joint.mean_miss)} each on average, and all of them together"
        f" {counted(joint.all_missed)}, 95 % interval {interval(joint.all_missed)}. Were they independent, it would be"
        f" {joint.if_independent:.2g}.",
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
    if evaluation.rival_rescues is not None:
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


def _unseen(evaluation: Evaluation) -> Section | None:
    if evaluation.unseen is None:
        return None
    words = tuple(
        f"{estimate.model}: {still_missed(estimate)} {estimate.limit}" for estimate in evaluation.unseen.estimates
    )
    truth = f"The gold says: {evaluation.unseen.truly:,} of {evaluation.unseen.of:,} were seen by none."
    return Section("How many are probably still missed", (*words, truth))


def still_missed(estimate: StillMissed) -> str:
    """An estimate in words."""
    high = "no upper bound" if estimate.high is None else f"{estimate.high:,.0f}"
    return (
        f"{estimate.estimate:,.1f} beside the {estimate.caught:,} caught, 95 % interval {estimate.low:,.0f} to {high}."
    )


def _floors(evaluation: Evaluation) -> Section | None:
    rows = [
        (
            floor.name,
            f"{floor.wanted:g}",
            "-" if floor.found is None else f"{floor.found:.4f}",
            "held" if floor.held else "NOT HELD",
        )
        for floor in evaluation.floors
    ]
    return (
        Section("Floors", ("What this project holds itself to.",), ("figure", "wanted", "found", ""), tuple(rows))
        if rows
        else None
    )


def _provenance(evaluation: Evaluation) -> Section:
    made = evaluation.provenance
    rows = [
        ("suite", f"{made.suite}, sha256 {made.suite_sha256[:12]}"),
        ("cascade", f"{made.cascade.name} {made.cascade.version}, sha256 {made.cascade.sha256[:12]}"),
        ("tables", f"{made.data.evidence}" if made.tables else "not looked up"),
        ("names", made.data.synonyms),
        *((f"gold {name}", f"sha256 {digest[:12]}") for name, digest in made.gold),
        *(
            (f"model, {role}", f"{', '.join(use.requested)}; answered as {', '.join(use.answered_as) or 'nobody'}")
            for role, use in made.models.items()
        ),
        ("druqa", made.druqa_version),
    ]
    return Section("Made with", (), ("what", "which"), tuple(rows))
