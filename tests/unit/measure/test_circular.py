"""No table is scored against what it was built from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from druqa.measure.circular import Standing, built_from, documents, standing
from druqa.measure.gold import GoldPair
from druqa.settings import Settings
from druqa.setup import set_up


def pair(*sources: str, interacts: bool = True) -> GoldPair:
    return GoldPair(drugs=("a", "b"), interacts=interacts, sources=sources, written=("a", "b"))


@pytest.mark.parametrize(
    ("source", "is_from"),
    [
        ("ANSM", "ansm"),
        ("ansm: warfarine / miconazole", "ansm"),
        ("ONC", "phansalkar_2012"),
        ("label: Dronedarone, Contraindications", "label: dronedarone"),
        ("label: dronedarone, Clinical Pharmacology", "label: dronedarone"),
        ("bnf", "bnf"),
        ("label: topotecan (oral), Drug Interactions", "label: topotecan"),
    ],
)
def test_a_source_is_a_document(source: str, is_from: str) -> None:
    assert documents(source) == {is_from}


def test_the_label_of_a_product_is_a_document_of_each_of_its_drugs() -> None:
    found = documents("label: sofosbuvir/velpatasvir, Drug Interactions")
    assert found == {"label: sofosbuvir", "label: velpatasvir"}


def test_a_pair_is_circular_if_any_of_its_sources_is_in_the_tables() -> None:
    known = {"ansm", "label: dronedarone"}
    assert standing(pair("BNF", "ANSM"), known) is Standing.CIRCULAR
    assert standing(pair("label: dronedarone, Contraindications"), known) is Standing.CIRCULAR
    assert standing(pair("BNF", "label: simvastatin, Contraindications"), known) is Standing.INDEPENDENT
    assert standing(pair(), known) is Standing.UNSTATED


def test_without_tables_nothing_is_circular() -> None:
    assert standing(pair("ANSM"), set()) is Standing.INDEPENDENT
    assert standing(pair(), set()) is Standing.INDEPENDENT


def test_tables_never_say_no_so_no_negative_is_circular() -> None:
    assert standing(pair("ANSM", interacts=False), {"ansm"}) is Standing.INDEPENDENT


def test_the_shipped_tables_are_built_from_what_their_rows_cite() -> None:
    setup = set_up("embedded", None, Settings())
    assert {"ansm", "phansalkar_2012", "label: warfarin"} <= built_from(setup)
    without = replace(setup, cascade=setup.cascade.model_copy(update={"evaluators": ()}))
    assert built_from(without) == frozenset()


def test_beside_tables_of_the_users_own_nothing_is_independent() -> None:
    assert standing(pair("BNF"), {"ansm"}, own=True) is Standing.UNSTATED
    assert standing(pair("ANSM"), {"ansm"}, own=True) is Standing.CIRCULAR


def test_a_european_label_is_what_the_american_one_is() -> None:
    assert documents("smpc: opicapone, 4.3") == documents("label: opicapone, Contraindications")
