"""The evidence tables as they stand in their files: roles, rules about two roles, listed pairs, rules about a list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from druqa.errors import DataError
from druqa.knowledge.tables import damaged, fingerprint, numbered_rows, read_sources
from druqa.records import Severity

CLASS = "class:"
"""Marks a side of a listed pair that stands for every drug with a role, or every member of a class."""
ANY = "*"
NONE = "-"
ANSM = "ansm"
"""The folder of the tables that are built from the French thesaurus."""
_NEEDS = re.compile(r"[1-9] [a-z0-9_]+(\|[a-z0-9_]+)*( \+ [1-9] [a-z0-9_]+(\|[a-z0-9_]+)*)*")
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
    """What is certain: the mildest that the source says of the two."""
    mechanism: str
    effect: str
    management: str
    depends: str
    """When the source is graver: `contraindicated: above 20 mg a week; major: ...`; `-` where it is not."""
    source: str


class ListRule(NamedTuple):
    """What happens when several drugs of a list have certain roles, and no two of them show it."""

    kind: str
    title: str
    needs: str
    """What must be on the list, each a drug of its own: `3 qt_prolonging`, `1 ace_inhibitor|arb + 1 nsaid`."""
    severity: Severity
    mechanism: str
    effect: str
    management: str
    source: str

    @property
    def terms(self) -> tuple[tuple[int, frozenset[str]], ...]:
        """How many drugs with one of which roles are needed, for each part of `needs`."""
        parts = (part.split(" ") for part in self.needs.split(" + "))
        return tuple((int(count), frozenset(roles.split("|"))) for count, roles in parts)


class Tables(NamedTuple):
    """The rows as they stand in the files."""

    roles: tuple[Role, ...]
    rules: tuple[Rule, ...]
    pairs: tuple[ListedPair, ...]
    list_rules: tuple[ListRule, ...] = ()
    phrases: Mapping[str, str] = {}
    """How to say that a drug has a role: `cyp3a4_inhibitor` -> `a CYP3A4 inhibitor`."""
    titles: Mapping[str, str] = {}
    """Source key -> the short title shown to readers."""
    version: str = ""


def read_tables(directory: Path) -> Tables:
    """Read every table of an evidence folder.

    Raises:
        DataError: if a table is missing or damaged, with the file, the line, what is wrong and the mend.

    """
    version, titles = read_sources(directory / "sources.toml")
    french = directory / ANSM
    names = [
        *numbered_rows(directory / "role_names.tsv", ("role", "phrase", "strengths")),
        *numbered_rows(french / "role_names.tsv", ("role", "phrase", "strengths")),
    ]
    return Tables(
        roles=tuple(_distinct(role for place in (directory, french) for role in _roles(place / "roles.tsv", titles))),
        rules=tuple(
            Rule(a, at, b, bt, severity, *rest)
            for severity, (a, at, b, bt, _, *rest) in _graded(directory / "rules.tsv", Rule._fields, titles)
        ),
        pairs=tuple(
            ListedPair(a, b, severity, *rest)
            for place in (directory, french)
            for severity, (a, b, _, *rest) in _graded(place / "pairs.tsv", ListedPair._fields, titles)
        ),
        list_rules=tuple(
            ListRule(kind, title, _needs(needs, directory), severity, *rest)
            for severity, (kind, title, needs, _, *rest) in _graded(
                directory / "list_rules.tsv", ListRule._fields, titles
            )
        ),
        phrases={role: phrase for _, (role, phrase, _) in names},
        titles=titles,
        version=f"{version}+{fingerprint(directory)}",
    )


def _needs(needs: str, directory: Path) -> str:
    """What a rule about a list needs, if it can be read."""
    if not _NEEDS.fullmatch(needs):
        raise DataError(
            f"cannot read what the rule needs: {needs!r}",
            where=str(directory / "list_rules.tsv"),
            mend="write it like `3 qt_prolonging` or `1 ace_inhibitor|arb + 1 nsaid`",
        )
    return needs


def _roles(file: Path, sources: Mapping[str, str]) -> Iterator[Role]:
    return (Role._make(row) for _, row in numbered_rows(file, Role._fields, sources))


def _distinct(roles: Iterator[Role]) -> Iterator[Role]:
    """The roles without those that an earlier table gives the drug already: two sources of one fact are one fact."""
    seen = set()
    for role in roles:
        if role[:3] not in seen:
            seen.add(role[:3])
            yield role


def _graded(file: Path, header: tuple[str, ...], sources: Mapping[str, str]) -> Iterator[tuple[Severity, list[str]]]:
    """The rows of a table that has a severity, with it."""
    column = header.index("severity")
    for number, row in numbered_rows(file, header, sources):
        severity = _SEVERITIES.get(row[column])
        if severity is None:
            raise damaged(file, number, f"unknown severity {row[column]!r}", f"use one of: {', '.join(_SEVERITIES)}")
        yield severity, row
