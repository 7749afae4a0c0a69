"""Worlds in which the truth is known: made-up and known drugs, who would say yes to which pair, and a small cascade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

from druqa.cascade import Cascade
from druqa.cascade_files import load_cascade
from tests.faults.hostile.words import NEGATIVE, Honest, Voice
from tests.support.cascades import write_cascade
from tests.support.script import Asked, plain_no, yes

Pair = frozenset[str]
# Known drugs of which no table lists a pair, and two that tables list with each other.
QUIET = (
    "acetaminophen", "acyclovir", "albuterol", "amlodipine", "biotin", "cefuroxime", "cetirizine", "clotrimazole",
    "cromolyn", "docusate", "doxycycline", "gabapentin", "guaifenesin", "ibuprofen", "latanoprost", "loratadine",
    "metformin", "montelukast", "mupirocin", "nystatin", "oseltamivir", "permethrin", "psyllium", "sitagliptin",
)  # fmt: skip
LISTED = ("aspirin", "warfarin")
SEVERITIES = ("contraindicated", "major", "moderate", "minor", "unknown")


@dataclass(frozen=True)
class Shape:
    """How much of everything a world's cascade has."""

    evaluators: int = 2
    auditors: int = 1
    rivals: int = 2
    name_prompts: int = 2
    proposed_names: int = 1
    answer: bool = True
    evidence: bool = True
    orders: str = "both"

    def write(self, folder: Path) -> Path:
        """The cascade on disk. Worlds of one shape share it."""
        path = folder / f"shape_{SHAPES.index(self) if self in SHAPES else 'own'}"
        return path if path.exists() else write_cascade(path, **self.__dict__)


SHAPES = (
    Shape(),
    Shape(evaluators=1, rivals=0, name_prompts=0, answer=False),
    Shape(evaluators=3, auditors=2, evidence=False),
    Shape(orders="alternate", evidence=False),
    Shape(auditors=2, rivals=1, name_prompts=1, answer=False),
    Shape(evaluators=3, rivals=2, name_prompts=0, evidence=False),
    Shape(evaluators=1, auditors=2, rivals=1, proposed_names=0, orders="alternate"),
    Shape(evidence=False, rivals=0),
)


@dataclass
class World:
    """One made-up world. Everything in it follows from its seed."""

    seed: str
    shape: Shape
    folder: Path
    drugs: tuple[str, ...]
    lists: tuple[tuple[str, ...], ...]
    peace: float = 0.7
    """Share of the pairs to which no evaluator says yes."""
    owners: dict[str, str] = field(default_factory=dict)
    """A name that a model proposed to the drug it is for."""

    @cached_property
    def path(self) -> Path:
        return self.shape.write(self.folder)

    @cached_property
    def cascade(self) -> Cascade:
        return _loaded(self.path)

    def drug(self, name: str) -> str:
        return self.owners.get(name, name)

    def pair(self, asked: Asked) -> Pair:
        return frozenset(self.drug(name) for name in asked.names)

    def proposals(self, drug: str, prompt: str, model: str) -> list[str]:
        """The further names that an honest model gives; what is asked about them is known to be about the drug."""
        if Random(f"{self.seed} {drug} {prompt} {model}").random() < 0.5:
            return []
        name = f"{drug}ex{prompt[-1]}{model[-1]}"
        self.owners[name] = drug
        return [name]

    def honest(self, model: str, asked: Asked) -> Honest:
        """What a well-behaved model would reply."""
        if asked.prompt.startswith("names_"):
            names = self.proposals(asked.data["Name"], asked.prompt, model)
            return Honest(asked, {**plain_no(asked), "names": names}, Voice.NONE)
        if asked.prompt == "answer":
            return Honest(asked, plain_no(asked), Voice.NONE)
        voice, severity = self.truth(self.pair(asked), asked.prompt, model)
        if asked.prompt.startswith("rival"):
            return _review(asked, voice, severity)
        if voice is Voice.NO:
            return Honest(asked, plain_no(asked), voice)
        outcome = "interaction" if voice is Voice.YES else "unclear"
        return Honest(asked, yes(asked, severity, outcome), voice, severity if voice is Voice.YES else "unknown")

    def truth(self, pair: Pair, prompt: str, model: str) -> tuple[Voice, str]:
        """What this evaluator of this model sees in this pair."""
        ordered = " ".join(sorted(pair))
        if Random(f"{self.seed} {ordered}").random() < self.peace:
            return Voice.NO, "unknown"
        rng = Random(f"{self.seed} {ordered} {prompt} {model}")
        voice = rng.choices([Voice.NO, Voice.YES, Voice.UNCLEAR], [0.7, 0.22, 0.08])[0]
        return voice, rng.choice(SEVERITIES)

    @property
    def pairs(self) -> tuple[set[Pair], ...]:
        """The pairs of each list."""
        return tuple({frozenset(pair) for pair in combinations(set(drugs), 2)} for drugs in self.lists)


def _review(asked: Asked, voice: Voice, severity: str) -> Honest:
    """A rival that sees nothing confirms a negative and disputes a flag; one that sees something does the reverse."""
    negative = NEGATIVE in asked.data["answer"]
    reply: Mapping[str, Any] = plain_no(asked)
    if voice is Voice.NO:
        return Honest(asked, {**reply, "view": "confirms" if negative else "disputes"}, Voice.NO)
    view = "disputes" if negative else "confirms"
    return Honest(asked, {**reply, "view": view, "severity": severity, "reason": "seen"}, Voice.YES, severity)


def make_world(seed: str, folder: Path, *, lists: int = 1, drugs: int = 4, shape: Shape | None = None) -> World:
    """A world with so many lists, which share no drug, and so many drugs on each; one or more of them made up."""
    rng = Random(seed)
    known = rng.sample([*QUIET, *LISTED], lists * drugs)
    chosen = []
    for index in range(lists):
        made_up = [_word(rng) for _ in range(min(drugs, rng.choice([1, 1, 1, 2, 4])))]
        chosen.append((*known[index * drugs : (index + 1) * drugs - len(made_up)], *made_up))
    everyone = tuple(drug for medications in chosen for drug in medications)
    return World(seed, shape or rng.choice(SHAPES), folder, everyone, tuple(chosen), peace=rng.choice([0.5, 0.8, 1]))


@cache
def _loaded(path: Path) -> Cascade:
    return load_cascade(path)


def _word(rng: Random) -> str:
    """A drug that nobody knows."""
    return "zz" + "".join(rng.choice("bcdfgklmnpqrstvwxz") + rng.choice("aeiou") for _ in range(5))
