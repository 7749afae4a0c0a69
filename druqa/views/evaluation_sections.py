"""An evaluation as titled tables with a sentence each: what the terminal and the Markdown report show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from druqa.measure.evaluation import Evaluation, Lost, Part
from druqa.views.evaluation_voices import evaluators, independence, unseen, variants
from druqa.views.evaluation_words import Section, brief, change_row, clustered, counted, interval, span

MOST_ROWS = 40
"""Missed pairs and false alarms that are shown; the rest are counted, and stand in the table of cases."""


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
        variants(evaluation),
        evaluators(evaluation),
        independence(evaluation),
        unseen(evaluation),
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
    if graded := [f"{p.recall.of:,} {p.name}" for p in evaluation.parts if p.kind == "severity"]:
        words.append(f"By severity: {', '.join(graded)}.")
    if part.not_checked:
        words.append(f"{part.not_checked:,} of the {part.recall.of - part.recall.hits:,} missed were NOT CHECKED.")
    words += [clustered(part)] if part.clustered and part.recall.of else []
    words += [evaluation.zero_missed] if evaluation.zero_missed and part.recall.of else []
    if evaluation.circular:
        words.append(
            f"Apart from these stand {evaluation.circular:,} interacting pairs: the tables that were looked up were"
            " built from what lists them, or the gold does not say where they are from (a column `source` would)."
        )
    return Section("Headline", (*words, *evaluation.notes))


def _parts(evaluation: Evaluation) -> Section:
    rows = [
        (
            part.kind,
            part.name,
            brief(part.recall),
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
    return span(spread.low, spread.high) if spread and spread.design_effect else "-"


def _forms(evaluation: Evaluation) -> Section | None:
    changes = [*evaluation.forms, *([evaluation.other_names] if evaluation.other_names else [])]
    words = (
        "Against the generic names, on the same pairs, circular ones too: exact McNemar, Holm over the spellings.",
        "Asked by other names: whether a pair's evaluators say yes less often than when asked by the generic ones.",
    )[: 2 if evaluation.other_names else 1]
    columns = ("spelling", "pairs", "better so", "worse so", "p", "p adjusted")
    return Section("Spellings", words, columns, tuple(map(change_row, changes))) if changes else None


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
        "A reply that several spellings share is bought once and counted for each of them.",
    )
    return Section("Price", words)


def _lost(title: str, lost: Sequence[Lost], last: str) -> Section:
    """Each pair once, with the forms that it was lost in, and a case to look at."""
    if not lost:
        return Section(title, ("None.",))
    pairs: dict[tuple[str, str], list[Lost]] = {}
    for row in lost:
        pairs.setdefault(row.drugs, []).append(row)
    rows = [
        (
            str(first.severity or "-"),
            " + ".join(drugs),
            ", ".join(sorted({row.form for row in found})),
            str(first.standing),
            ", ".join(sorted({str(row.lost_at or row.decision) for row in found})),
            first.case,
        )
        for drugs, (first, *_) in list(pairs.items())[:MOST_ROWS]
        for found in [pairs[drugs]]
    ]
    more = f" The first {MOST_ROWS} are shown." if len(pairs) > MOST_ROWS else ""
    words = (
        f"{len(pairs):,} pairs, {len(lost):,} cases, gravest first.{more} `druqa eval show RUN CASE` tells all of one."
    )
    columns = ("severity", "pair", "forms", "standing", last, "case")
    return Section(title, (words,), columns, tuple(rows))


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
