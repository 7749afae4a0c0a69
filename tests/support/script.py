"""A model whose every reply is known beforehand, given through the constructor, never patched in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from druqa.cascade import Cascade
from druqa.cascade_files import load_cascade
from druqa.models.base import Limits, ModelFailure, Price, Reply
from druqa.prompts import Prompt, PromptText


@dataclass(frozen=True)
class Asked:
    """A prompt, read back: which of the cascade's prompts it is, and the data in its slot."""

    prompt: str
    data: Mapping[str, Any]

    @property
    def names(self) -> frozenset[str]:
        return frozenset((self.data["Drug 1"], self.data["Drug 2"]))

    @property
    def echo(self) -> dict[str, Any]:
        """What a reply about a pair must repeat."""
        return {
            "question_id": self.data["question_id"],
            "drug_1": self.data["Drug 1"],
            "drug_2": self.data["Drug 2"],
        }


class Reader:
    """Reads prompts of a cascade back, by their instruction and the labels in their data slot."""

    def __init__(self, cascade: Cascade) -> None:
        auditors = cascade.sign_off.auditors if cascade.sign_off else ()
        named: list[tuple[str, Prompt | None]] = [
            *((e.name, e.prompt) for e in (*cascade.evaluators, *auditors)),
            *((r.name, r.prompt) for r in cascade.rival),
            *((f"names_{p.kind}", p.prompt) for p in cascade.names.prompts),
            ("answer", cascade.answer.prompt if cascade.answer else None),
        ]
        self._by_instruction = {prompt.instruction: name for name, prompt in named if prompt}

    def read(self, prompt: PromptText) -> Asked:
        lines = (line.partition(": ") for line in prompt.data.splitlines() if ": " in line)
        data = {label: json.loads(value) for label, _, value in lines if not label.startswith("Your last reply")}
        return Asked(self._by_instruction[prompt.instruction], data)


Says = Callable[[Asked], "dict[str, Any] | str | Reply | ModelFailure | None"]


def plain_no(asked: Asked) -> dict[str, Any]:
    """The well-formed reply of a model that sees nothing: no interaction, no further names, the answer confirmed."""
    id_ = asked.data["question_id"]
    if asked.prompt.startswith("names_"):
        return {"question_id": id_, "names": []}
    if asked.prompt.startswith("rival"):
        return {**asked.echo, "view": "confirms", "severity": None, "reason": "nothing to add"}
    if asked.prompt == "answer":
        text = f"{asked.data['Drug 1']} with {asked.data['Drug 2']} carries a risk."
        return {
            "question_id": id_,
            "severity": asked.data["severity"],
            "mechanism": "as found",
            "management": "watch",
            "text": text,
        }
    return {**asked.echo, "outcome": "no_interaction", "severity": None, "mechanism": "", "reason": "none known"}


def yes(asked: Asked, severity: str = "major", outcome: str = "interaction") -> dict[str, Any]:
    return {
        **asked.echo,
        "outcome": outcome,
        "severity": severity,
        "mechanism": "made up",
        "reason": f"scripted {outcome}",
    }


_SCRIPTS = count()


@dataclass
class ScriptedModel:
    """Answers by `says`; where that gives None, with a plain no. Remembers every prompt."""

    says: Says = lambda asked: None
    name: str = "scripted/alpha"
    family: str = "alpha"
    cascade: Cascade = field(default_factory=lambda: load_cascade("recall_first"))
    limits: Limits = field(default_factory=lambda: Limits(concurrency=64, timeout_s=30))
    # Part of the key of a paid reply: no two scripts may share a journal's rows.
    parameters: Mapping[str, Any] = field(default_factory=lambda: {"script": next(_SCRIPTS)})
    price: Price | None = field(default_factory=lambda: Price(prompt=1e-6, completion=2e-6))
    prompts: list[PromptText] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reader = Reader(self.cascade)

    def prepare(self) -> None:
        pass

    async def complete(self, prompt: PromptText, schema: Mapping[str, Any]) -> Reply:
        self.prompts.append(prompt)
        asked = self._reader.read(prompt)
        said = self.says(asked)
        if isinstance(said, ModelFailure):
            raise said
        if isinstance(said, Reply):
            return said
        text = said if isinstance(said, str) else json.dumps(plain_no(asked) if said is None else said)
        return Reply(
            text=text,
            finish_reason="stop",
            answered_as=self.name,
            prompt_tokens=10,
            completion_tokens=5,
            usd=2e-5,
        )
