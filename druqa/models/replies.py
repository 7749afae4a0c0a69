"""Reads what a model wrote. Strictly: what is not exactly the JSON asked for, about the question asked, is no vote.

Nothing is repaired. A truncated `{"outcome": "no_inter` must never become a no.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from druqa.models.base import LONGEST_REPLY, Reply
from druqa.models.harm import harm_in
from druqa.records import Severity
from druqa.report import View
from druqa.scrubbing import scrub

SCHEMA_VERSION = "2"
"""Part of the key of a paid reply: raised when the meaning of a reply changes."""

_LONGEST_ECHO = 1000
"""Characters: what is longer, and four times what was asked, is no echo of it. Marks are put in order slowly."""
_LONGEST_SHOWN = 40

ShortText = Annotated[str, Field(max_length=4000)]


class UnparsedReplyError(ValueError):
    """The reply is not what was asked for; the message says how.

    It stands in the report and in the prompt that asks again, and the words in it are the model's: one line, and short.
    """

    def __init__(self, message: str) -> None:
        super().__init__(scrub(message))


class ModelReply(BaseModel):
    """The JSON object that a model must write. Every one echoes the id of its question."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    question_id: str

    @property
    def contradiction(self) -> str:
        """What in the reply speaks against its own verdict; empty where it can be taken at its word."""
        return ""


class PairReply(ModelReply):
    """A reply about two drugs. It echoes both as they were written: the right id alone may stand over a wrong pair."""

    drug_1: str
    drug_2: str


class VerdictReply(PairReply):
    """An evaluator's or auditor's reply about one name pair."""

    outcome: Literal["interaction", "no_interaction", "unclear"]
    severity: Literal["contraindicated", "major", "moderate", "minor", "unknown"] | None
    mechanism: ShortText
    reason: Annotated[str, Field(min_length=1, max_length=4000)]

    @property
    def contradiction(self) -> str:
        """A grade, or words of harm, beside a no. Such a reply has not said no."""
        if self.outcome != "no_interaction":
            return ""
        if self.severity not in (None, "unknown"):
            return f"it says no_interaction and grades it {self.severity}"
        said = harm_in(self.mechanism) or harm_in(self.reason)
        return f"it says no_interaction and writes {said!r}" if said else ""

    @model_validator(mode="after")
    def _a_no_has_a_reason(self) -> Self:
        if self.outcome == "no_interaction" and _is_blank(self.reason):
            raise ValueError("a no without a reason")
        return self

    @property
    def grade(self) -> Severity | None:
        """The severity of a yes; None for a no."""
        if self.outcome == "no_interaction":
            return None
        return Severity(self.severity or "unknown")


class NamesReply(ModelReply):
    """Further names of one drug."""

    names: list[str]


class AnswerReply(ModelReply):
    """The written answer for a flagged pair."""

    severity: Literal["contraindicated", "major", "moderate", "minor", "unknown"]
    mechanism: ShortText
    management: ShortText
    text: Annotated[str, Field(min_length=1, max_length=4000)]


class ReviewReply(PairReply):
    """The rival's view of an answer."""

    view: Literal["confirms", "adds", "escalates", "disputes"]
    severity: Literal["contraindicated", "major", "moderate", "minor", "unknown"] | None
    reason: Annotated[str, Field(min_length=1, max_length=4000)]

    @model_validator(mode="after")
    def _what_confirms_has_a_reason(self) -> Self:
        if self.view == "confirms" and self.severity in (None, "unknown") and _is_blank(self.reason):
            raise ValueError("it confirms without a reason")
        return self

    @property
    def as_view(self) -> View:
        """The view as a record's value."""
        return View(self.view)

    @property
    def grade(self) -> Severity:
        """The severity given; `unknown` when none is."""
        return Severity(self.severity or "unknown")


def _is_blank(text: str) -> bool:
    """Whether nothing can be read in a text. A voice for an interaction counts without words; a no does not."""
    return not any(character.isalnum() for character in text)


T = TypeVar("T", bound=ModelReply)


def read_reply(reply: Reply, expected: type[T], echo: Mapping[str, str]) -> T:
    """Read a model's reply to one question.

    Args:
        reply: what came.
        expected: the form that it must have.
        echo: the id of the question and, where it is about a pair, the two drugs as they were asked about.

    Raises:
        UnparsedReplyError: if it is anything but one whole JSON object of the expected form, about this question.

    """
    text = (reply.text or "").strip()
    if reply.finish_reason not in (None, "stop"):
        raise UnparsedReplyError(f"the reply did not finish: {_shown(reply.finish_reason)}")
    if not text:
        raise UnparsedReplyError("the reply is empty")
    if len(text) > LONGEST_REPLY:
        raise UnparsedReplyError(f"the reply is more than {LONGEST_REPLY} characters long")
    read = _validate(_load(_unfenced(text)), expected)
    for field, asked in echo.items():
        if not _echoes(said := getattr(read, field), asked):
            raise UnparsedReplyError(f"the reply is about another question: {field} is '{_shown(said)}'")
    return read


def _unfenced(text: str) -> str:
    """What stands in the one code fence around a whole reply. By hand: a pattern takes cubic time over blank lines."""
    opening, line_break, rest = text.partition("\n")
    if line_break and opening.rstrip() in ("```", "```json") and rest.endswith("```"):
        return rest.removesuffix("```").strip()
    return text


def _shown(text: str) -> str:
    """The beginning of a text that a model wrote, on one line: it goes into the next prompt and into the report."""
    return repr(text[:_LONGEST_SHOWN])[1:-1]


def _echoes(said: str, asked: str) -> bool:
    if len(said) > max(_LONGEST_ECHO, 4 * len(asked)):
        return False
    return said == asked or _plain(said) == _plain(asked)


def _plain(text: str) -> str:
    """A text as it is compared: models change the case and the spaces of what they echo, and mean the same."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _load(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise UnparsedReplyError(f"the reply is not one JSON object: {str(error)[:120]}") from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _validate(value: Any, expected: type[T]) -> T:
    try:
        return expected.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = _shown(".".join(str(part) for part in first["loc"])) or "the reply"
        raise UnparsedReplyError(f"{where}: {first['msg'].removeprefix('Value error, ')}") from None


@cache
def json_schema(expected: type[ModelReply]) -> dict[str, Any]:
    """The JSON schema of a reply, in the strict form that providers ask for: every property required, none extra."""
    schema = expected.model_json_schema()
    return {
        "name": expected.__name__,
        "strict": True,
        "schema": {key: schema[key] for key in ("type", "properties", "required", "additionalProperties")},
    }
