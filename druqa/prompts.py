"""A prompt: an instruction that never varies, and a data slot for what it is about. Drug names are data."""

from __future__ import annotations

import json
import re
from string import Template
from typing import Self

from pydantic import model_validator

from druqa.characters import slot_json
from druqa.records import NonEmpty, Record

DATA_SLOT = "\n---\n"
"""The line that ends a prompt's instruction. Placeholders stand only after it."""


class PromptText(Record):
    """What goes to a model: an instruction that never varies, and the data it is about."""

    instruction: str
    data: str


class Prompt(Record):
    """One Markdown file: an instruction, a line `---`, and a data slot with `$placeholders`."""

    file: NonEmpty
    instruction: NonEmpty
    slot: NonEmpty

    @model_validator(mode="after")
    def _placeholders_only_in_the_slot(self) -> Self:
        if match := re.search(r"\$[a-z_{]", self.instruction):
            raise ValueError(
                f"{self.file}: a placeholder at {match.group()!r} before the line ---; move it into the data slot"
            )
        if not Template(self.slot).is_valid():
            raise ValueError(f"{self.file}: a lone $ in the data slot; write $$ for a dollar sign")
        return self

    @property
    def placeholders(self) -> frozenset[str]:
        """The names that `fill` needs."""
        return frozenset(Template(self.slot).get_identifiers())

    def fill(self, **values: object) -> PromptText:
        """Put each value, as JSON, into the data slot. Drug names are data: JSON keeps them inside their quotes.

        JSON alone would leave line separators, invisible characters and the marks of chat templates as they are.
        """
        as_json = {key: slot_json(json.dumps(value, ensure_ascii=False)) for key, value in values.items()}
        return PromptText(instruction=self.instruction, data=Template(self.slot).substitute(as_json))

    def must_hold(self, required: set[str]) -> None:
        """Check that the placeholders are exactly the ones that will be filled.

        Raises:
            ValueError: if one is unknown or missing.

        """
        for unknown in sorted(self.placeholders - required):
            raise ValueError(f"{self.file}: unknown placeholder ${unknown}; known here are {_dollars(required)}")
        for missing in sorted(required - self.placeholders):
            raise ValueError(f"{self.file}: the placeholder ${missing} is missing; needed are {_dollars(required)}")


def _dollars(names: set[str]) -> str:
    return ", ".join(f"${name}" for name in sorted(names))
