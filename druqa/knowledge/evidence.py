"""Local reference tables about drug pairs. They only flag: a pair that they do not list is not thereby safe.

`listed` reads pairs that a source names, drug by drug or class by class. `mechanism` reads what each drug does (its
roles) and the rules about two roles that meet. Look-ups are by dictionary: a pair costs microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from druqa.knowledge.tables import damaged, fingerprint, numbered_rows, read_sources
from druqa.records import Severity
from druqa.resources import folder

CLASS = "class:"
"""Marks a side of a listed pair that stands for every drug with a role, or every member of a class."""
ANY = "*"
NONE = "-"
_SEVERITIES = {severity.value: severity for severity in Severity if severity is not Severity.UNKNOWN}


class Role(NamedTuple):
    """What a drug does, or what is done to it, that can make it interact."""

    drug: str
    role: str
    strength: str
    source: str


class Rule(NamedTuple):
    """What happens when two drugs with two roles meet."""

    role_a: str
    strength_a: str
    role_b: str
    strength_b: str
    severity: Severity
    mechanism: str
    effect: str
    management: str
    source: str


class ListedPair(NamedTuple):
    """Two drugs or classes that a source names together."""

    side_a: str
    side_b: str
    severity: Severity
    mechanism: str
    effect: str
    management: str
    source: str


class Hit(NamedTuple):
    """One flag from the tables: what happens, what to do, and the rows behind it as one readable chain."""

    severity: Severity
    mechanism: str
    effect: str
    management: str
    chain: str
    source: str


class Tables(NamedTuple):
    """The rows as they stand in the files."""

    roles: tuple[Role, ...]
    rules: tuple[Rule, ...]
    pairs: tuple[ListedPair, ...]
    phrases: Mapping[str, str] = {}
    """How to say that a drug has a role: `cyp3a4_inhibitor` -> `a CYP3A4 inhibitor`."""
    titles: Mapping[str, str] = {}
    """Source key -> the short title shown to readers."""
    version: str = ""


class Evidence:
    """The tables, indexed."""

    def __init__(self, tables: Tables) -> None:
        self.version = tables.version
        self._phrases, self._titles = tables.phrases, tables.titles
        self._roles: dict[str, list[Role]] = {}
        self._rules: dict[tuple[str, str], list[tuple[Rule, str, str]]] = {}
        self._pairs: dict[tuple[str, str], list[ListedPair]] = {}
        self._paired = {side for pair in tables.pairs for side in (pair.side_a, pair.side_b)}
        for role in tables.roles:
            self._roles.setdefault(role.drug, []).append(role)
        for rule in tables.rules:
            self._index(rule)
        for pair in tables.pairs:
            self._pairs.setdefault(_ordered(pair.side_a, pair.side_b), []).append(pair)

    def roles_of(self, drug: str) -> tuple[Role, ...]:
        """The roles of a drug, sorted; none for a drug that the tables do not know."""
        return tuple(sorted(self._roles.get(drug, ())))

    def listed(self, drug_a: str, drug_b: str) -> tuple[Hit, ...]:
        """The listed pairs that the two drugs, or classes that hold them, make up; worst first."""
        first, second = _ordered(drug_a, drug_b)
        return _worst_first(self._listed(first, second)) if first != second else ()

    def mechanism(self, drug_a: str, drug_b: str) -> tuple[Hit, ...]:
        """The rules that a role of one drug and a role of the other meet; worst first."""
        first, second = _ordered(drug_a, drug_b)
        return _worst_first(self._mechanism(first, second)) if first != second else ()

    def _index(self, rule: Rule) -> None:
        """File a rule under both directions, so that a look-up need not turn the pair round."""
        forward, backward = (rule.role_a, rule.role_b), (rule.role_b, rule.role_a)
        self._rules.setdefault(forward, []).append((rule, rule.strength_a, rule.strength_b))
        if forward != backward or rule.strength_a != rule.strength_b:
            self._rules.setdefault(backward, []).append((rule, rule.strength_b, rule.strength_a))

    def _sides(self, drug: str) -> list[tuple[str, str]]:
        """The sides of listed pairs that a drug stands on, each with the words that say why."""
        itself = [(drug, "")] if drug in self._paired else []
        classes = [role for role in self._roles.get(drug, ()) if CLASS + role.role in self._paired]
        return itself + [(CLASS + role.role, self.describe(role._replace(strength=NONE))) for role in classes]

    def _listed(self, first: str, second: str) -> Iterator[Hit]:
        others = self._sides(second)
        for side_a, why_a in self._sides(first) if others else ():
            for side_b, why_b in others:
                for pair in self._pairs.get(_ordered(side_a, side_b), ()):
                    outcome = f"{first} with {second}: {pair.effect} [{self._cite(pair.source)}]"
                    chain = "; ".join(filter(None, (why_a, why_b, outcome)))
                    yield Hit(pair.severity, pair.mechanism, pair.effect, pair.management, chain, pair.source)

    def _mechanism(self, first: str, second: str) -> Iterator[Hit]:
        for role_a in self._roles.get(first, ()):
            for role_b in self._roles.get(second, ()):
                for rule, strength_a, strength_b in self._rules.get((role_a.role, role_b.role), ()):
                    if strength_a in (ANY, role_a.strength) and strength_b in (ANY, role_b.strength):
                        yield self._hit(rule, role_a, role_b)

    def _hit(self, rule: Rule, role_a: Role, role_b: Role) -> Hit:
        outcome = f"together: {rule.effect} [{self._cite(rule.source)}]"
        chain = f"{self.describe(role_a)}; {self.describe(role_b)}; {outcome}"
        source = "; ".join(dict.fromkeys((role_a.source, role_b.source, rule.source)))
        return Hit(rule.severity, rule.mechanism, rule.effect, rule.management, chain, source)

    def describe(self, role: Role) -> str:
        """Say that a drug has a role, how strongly, and who says so."""
        phrase = self._phrases.get(role.role, f"a {role.role.replace('_', ' ')}")
        if role.strength != NONE:
            strength = "narrow-index" if role.strength == "narrow" else role.strength
            phrase = f"a {strength} {phrase.removeprefix('an ').removeprefix('a ')}"
        return f"{role.drug} is {phrase} [{self._cite(role.source)}]"

    def _cite(self, source: str) -> str:
        """A source with its short title in place of its key."""
        key, colon, locator = source.partition(":")
        return f"{self._titles.get(key, key)}{colon}{locator}"


def read_tables(directory: Path) -> Tables:
    """Read every table of an evidence folder.

    Raises:
        DataError: if a table is missing or damaged, with the file, the line, what is wrong and the mend.

    """
    version, titles = read_sources(directory / "sources.toml")
    names = numbered_rows(directory / "role_names.tsv", ("role", "phrase", "strengths"))
    roles = numbered_rows(directory / "roles.tsv", Role._fields, titles)
    rules = _graded(directory / "rules.tsv", Rule._fields, titles)
    pairs = _graded(directory / "pairs.tsv", ListedPair._fields, titles)
    return Tables(
        roles=tuple(Role._make(row) for _, row in roles),
        rules=tuple(Rule(a, at, b, bt, severity, *rest) for severity, (a, at, b, bt, _, *rest) in rules),
        pairs=tuple(ListedPair(a, b, severity, *rest) for severity, (a, b, _, *rest) in pairs),
        phrases={role: phrase for _, (role, phrase, _) in names},
        titles=titles,
        version=f"{version}+{fingerprint(directory)}",
    )


def load_evidence(directory: Path | None = None) -> Evidence:
    """Read and index the evidence tables: the ones that ship with druqa, or those in a folder. Read once a process.

    Raises:
        DataError: if a table is missing or damaged, with the file, the line, what is wrong and the mend.

    """
    return _load(directory or folder("cascades") / "evidence")


@lru_cache(maxsize=8)
def _load(directory: Path) -> Evidence:
    return Evidence(read_tables(directory))


def _graded(file: Path, header: tuple[str, ...], sources: Mapping[str, str]) -> Iterator[tuple[Severity, list[str]]]:
    """The rows of a table that has a severity, with it."""
    column = header.index("severity")
    for number, row in numbered_rows(file, header, sources):
        severity = _SEVERITIES.get(row[column])
        if severity is None:
            raise damaged(file, number, f"unknown severity {row[column]!r}", f"use one of: {', '.join(_SEVERITIES)}")
        yield severity, row


def _ordered(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one <= other else (other, one)


def _worst_first(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    return tuple(sorted(set(hits), key=lambda hit: (hit.severity.rank, hit[1:])))
