"""From resolved medications to the drugs on the list, their pairs, and the questions about each pair. Pure.

Questions are counted in closed form, so that the plan for ten thousand medications is there at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Literal

from druqa.cascade import Evaluator, NamesPlan
from druqa.records import Drug, DrugName, DrugPair, NameKind, Question, Record, ResolvedMedication, Stage, question_id

Orders = Literal["both", "alternate"]
Bound = Mapping[str, Sequence[str]]
"""Role to the names of the models bound to it."""

# Names of something wider than the drug, or misspelt: asked about only if they were written.
_NOT_FROM_THE_TABLE = {NameKind.CLASS, NameKind.COMBINATION, NameKind.MISSPELLING}


class ListedDrug(Record):
    """A drug on the list: where it stands there, and the names it is asked about under."""

    drug: Drug
    names: tuple[str, ...]
    """None for words that cannot be a name: no question is asked about them, and none of their pairs is checked."""
    medications: tuple[int, ...]
    """Indexes of the medications that hold it, ascending."""
    guessed: bool = False
    """True if it is only what the writer may have meant, wherever it stands."""


class ListedPair(Record):
    """A pair of drugs on the list, and a medication that each comes from."""

    pair: DrugPair
    names: tuple[tuple[str, ...], tuple[str, ...]]
    medications: tuple[int, int]
    guessed: bool = False
    """True if one of the drugs is a guess."""


def listed_drugs(
    resolved: Sequence[ResolvedMedication], plan: NamesPlan, proposed: Mapping[str, Sequence[str]]
) -> tuple[ListedDrug, ...]:
    """Every distinct drug of the list, by id, with the names that the plan asks about.

    The names are a union of parts that do not crowd each other out: all as written, the generic, so many of the table,
    so many that models proposed. So a further spelling on the list never costs a question that would have been asked.
    """
    drugs: dict[str, Drug] = {}
    names: dict[str, list[DrugName]] = {}
    places: dict[str, list[int]] = {}
    guesses: dict[str, list[bool]] = {}
    for index, medication in enumerate(resolved):
        for drug in medication.drugs:
            drugs.setdefault(drug.id, drug)
            places.setdefault(drug.id, []).append(index)
            names.setdefault(drug.id, []).extend(name for name in medication.names if name.drug == drug.id)
            matches = [match for match in medication.matches if match.drug == drug.id]
            guesses.setdefault(drug.id, []).append(bool(matches) and all(match.guess for match in matches))
    return tuple(
        ListedDrug(
            drug=drugs[id_],
            names=_asked_names(drugs[id_], names[id_], plan, proposed.get(id_, ())),
            medications=tuple(sorted(set(places[id_]))),
            guessed=all(guesses[id_]),
        )
        for id_ in sorted(drugs)
    )


def _asked_names(drug: Drug, names: Iterable[DrugName], plan: NamesPlan, proposed: Sequence[str]) -> tuple[str, ...]:
    if drug.unasked:
        return ()
    known = list(names)
    # In lower case: of two spellings that differ only there, neither may displace the other.
    written = sorted({name.text.casefold() for name in known if name.kind is NameKind.AS_WRITTEN})
    listed = dict.fromkeys(
        name.text for name in known if name.kind is not NameKind.AS_WRITTEN and name.kind not in _NOT_FROM_THE_TABLE
    )
    table = [text for text in listed if text.casefold() != drug.name.casefold()][: plan.table_names]
    distinct: dict[str, str] = {}
    for text in (drug.name, *written, *table, *proposed):
        distinct.setdefault(" ".join(text.casefold().split()), text)
    return tuple(distinct.values())


def listed_pairs(drugs: Sequence[ListedDrug], resolved: Sequence[ResolvedMedication]) -> Iterator[ListedPair]:
    """Every pair of drugs that may be taken together, in the order of their ids."""
    apart = only_alternatives(drugs, resolved)
    for one, other in combinations(drugs, 2):
        if (one.drug.id, other.drug.id) not in apart:
            yield ListedPair(
                pair=DrugPair(first=one.drug, second=other.drug),
                names=(one.names, other.names),
                medications=_places(one, other),
                guessed=one.guessed or other.guessed,
            )


def only_alternatives(drugs: Sequence[ListedDrug], resolved: Sequence[ResolvedMedication]) -> set[tuple[str, str]]:
    """The pairs that no list of medicines can hold: two readings of one line, neither of them on another line."""
    places = {listed.drug.id: listed.medications for listed in drugs}
    apart = set()
    for index, medication in enumerate(resolved):
        for group in medication.alternatives:
            for one, other in combinations(sorted(set(group)), 2):
                if places[one] == places[other] == (index,):
                    apart.add((one, other))
    return apart


def _places(one: ListedDrug, other: ListedDrug) -> tuple[int, int]:
    """A medication for each drug, two different ones if there are."""
    return min(product(one.medications, other.medications), key=lambda places: (places[0] == places[1], places))


def questions(
    listed: ListedPair, evaluators: Sequence[Evaluator], bound: Bound, orders: Orders, stage: Stage
) -> tuple[Question, ...]:
    """Every distinct question to a model about one pair: names x names x evaluators x models x orders.

    Two drugs may share a name (both parts of a combination go by its brand); nobody is asked about a name and itself.
    """
    asked: dict[str, Question] = {}
    for evaluator in evaluators:
        for model in bound[evaluator.role or ""]:
            for names in _name_pairs(listed, evaluator.name, orders):
                id_ = question_id(stage, evaluator.name, model, *names)
                asked[id_] = Question(
                    id=id_,
                    evaluator=evaluator.name,
                    stage=stage,
                    pair=listed.pair.ids,
                    names=names,
                    role=evaluator.role or "",
                    model=model,
                )
    return tuple(asked.values())


def _name_pairs(listed: ListedPair, evaluator: str, orders: Orders) -> Iterator[tuple[str, str]]:
    for first, second in product(*listed.names):
        if first.casefold() != second.casefold():
            yield from _ordered(first, second, evaluator, orders)


def _ordered(first: str, second: str, evaluator: str, orders: Orders) -> tuple[tuple[str, str], ...]:
    """The orders in which two names are asked. `alternate` takes the parity of a hash: no list order enters."""
    if orders == "both":
        return (first, second), (second, first)
    swap = hashlib.sha256("\0".join((evaluator, first, second)).encode("utf-8", "replace")).digest()[0] & 1
    return ((second, first),) if swap else ((first, second),)


def name_pairs(drugs: Sequence[ListedDrug], resolved: Sequence[ResolvedMedication]) -> tuple[int, int]:
    """How many drug pairs, and at most how many pairs of their names, without building any.

    The sum over pairs of n_a * n_b is ((sum n)^2 - sum n^2) / 2, less the few pairs that are two readings of one line.
    Fewer are asked about where two drugs share a name.
    """
    counts = {listed.drug.id: 0 if listed.drug.unasked else len(listed.names) for listed in drugs}
    apart = only_alternatives(drugs, resolved)
    total = sum(counts.values())
    squares = sum(count * count for count in counts.values())
    pairs = len(drugs) * (len(drugs) - 1) // 2 - len(apart)
    return pairs, (total * total - squares) // 2 - sum(counts[one] * counts[other] for one, other in apart)
