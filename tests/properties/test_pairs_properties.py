"""Pairs and questions: counted as they are built, in every order, with no name crowding out another."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from druqa.cascade import Evaluator, NamesPlan
from druqa.prompts import Prompt
from druqa.records import Drug, DrugName, NameKind, ResolvedMedication, Stage
from druqa.stages.pairs import listed_drugs, listed_pairs, name_pairs, questions

SLOT = "question_id: $question_id\nDrug 1: $first\nDrug 2: $second"
EVALUATORS = tuple(
    Evaluator(name=f"view_{n}", role="screener", prompt=Prompt(file="x.md", instruction=f"View {n}.", slot=SLOT))
    for n in range(3)
)
BOUND = {"screener": ("alpha", "beta")}

ids = st.sampled_from("abcdefgh")
texts = st.text("xyz", min_size=1, max_size=3)


@st.composite
def medications(draw: st.DrawFn) -> ResolvedMedication:
    drugs = [Drug(id=id_, name=id_) for id_ in draw(st.lists(ids, min_size=1, max_size=4, unique=True))]
    kinds = st.sampled_from([NameKind.AS_WRITTEN, NameKind.BRAND, NameKind.SYNONYM, NameKind.CLASS])
    names = [
        DrugName(text=text, kind=kind, source="made up", drug=draw(st.sampled_from(drugs)).id)
        for text, kind in draw(st.lists(st.tuples(texts, kinds), max_size=6))
    ]
    together = draw(st.booleans()) or len(drugs) < 2
    return ResolvedMedication(
        text=" ".join(drug.id for drug in drugs),
        recognised=True,
        drugs=tuple(drugs),
        names=tuple(names),
        alternatives=() if together else (tuple(drug.id for drug in drugs),),
    )


lists = st.lists(medications(), max_size=6)
plans = st.builds(NamesPlan, table_names=st.integers(0, 3), proposed_names=st.integers(0, 2))
orders = st.sampled_from(["both", "alternate"])


def plain_pairs(resolved: list[ResolvedMedication]) -> set[tuple[str, str]]:
    """The obvious twin: two drugs make a pair if some two lines, or one line as a combination, can hold both."""
    found = set()
    for i, one in enumerate(resolved):
        for j, other in enumerate(resolved):
            for a in one.drugs:
                for b in other.drugs:
                    apart = i == j and any({a.id, b.id} <= set(group) for group in one.alternatives)
                    if a.id < b.id and not apart:
                        found.add((a.id, b.id))
    return found


@given(lists, plans)
def test_every_pair_that_can_be_taken_together_and_no_other(
    resolved: list[ResolvedMedication], plan: NamesPlan
) -> None:
    drugs = listed_drugs(resolved, plan, {})
    pairs = [listed.pair.ids for listed in listed_pairs(drugs, resolved)]
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == plain_pairs(resolved)


@given(lists, plans, orders)
def test_counted_in_closed_form_as_when_built(resolved: list[ResolvedMedication], plan: NamesPlan, order: str) -> None:
    drugs = listed_drugs(resolved, plan, {})
    pairs = list(listed_pairs(drugs, resolved))
    built = [q for listed in pairs for q in questions(listed, EVALUATORS, BOUND, order, Stage.SCREEN)]  # type: ignore[arg-type]
    pair_count, name_pair_count = name_pairs(drugs, resolved)
    assert pair_count == len(pairs)
    most = name_pair_count * sum(len(BOUND[e.role or ""]) for e in EVALUATORS) * (2 if order == "both" else 1)
    shared = any(set(one.names) & set(other.names) for one, other in combinations(drugs, 2))
    assert len(built) <= most if shared else len(built) == most
    # Two pairs may share a question (both parts of a combination go by its brand); one pair never asks one twice.
    assert len({(q.pair, q.id) for q in built}) == len(built)


@given(lists.flatmap(lambda items: st.tuples(st.just(items), st.permutations(items))), plans, orders)
def test_the_order_of_the_list_changes_no_question(
    both: tuple[list[ResolvedMedication], list[ResolvedMedication]], plan: NamesPlan, order: str
) -> None:
    asked = []
    for resolved in both:
        drugs = listed_drugs(resolved, plan, {})
        pairs = listed_pairs(drugs, resolved)
        asked.append({q.id for listed in pairs for q in questions(listed, EVALUATORS, BOUND, order, Stage.SCREEN)})  # type: ignore[arg-type]
    # The table's names come in the table's order, not the list's: only their choice among equals may follow the list.
    if plan.table_names == 0:
        assert asked[0] == asked[1]


@given(lists, medications(), plans, orders)
def test_a_further_medication_or_spelling_costs_no_question(
    resolved: list[ResolvedMedication], further: ResolvedMedication, plan: NamesPlan, order: str
) -> None:
    def asked(items: list[ResolvedMedication]) -> set[str]:
        pairs = listed_pairs(listed_drugs(items, plan, {}), items)
        return {q.id for listed in pairs for q in questions(listed, EVALUATORS, BOUND, order, Stage.SCREEN)}  # type: ignore[arg-type]

    assert asked(resolved) <= asked([*resolved, further])


@given(lists)
def test_every_name_is_asked_with_every_name_of_the_other(resolved: list[ResolvedMedication]) -> None:
    drugs = listed_drugs(resolved, NamesPlan(table_names=9), {})
    for listed in listed_pairs(drugs, resolved):
        asked = {frozenset(q.names) for q in questions(listed, EVALUATORS, BOUND, "alternate", Stage.SCREEN)}
        assert asked == {frozenset((a, b)) for a in listed.names[0] for b in listed.names[1] if a != b}


def test_ten_thousand_medications_are_counted_without_being_built() -> None:
    resolved = [
        ResolvedMedication(text=f"d{n:05}", recognised=True, drugs=(Drug(id=f"d{n:05}", name=f"d{n:05}"),), names=())
        for n in range(10_000)
    ]
    drugs = listed_drugs(resolved, NamesPlan(), {})
    assert name_pairs(drugs, resolved) == (49_995_000, 49_995_000)
