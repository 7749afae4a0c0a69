"""Evidence against a plain nested-loop twin, in both orders, and as rows are added."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from druqa.knowledge.evidence import Evidence, Hit, ListedPair, Role, Rule, Tables, load_evidence, read_tables
from druqa.records import Severity
from druqa.resources import folder

DRUGS = ("a", "b", "c")
ROLES = ("x", "y", "z")
STRENGTHS = ("strong", "weak", "-")
severities = st.sampled_from([severity for severity in Severity if severity is not Severity.UNKNOWN])
words = st.sampled_from(("m", "n"))
roles = st.builds(Role, st.sampled_from(DRUGS), st.sampled_from(ROLES), st.sampled_from(STRENGTHS), words)
wanted = st.sampled_from((*STRENGTHS, "*"))
rules = st.builds(
    Rule, st.sampled_from(ROLES), wanted, st.sampled_from(ROLES), wanted, severities, words, words, words, words
)
sides = st.sampled_from((*DRUGS, *(f"class:{role}" for role in ROLES)))
pairs = st.builds(ListedPair, sides, sides, severities, words, words, words, words)
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


def has(role: Role) -> str:
    strength = "" if role.strength == "-" else f"{role.strength} "
    return f"{role.drug} is a {strength}{role.role} [{role.source}]"


def twin_mechanism(data: Tables, one: str, other: str) -> set[Hit]:
    """Every role of the one with every role of the other under every rule, turned both ways."""
    first, second = sorted((one, other))
    hits = set()
    for role_a in data.roles:
        for role_b in data.roles:
            for rule in data.rules:
                if (role_a.drug, role_b.drug) != (first, second) or first == second:
                    continue
                ends = [(rule.role_a, rule.strength_a), (rule.role_b, rule.strength_b)]
                for end_a, end_b in (ends, ends[::-1]):
                    met = [
                        role.role == name and strength in ("*", role.strength)
                        for role, (name, strength) in ((role_a, end_a), (role_b, end_b))
                    ]
                    if all(met):
                        chain = f"{has(role_a)}; {has(role_b)}; together: {rule.effect} [{rule.source}]"
                        source = "; ".join(dict.fromkeys((role_a.source, role_b.source, rule.source)))
                        hits.add(Hit(rule.severity, rule.mechanism, rule.effect, rule.management, chain, source))
    return hits


def stands(data: Tables, drug: str, side: str) -> list[str]:
    """The reasons why a drug is a side of a listed pair; none where it is not."""
    members = [role._replace(strength="-") for role in data.roles if role.drug == drug and side == f"class:{role.role}"]
    return ([""] if drug == side else []) + [f"{has(role)}; " for role in members]


def twin_listed(data: Tables, one: str, other: str) -> set[Hit]:
    """Every listed pair, turned both ways."""
    first, second = sorted((one, other))
    hits = set()
    for pair in data.pairs if first != second else ():
        for side_a, side_b in ((pair.side_a, pair.side_b), (pair.side_b, pair.side_a)):
            for why_a in stands(data, first, side_a):
                for why_b in stands(data, second, side_b):
                    chain = f"{why_a}{why_b}{first} with {second}: {pair.effect} [{pair.source}]"
                    hits.add(Hit(pair.severity, pair.mechanism, pair.effect, pair.management, chain, pair.source))
    return hits


@given(tables, drugs, drugs)
def test_equals_the_nested_loop_twin(data: Tables, one: str, other: str) -> None:
    evidence = Evidence(data)
    for found, expected in (
        (evidence.mechanism(one, other), twin_mechanism(data, one, other)),
        (evidence.listed(one, other), twin_listed(data, one, other)),
    ):
        assert len(found) == len(set(found))
        assert set(found) == expected


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
    assert set(fewer.listed(one, other)) <= set(both.listed(one, other))


SHIPPED = read_tables(folder("cascades") / "evidence")
shipped_drugs = st.sampled_from(sorted({role.drug for role in SHIPPED.roles}))


@given(shipped_drugs, shipped_drugs)
def test_shipped_tables_give_every_flag_a_text_and_a_source(one: str, other: str) -> None:
    evidence = load_evidence()
    for hit in evidence.listed(one, other) + evidence.mechanism(one, other):
        assert all(hit)
        assert one in hit.chain
        assert other in hit.chain
