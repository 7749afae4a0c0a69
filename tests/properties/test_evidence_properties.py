"""Evidence against a plain nested-loop twin, in both orders, and as rows are added."""

from __future__ import annotations

import itertools

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from druqa.knowledge.evidence import Evidence, load_evidence
from druqa.knowledge.evidence_sql import load_into
from druqa.knowledge.evidence_tables import ListedPair, Role, Rule, Tables, read_tables
from druqa.records import Severity
from druqa.resources import folder
from tests.support.evidence_twin import twin_listed, twin_mechanism

DRUGS = ("a", "b", "c")
ROLES = ("x", "y", "z_substrate")
STRENGTHS = ("strong", "weak", "-")
severities = st.sampled_from([severity for severity in Severity if severity is not Severity.UNKNOWN])
words = st.sampled_from(("m", "harm to the affected drug"))
roles = st.builds(Role, st.sampled_from(DRUGS), st.sampled_from(ROLES), st.sampled_from(STRENGTHS), words)
wanted = st.sampled_from((*STRENGTHS, "*"))
rules = st.builds(
    Rule, st.sampled_from(ROLES), wanted, st.sampled_from(ROLES), wanted, severities, words, words, words, words
)
sides = st.sampled_from((*DRUGS, *(f"class:{role}" for role in ROLES)))
# A user's table may grade a pair without a word on what happens.
effects, depends = st.sampled_from(("m", "")), st.sampled_from(("-", "major: w"))
pairs = st.builds(ListedPair, sides, sides, severities, words, effects, words, depends, words)
tables = st.builds(
    Tables,
    st.lists(roles, max_size=6).map(tuple),
    st.lists(rules, max_size=6).map(tuple),
    st.lists(pairs, max_size=6).map(tuple),
    phrases=st.just({}),
    titles=st.just({}),
    version=st.just(""),
)
drugs = st.sampled_from((*DRUGS, "unheard of"))


@given(tables, drugs, drugs)
def test_equals_the_nested_loop_twin(data: Tables, one: str, other: str) -> None:
    evidence = Evidence(data)
    for found, expected in (
        (evidence.mechanism(one, other), twin_mechanism(data, one, other)),
        (evidence.listed(one, other), twin_listed(data, one, other)),
    ):
        assert len(found) == len(set(found))
        assert set(found) == expected


@given(tables)
def test_the_join_in_sql_says_the_same_of_every_pair(data: Tables) -> None:
    with duckdb.connect() as connection:
        load_into(connection, data)
        columns = "drug_a, drug_b, evaluator, severity, mechanism, effect, management, chain, source, depends"
        joined = connection.execute(f"SELECT {columns} FROM evidence").fetchall()
    expected = {
        (one, other, evaluator, *hit)
        for one, other in itertools.combinations(DRUGS, 2)
        for evaluator, twin in (("listed", twin_listed), ("mechanism", twin_mechanism))
        for hit in twin(data, one, other)
    }
    assert len(joined) == len(set(joined))
    assert set(joined) == expected


@given(tables, drugs, drugs)
def test_order_of_the_pair_does_not_matter_and_the_worst_is_first(data: Tables, one: str, other: str) -> None:
    evidence = Evidence(data)
    for look in (evidence.mechanism, evidence.listed):
        hits = look(one, other)
        assert hits == look(other, one)
        assert [hit.severity.rank for hit in hits] == sorted(hit.severity.rank for hit in hits)


@given(tables, drugs, drugs)
def test_order_and_repetition_of_rows_do_not_matter(data: Tables, one: str, other: str) -> None:
    turned = Tables(data.roles[::-1] * 2, data.rules[::-1] * 2, data.pairs[::-1] * 2)
    assert Evidence(turned).mechanism(one, other) == Evidence(data).mechanism(one, other)
    assert Evidence(turned).listed(one, other) == Evidence(data).listed(one, other)


@given(tables, tables, drugs, drugs)
def test_adding_rows_never_removes_a_hit(data: Tables, more: Tables, one: str, other: str) -> None:
    fewer = Evidence(data)
    both = Evidence(Tables(data.roles + more.roles, data.rules + more.rules, data.pairs + more.pairs))
    assert set(fewer.mechanism(one, other)) <= set(both.mechanism(one, other))
    # A row may be told by another of the drug's roles then: the chain apart, it says the same.
    assert {hit._replace(chain="") for hit in fewer.listed(one, other)} <= {
        hit._replace(chain="") for hit in both.listed(one, other)
    }


SHIPPED = read_tables(folder("cascades") / "evidence")
shipped_drugs = st.sampled_from(sorted({role.drug for role in SHIPPED.roles}))


@given(shipped_drugs, shipped_drugs)
def test_shipped_tables_give_every_flag_a_text_and_a_source(one: str, other: str) -> None:
    evidence = load_evidence()
    for hit in evidence.listed(one, other) + evidence.mechanism(one, other):
        assert all(hit[:6])
        assert one in hit.chain
        assert other in hit.chain
