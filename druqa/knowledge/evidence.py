"""Local reference tables about drug pairs. They only flag: a pair that they do not list is not thereby safe.

`listed` reads pairs that a source names, drug by drug or class by class. `mechanism` reads what each drug does (its
roles) and the rules about two roles that meet. Look-ups are by dictionary: a pair costs microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from druqa.knowledge.evidence_tables import ANY, CLASS, NONE, ListedPair, Role, Rule, Tables, read_tables
from druqa.records import Severity
from druqa.resources import folder

AFFECTED = "the affected drug"
SUBSTRATE = "_substrate"
"""How a rule speaks of the drug whose exposure changes, and how the role of that drug ends."""


class Hit(NamedTuple):
    """One flag from the tables: what happens, what to do, and the rows behind it as one readable chain."""

    severity: Severity
    mechanism: str
    effect: str
    management: str
    chain: str
    source: str
    depends: str = ""
    """When it is graver, and how grave: `contraindicated: above 20 mg a week; major: ...`."""


LookUp = Callable[[str, str], tuple[Hit, ...]]
"""What a table says of two drugs, by their ids."""


class _Ready(NamedTuple):
    """What is put together once for each drug: a million pairs are of some hundred drugs, and most meet in no row."""

    sides: list[tuple[str, str]]
    """The sides of listed pairs that it stands on, each with the words that say why."""
    opposite: frozenset[str]
    """The sides that some listed pair has opposite to one of them."""
    roles: frozenset[str]
    met_by: frozenset[str]
    """The roles that some rule has opposite to one of its own."""


class Evidence:
    """The tables, indexed."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.version = tables.version
        self.list_rules = tables.list_rules
        self._phrases, self._titles = tables.phrases, tables.titles
        self._roles: dict[str, list[Role]] = {}
        self._rules: dict[tuple[str, str], list[tuple[Rule, str, str]]] = {}
        self._pairs: dict[tuple[str, str], list[ListedPair]] = {}
        self._paired = {side for pair in tables.pairs for side in (pair.side_a, pair.side_b)}
        self._said: dict[Role, str] = {}
        self._ready: dict[str, _Ready] = {}
        self._sorted: dict[str, tuple[Role, ...]] = {}
        for role in tables.roles:
            self._roles.setdefault(role.drug, []).append(role)
        for rule in tables.rules:
            self._index(rule)
        for pair in tables.pairs:
            self._pairs.setdefault(_ordered(pair.side_a, pair.side_b), []).append(pair)
        self._opposite = _neighbours(self._pairs)
        self._met_by = _neighbours(self._rules)

    @property
    def sources(self) -> frozenset[str]:
        """Every source that a row cites."""
        tables = self._tables
        return frozenset(
            (
                *(role.source for role in tables.roles),
                *(rule.source for rule in tables.rules),
                *(pair.source for pair in tables.pairs),
                *(rule.source for rule in tables.list_rules),
            )
        )

    def roles_of(self, drug: str) -> tuple[Role, ...]:
        """The roles of a drug, sorted; none for a drug that the tables do not know."""
        if drug not in self._sorted:
            self._sorted[drug] = tuple(sorted(self._roles.get(drug, ())))
        return self._sorted[drug]

    def listed(self, drug_a: str, drug_b: str) -> tuple[Hit, ...]:
        """The listed pairs that the two drugs, or classes that hold them, make up; worst first."""
        first, second = _ordered(drug_a, drug_b)
        one, other = self._of(first), self._of(second)
        if first == second or one.opposite.isdisjoint([side for side, _ in other.sides]):
            return ()
        return _worst_first(self._listed(first, second))

    def mechanism(self, drug_a: str, drug_b: str) -> tuple[Hit, ...]:
        """The rules that a role of one drug and a role of the other meet; worst first."""
        first, second = _ordered(drug_a, drug_b)
        if first == second or self._of(first).met_by.isdisjoint(self._of(second).roles):
            return ()
        return _worst_first(self._mechanism(first, second))

    def _index(self, rule: Rule) -> None:
        """File a rule under both directions, so that a look-up need not turn the pair round."""
        forward, backward = (rule.role_a, rule.role_b), (rule.role_b, rule.role_a)
        self._rules.setdefault(forward, []).append((rule, rule.strength_a, rule.strength_b))
        if forward != backward or rule.strength_a != rule.strength_b:
            self._rules.setdefault(backward, []).append((rule, rule.strength_b, rule.strength_a))

    def _of(self, drug: str) -> _Ready:
        if drug not in self._ready:
            sides, roles = self._sides(drug), frozenset(role.role for role in self._roles.get(drug, ()))
            opposite = frozenset(other for side, _ in sides for other in self._opposite.get(side, ()))
            met_by = frozenset(other for role in roles for other in self._met_by.get(role, ()))
            self._ready[drug] = _Ready(sides, opposite, roles, met_by)
        return self._ready[drug]

    def _sides(self, drug: str) -> list[tuple[str, str]]:
        itself = [(drug, "")] if drug in self._paired else []
        classes = [role for role in self._roles.get(drug, ()) if CLASS + role.role in self._paired]
        return itself + sorted((CLASS + role.role, self.describe(role._replace(strength=NONE))) for role in classes)

    def _listed(self, first: str, second: str) -> Iterator[Hit]:
        told = set()
        for side_a, why_a in self._of(first).sides:
            for side_b, why_b in self._of(second).sides:
                for pair in self._pairs.get(_ordered(side_a, side_b), ()):
                    if pair in told:
                        # Both drugs are members of both classes: the row says one thing, told one way round.
                        continue
                    told.add(pair)
                    outcome = f"{first} with {second}: {pair.effect or 'an interaction'} [{self.cite(pair.source)}]"
                    chain = "; ".join(filter(None, (why_a, why_b, outcome)))
                    depends = "" if pair.depends == NONE else pair.depends
                    yield Hit(pair.severity, pair.mechanism, pair.effect, pair.management, chain, pair.source, depends)

    def _mechanism(self, first: str, second: str) -> Iterator[Hit]:
        for role_a in self._roles.get(first, ()):
            for role_b in self._roles.get(second, ()):
                for rule, strength_a, strength_b in self._rules.get((role_a.role, role_b.role), ()):
                    if strength_a in (ANY, role_a.strength) and strength_b in (ANY, role_b.strength):
                        yield self._hit(rule, role_a, role_b)

    def _hit(self, rule: Rule, role_a: Role, role_b: Role) -> Hit:
        rule = _naming_the_affected(rule, role_a, role_b)
        outcome = f"together: {rule.effect} [{self.cite(rule.source)}]"
        chain = f"{self.describe(role_a)}; {self.describe(role_b)}; {outcome}"
        source = "; ".join(dict.fromkeys((role_a.source, role_b.source, rule.source)))
        return Hit(rule.severity, rule.mechanism, rule.effect, rule.management, chain, source)

    def describe(self, role: Role) -> str:
        """Say that a drug has a role, how strongly, and who says so."""
        if role not in self._said:
            self._said[role] = self._describe(role)
        return self._said[role]

    def _describe(self, role: Role) -> str:
        phrase = self._phrases.get(role.role, f"a {role.role.replace('_', ' ')}")
        if role.strength != NONE:
            strength = "narrow-index" if role.strength == "narrow" else role.strength
            phrase = f"a {strength} {phrase.removeprefix('an ').removeprefix('a ')}"
        return f"{role.drug} is {phrase} [{self.cite(role.source)}]"

    def cite(self, source: str) -> str:
        """A source with its short title in place of its key."""
        key, colon, locator = source.partition(":")
        return f"{self._titles.get(key, key)}{colon}{locator}"


def load_evidence(directory: Path | None = None) -> Evidence:
    """Read and index the evidence tables: the ones that ship with druqa, or those in a folder. Read once a process.

    Raises:
        DataError: if a table is missing or damaged, with the file, the line, what is wrong and the mend.

    """
    return _load(directory or folder("cascades") / "evidence")


@lru_cache(maxsize=8)
def _load(directory: Path) -> Evidence:
    return Evidence(read_tables(directory))


def _naming_the_affected(rule: Rule, role_a: Role, role_b: Role) -> Rule:
    """A rule about a substrate with the drug in its place."""
    drug = next((role.drug for role in (role_a, role_b) if role.role.endswith(SUBSTRATE)), AFFECTED)
    texts = (text.replace(AFFECTED, drug) for text in (rule.mechanism, rule.effect, rule.management))
    mechanism, effect, management = texts
    return rule._replace(mechanism=mechanism, effect=effect, management=management)


def _neighbours(edges: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """What stands opposite to each side of some edges."""
    found: dict[str, set[str]] = {}
    for one, other in edges:
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return found


def _ordered(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one <= other else (other, one)


def _worst_first(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    return tuple(sorted(set(hits), key=lambda hit: (hit.severity.rank, hit[1:])))
