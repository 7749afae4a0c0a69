"""The plain twin of the evidence index: nested loops over all rows. Slow, and obviously right."""

from __future__ import annotations

from druqa.knowledge.evidence import Hit
from druqa.knowledge.evidence_tables import Role, Tables


def has(role: Role) -> str:
    strength = "" if role.strength == "-" else f"{role.strength} "
    return f"{role.drug} is a {strength}{role.role.replace('_', ' ')} [{role.source}]"


def twin_mechanism(data: Tables, one: str, other: str) -> set[Hit]:
    """Every role of the one with every role of the other under every rule, turned both ways."""
    first, second = sorted((one, other))
    hits = set()
    for role_a in [role for role in data.roles if role.drug == first != second]:
        for role_b in [role for role in data.roles if role.drug == second]:
            for rule in data.rules:
                ends = [(rule.role_a, rule.strength_a), (rule.role_b, rule.strength_b)]
                for end_a, end_b in (ends, ends[::-1]):
                    met = [
                        role.role == name and strength in ("*", role.strength)
                        for role, (name, strength) in ((role_a, end_a), (role_b, end_b))
                    ]
                    if all(met):
                        substrates = [role.drug for role in (role_a, role_b) if role.role.endswith("_substrate")]
                        mechanism, effect, management = (
                            text.replace("the affected drug", (substrates or ["the affected drug"])[0])
                            for text in (rule.mechanism, rule.effect, rule.management)
                        )
                        chain = f"{has(role_a)}; {has(role_b)}; together: {effect} [{rule.source}]"
                        source = "; ".join(dict.fromkeys((role_a.source, role_b.source, rule.source)))
                        hits.add(Hit(rule.severity, mechanism, effect, management, chain, source))
    return hits


def stands(data: Tables, drug: str, side: str) -> list[str]:
    """The reasons why a drug is a side of a listed pair; none where it is not."""
    members = [role._replace(strength="-") for role in data.roles if role.drug == drug and side == f"class:{role.role}"]
    return ([""] if drug == side else []) + [f"{has(role)}; " for role in members]


def twin_listed(data: Tables, one: str, other: str) -> set[Hit]:
    """Every listed pair, turned both ways; of two ways to tell one row, the first by its sides."""
    first, second = sorted((one, other))
    hits = set()
    for pair in data.pairs if first != second else ():
        told = [
            (side_a, why_a, side_b, why_b)
            for side_a, side_b in ((pair.side_a, pair.side_b), (pair.side_b, pair.side_a))
            for why_a in stands(data, first, side_a)
            for why_b in stands(data, second, side_b)
        ]
        if told:
            _, why_a, _, why_b = min(told)
            chain = f"{why_a}{why_b}{first} with {second}: {pair.effect or 'an interaction'} [{pair.source}]"
            depends = "" if pair.depends == "-" else pair.depends
            hits.add(Hit(pair.severity, pair.mechanism, pair.effect, pair.management, chain, pair.source, depends))
    return hits
