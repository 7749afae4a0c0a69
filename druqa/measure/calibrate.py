"""Chooses how many votes a flag needs so that a miss rate is promised: Learn-then-Test by fixed-sequence testing.

One half of the gold decides in which order rules are loosened, from the safest to the boldest; the other half tests
them in that order and stops at the first that fails (Angelopoulos, Bates, Candes, Jordan and Lei 2021). Whatever is
chosen among those that passed, the promise is broken with at most the probability stated, if the pairs to come are
like the gold.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence

from druqa.cascade import Cascade, VoteRule
from druqa.errors import DataError
from druqa.measure.ballots import Ballots, Counting, ballots, flagged
from druqa.measure.recount import count
from druqa.measure.results import Result
from druqa.measure.scoring import headline_of, negatives_of
from druqa.measure.statistics.clusters import dyadic_variance
from druqa.measure.statistics.promise import kept
from druqa.measure.statistics.proportions import Proportion, pairs_needed
from druqa.records import NonEmpty, Record, Severity

METHOD = "Learn-then-Test, fixed sequence, binomial; pairs count for less as they share drugs"
_STEPS = 40
_DOUBLE = 2
"""The sequence ends where the pairs to learn from are missed this many times as often as may be."""


class Calibration(Record):
    """The counting that was chosen, and the promise that it keeps."""

    miss_rate: float
    confidence: float
    method: NonEmpty
    vote: VoteRule
    auditors: tuple[str, ...]
    tried: int
    """Countings in the sequence, from the safest to the boldest."""
    passed: int
    design_pairs: int
    calibration_pairs: int
    worth: int
    """Independent pairs that the calibration pairs are worth, as they share drugs."""
    missed: int
    """Of the calibration pairs, by the counting chosen."""
    specificity: Proportion
    """On the negatives that did not order the countings, by the counting chosen."""
    safest_specificity: Proportion
    """On the same, with one yes enough."""


def calibrate(results: Sequence[Result], cascade: Cascade, miss_rate: float, confidence: float) -> Calibration:
    """The boldest counting of a run's votes that keeps the promise, and how many false alarms it leaves.

    Args:
        results: a run's cases; circular ones, and further spellings of a pair, are passed over.
        cascade: the cascade that was run.
        miss_rate: the largest share of interacting pairs that may be missed.
        confidence: the probability, over gold sets like this one, with which the promise holds.

    Raises:
        DataError: if no model was asked, or the gold is too small, or the cascade misses too much, to promise it.

    """
    if not cascade.sign_off:
        raise DataError("no model votes in this cascade: there is nothing to choose", where=cascade.name)
    design, test = _halves(headline_of(results))
    quiet, others = _halves(negatives_of(results))

    def cast(part: Sequence[Result]) -> list[Ballots]:
        return [ballots(case) for case in count(part, cascade.vote)]

    path = list(sequence(cast(design), cast(quiet), cascade, _DOUBLE * miss_rate))
    effect = design_effect(path, cast(design), [result.case.pair.drugs for result in design])
    tested = cast(test)
    counts = tested_counts(path, tested, [result.case.pair.drugs for result in test], effect)
    passed = kept(counts, miss_rate=miss_rate, confidence=confidence)
    if not passed:
        raise _too_small(len(test), counts[0], miss_rate, confidence)
    chosen, negatives = path[passed - 1], cast(others)
    return Calibration(
        miss_rate=miss_rate,
        confidence=confidence,
        method=METHOD,
        vote=chosen.vote,
        auditors=chosen.auditors,
        tried=len(path),
        passed=passed,
        design_pairs=len(design),
        calibration_pairs=len(test),
        worth=counts[passed - 1][1],
        missed=sum(not flagged(one, chosen) for one in tested),
        specificity=_specificity(negatives, chosen),
        safest_specificity=_specificity(negatives, path[0]),
    )


def _too_small(pairs: int, safest: tuple[int, int], miss_rate: float, confidence: float) -> DataError:
    missed, worth = safest
    needed = pairs_needed(miss_rate, confidence)
    why = (
        f"the gold is too small to promise a miss rate of {miss_rate:g} with confidence {confidence:g}: {pairs} pairs"
        f" are left to test it on, worth {worth} independent ones; {needed} without a miss are needed"
        if worth < needed
        else f"a miss rate of {miss_rate:g} cannot be promised: as safe as can be, {missed} of {worth} are missed"
    )
    return DataError(why, where="calibration", mend="bring more gold, or promise less: --miss-rate, --confidence")


def _halves(results: Sequence[Result]) -> tuple[list[Result], list[Result]]:
    """The pairs to learn from and the pairs to test on, by a hash of their drugs."""
    halves: tuple[list[Result], list[Result]] = ([], [])
    for result in results:
        halves[hashlib.sha256("\0".join(result.case.pair.drugs).encode()).digest()[0] & 1].append(result)
    return halves


def design_effect(path: Sequence[Counting], design: Sequence[Ballots], pairs: Sequence[tuple[str, str]]) -> float:
    """By how much sharing drugs widens the variance, at most, under any counting of the sequence; at least 1.

    Taken from the pairs that the sequence was made on, so that the test on the others stays a test. Where these show no
    miss, nothing can be said of how misses gather, and pairs count in full.
    """
    effects = [1.0]
    for counting in path:
        hits = [flagged(one, counting) for one in design]
        missed, n = hits.count(False), len(hits)
        if 0 < missed < n:
            effects.append(dyadic_variance(hits, pairs) / (missed * (n - missed) / n**3))
    return max(effects)


def tested_counts(
    path: Sequence[Counting], tested: Sequence[Ballots], pairs: Sequence[tuple[str, str]], effect: float
) -> list[tuple[int, int]]:
    """For each counting the misses among the pairs it is tested on, and of how many; each worth 1 / effect.

    Pairs are never worth more than there are drugs among them: misses gather on drugs, and a half without a miss does
    not show how much.
    """
    drugs = len({drug for pair in pairs for drug in pair})
    effect = max(effect, len(pairs) / drugs if drugs else 1.0)
    missed = [sum(not flagged(one, counting) for one in tested) for counting in path]
    return [(math.ceil(count / effect - 1e-9), math.floor(len(tested) / effect + 1e-9)) for count in missed]


def sequence(
    interacting: Sequence[Ballots], quiet: Sequence[Ballots], cascade: Cascade, most_missed: float
) -> Iterator[Counting]:
    """Countings from the safest on, each the one before with the step that spares most alarms for each miss.

    Ends where no step spares an alarm, or the pairs to learn from are missed more often than `most_missed`.
    """
    auditors = tuple(auditor.name for auditor in cascade.sign_off.auditors) if cascade.sign_off else ()
    safest = VoteRule(k=dict.fromkeys(Severity, 1), unclear_is_yes=cascade.vote.unclear_is_yes)
    counting = Counting(safest, auditors)
    yield counting
    for _ in range(_STEPS):
        caught, alarms = _count(interacting, counting), _count(quiet, counting)
        steps = [
            (spared / (caught - _count(interacting, bolder) + 0.5), bolder)
            for bolder in _bolder(counting, cascade)
            if (spared := alarms - _count(quiet, bolder)) > 0
        ]
        if not steps:
            return
        counting = max(steps, key=lambda step: step[0])[1]
        if interacting and 1 - _count(interacting, counting) / len(interacting) > most_missed:
            return
        yield counting


def _bolder(counting: Counting, cascade: Cascade) -> Iterator[Counting]:
    """Every counting that is one step bolder: a vote more for a severity, a voice less, an auditor less."""
    vote = counting.vote
    heard = [e.name for e in cascade.prompt_evaluators if vote.weight(e.name)]
    k = {severity: vote.needed(severity) for severity in Severity}
    for severity in Severity:
        raised = {other: max(n, k[severity] + 1) if other.rank >= severity.rank else n for other, n in k.items()}
        if max(raised.values()) <= len(heard):
            yield counting._replace(vote=vote.model_copy(update={"k": raised}))
    for name in heard:
        if len(heard) > max(k.values()):
            yield counting._replace(vote=vote.model_copy(update={"weights": {**vote.weights, name: 0.0}}))
    for name in counting.auditors if len(counting.auditors) > 1 else ():
        yield counting._replace(auditors=tuple(auditor for auditor in counting.auditors if auditor != name))


def _count(cast: Sequence[Ballots], counting: Counting) -> int:
    return sum(flagged(one, counting) for one in cast)


def _specificity(quiet: Sequence[Ballots], counting: Counting) -> Proportion:
    return Proportion.counted(len(quiet) - _count(quiet, counting), len(quiet))
