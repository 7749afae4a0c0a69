"""The headline and its parts: recall, specificity, PPV, alert burden and price. `not_checked` is missed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from statistics import mean, median

from druqa.measure.circular import Standing
from druqa.measure.evaluation import Bill, Burden, Lost, Negatives, Part
from druqa.measure.gold import GENERIC
from druqa.measure.results import ListResult, Result, Seen
from druqa.measure.statistics.clusters import by_drug
from druqa.measure.statistics.paired import Change, changes
from druqa.measure.statistics.proportions import Proportion
from druqa.records import Outcome, Severity, Tier
from druqa.report import Cost, DecisionKind

_GRAVE = (Severity.CONTRAINDICATED, Severity.MAJOR)


def part(kind: str, name: str, results: Sequence[Result]) -> Part:
    """Recall on these results, all of them of interacting pairs."""
    hits = [result.flagged for result in results]
    return Part(
        kind=kind,
        name=name,
        recall=Proportion.counted(sum(hits), len(hits)),
        not_checked=sum(result.decision is DecisionKind.NOT_CHECKED for result in results),
        clustered=by_drug(hits, [result.case.pair.drugs for result in results]) if results else None,
    )


def headline_of(results: Sequence[Result]) -> list[Result]:
    """The interacting pairs that the headline counts: once each, by their generic names, none of them circular.

    Where the gold gives no pair by its generic names, every spelling counts.
    """
    fit = [result for result in results if result.case.pair.interacts and _independent(result)]
    return [result for result in fit if result.generic] or fit


def negatives_of(results: Sequence[Result]) -> list[Result]:
    """The pairs that do not interact, once each."""
    fit = [result for result in results if not result.case.pair.interacts]
    return [result for result in fit if result.generic] or fit


def _independent(result: Result) -> bool:
    return result.case.standing is Standing.INDEPENDENT


def parts(results: Sequence[Result]) -> tuple[Part, ...]:
    """Recall by standing, severity, source, group and form. All but the first are of what the headline may count."""
    interacting = [result for result in results if result.case.pair.interacts]
    fit = [result for result in interacting if _independent(result)]
    counted = headline_of(results)
    apart = [result for result in interacting if result.generic] or interacting
    return (
        *_split("standing", apart, lambda result: [result.case.standing]),
        *_split("severity", counted, lambda result: [result.case.pair.severity or Severity.UNKNOWN]),
        *_split("source", counted, lambda result: [source.partition(":")[0] for source in result.case.pair.sources]),
        *_split("group", counted, lambda result: result.case.pair.groups),
        *_split("circular group", [r for r in apart if not _independent(r)], lambda result: result.case.pair.groups),
        *_split("form", fit, lambda result: [result.case.pair.form]),
    )


def _split(kind: str, results: Sequence[Result], keys: Callable[[Result], Iterable[str]]) -> list[Part]:
    split: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        for key in sorted(set(keys(result))):
            split[str(key)].append(result)
    order = [*Severity, *Standing]
    names = sorted(split, key=lambda name: (order.index(name) if name in order else -1, name != GENERIC, name))
    return [part(kind, name, split[name]) for name in names]


def forms(results: Sequence[Result]) -> tuple[Change, ...]:
    """Each other spelling against the generic names on the same pairs: exact McNemar, Holm over the spellings.

    Of several spellings of a pair in one form, the worst counts, so that no pair is counted twice.
    """
    plain: dict[tuple[str, str], bool] = {}
    other: dict[str, dict[tuple[str, str], bool]] = defaultdict(dict)
    for result in (result for result in results if result.case.pair.interacts):
        pair = result.case.pair
        if result.generic:
            plain[pair.drugs] = result.flagged
        else:
            other[pair.form][pair.drugs] = result.flagged and other[pair.form].get(pair.drugs, True)
    parts = {
        form: [(plain[drugs], flagged) for drugs, flagged in spelled.items() if drugs in plain]
        for form, spelled in sorted(other.items())
    }
    return changes({form: flags for form, flags in parts.items() if flags})


def negatives(results: Sequence[Result]) -> Negatives | None:
    """What became of the pairs that do not interact; None where the gold has none."""
    quiet = negatives_of(results)
    if not quiet:
        return None
    interacting = [result for result in results if result.case.pair.interacts]
    once = [result for result in interacting if result.generic] or interacting
    alarms, caught = sum(r.flagged for r in quiet), sum(r.flagged for r in once)
    groups = sorted({group for result in quiet for group in result.case.pair.groups})
    return Negatives(
        specificity=_quiet(quiet),
        not_checked=sum(result.decision is DecisionKind.NOT_CHECKED for result in quiet),
        graver=Proportion.counted(sum(r.flagged and worst(r.seen) in _GRAVE for r in quiet), len(quiet)),
        ppv=Proportion.counted(caught, caught + alarms),
        parts=tuple((group, _quiet([r for r in quiet if group in r.case.pair.groups])) for group in groups),
    )


def _quiet(results: Sequence[Result]) -> Proportion:
    return Proportion.counted(sum(not result.flagged for result in results), len(results))


def worst(seen: Iterable[Seen]) -> Severity:
    """The worst severity of the pairs that a case may mean."""
    return Severity.worst(pair.severity for pair in seen if pair.severity)


def burden(lists: Sequence[ListResult]) -> Burden | None:
    """Flags on whole lists; None where none were run."""
    if not lists:
        return None
    flags = [sum(one.flags.get(severity, 0) for severity in Severity) for one in lists]
    kinds: dict[str, list[int]] = defaultdict(list)
    for one, count in zip(lists, flags, strict=True):
        kinds[one.kind].append(count)

    def per_list(keys: Iterable[str]) -> dict[str, float]:
        return {key: sum(one.flags.get(key, 0) for one in lists) / len(lists) for key in keys}

    return Burden(
        lists=len(lists),
        medications=sum(one.medications for one in lists),
        pairs=sum(one.pairs for one in lists),
        mean=mean(flags),
        median=median(flags),
        most=max(flags),
        by_severity=per_list(map(str, Severity)),
        by_tier=per_list(map(str, Tier)),
        by_kind={kind: mean(counts) for kind, counts in sorted(kinds.items())},
        without=flags.count(0),
    )


def bill(results: Sequence[Result], beside: int) -> Bill:
    """What the run cost, and what each catch did."""
    costs = [result.cost for result in results]
    prices = [cost.usd for cost in costs]
    usd = None if None in prices else round(sum(price for price in prices if price is not None), 8)
    total = Cost(
        calls=sum(cost.calls for cost in costs),
        prompt_tokens=sum(cost.prompt_tokens for cost in costs),
        completion_tokens=sum(cost.completion_tokens for cost in costs),
        usd=usd,
    )
    caught = sum(result.case.pair.interacts and result.flagged for result in results)
    return Bill(
        cost=total,
        questions=sum(result.questions for result in results),
        failed=sum(result.failed for result in results),
        not_asked=sum(result.not_asked for result in results),
        beside=beside,
        calls_per_catch=total.calls / caught if caught else None,
        usd_per_catch=usd / caught if caught and usd is not None else None,
    )


def lost(results: Iterable[Result]) -> tuple[Lost, ...]:
    """The results as rows of a table, gravest first, then by drugs."""
    rows = [_lost(result) for result in results]
    return tuple(sorted(rows, key=lambda row: ((row.severity or Severity.UNKNOWN).rank, row.drugs, row.form, row.case)))


def _lost(result: Result) -> Lost:
    pair = result.case.pair
    return Lost(
        case=result.case.id,
        drugs=pair.drugs,
        written=pair.written,
        form=pair.form,
        severity=pair.severity if pair.interacts else worst(result.seen),
        sources=pair.sources,
        standing=result.case.standing,
        decision=result.decision,
        lost_at=result.lost_at,
        said=_said(result),
    )


def _said(result: Result) -> tuple[str, ...]:
    """Each evaluator that said anything but no, with its outcomes counted; the others in one word."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for verdict in (verdict for seen in result.seen for verdict in seen.verdicts):
        counts[verdict.evaluator][str(verdict.outcome)] += 1
    silent = [name for name, outcomes in counts.items() if set(outcomes) == {str(Outcome.NO_INTERACTION)}]
    told = [
        f"{name}: {', '.join(f'{outcome} x {n}' for outcome, n in sorted(outcomes.items()))}"
        for name, outcomes in counts.items()
        if name not in silent
    ]
    others = f"{'all ' if not told else ''}{len(silent)} {'others' if told else 'evaluators'}: {Outcome.NO_INTERACTION}"
    return (*told, *([others] if silent else []))
