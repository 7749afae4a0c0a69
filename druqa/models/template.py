"""A model's HTTP request with two places left free, for the instruction and for the data of a prompt.

litellm writes two requests, for two prompts made up here. The first becomes the template; only if the template filled
with the second prompt is the second request, in address, headers and body, does litellm's request follow from the
prompt in this way, and is used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from druqa.models.provider import Caught
from druqa.prompts import PromptText

# Of all that may stand in a prompt: several lines, quotes, backslashes, other scripts, markup, braces, spaces.
MADE_UP = (
    PromptText(
        instruction='You are asked wvqzone.\n\n- "quoted" \\ back\tslash: 5 < 6 & {braces} <b>\u00e9\U0001f48a</b>',
        data='question_id: "zqxdataone"\ndrug_1: "Caf\u00e9 \u00bd % $x {{y}}"',
    ),
    PromptText(
        instruction="Another, wvqztwo.\r\nShorter; [[x]] <|end|> \u2028 '",
        data='zqxdatatwo: {"a": ["\\u0041", null]}\n\n```json\n{}\n```',
    ),
)

# Of one connection or one library, not of the request: what sends it writes its own.
_OF_THE_SENDER = frozenset(("host", "content-length", "connection", "accept", "accept-encoding", "transfer-encoding"))
_OF_A_LIBRARY = "x-stainless-"


@dataclass(frozen=True)
class Template:
    """Fills itself with a prompt. Its headers hold a key: they are in no representation."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    _parts: tuple[str, ...] = field(repr=False)
    """Text of the JSON body between the places, which are told apart by the names of a prompt's fields."""

    def body(self, prompt: PromptText) -> bytes:
        """The JSON body for a prompt, in ASCII."""
        texts = {"instruction": _escaped(prompt.instruction), "data": _escaped(prompt.data)}
        return "".join([texts.get(part, part) for part in self._parts]).encode("ascii")


def template_of(write: Callable[[PromptText], Caught | None]) -> Template | None:
    """The template of the requests that `write` writes; None if they do not follow one."""
    requests = [write(prompt) for prompt in MADE_UP]
    first, second = requests
    if first is None or second is None or (first.url, _kept(first)) != (second.url, _kept(second)):
        return None
    try:
        made = _made(first, MADE_UP[0])
        follows = json.loads(made.body(MADE_UP[1])) == json.loads(second.body)
    except ValueError:
        return None  # no JSON
    return made if follows else None


def _made(caught: Caught, prompt: PromptText) -> Template:
    text = json.dumps(json.loads(caught.body))
    places = {_escaped(prompt.instruction): "instruction", _escaped(prompt.data): "data"}
    parts = re.split("(" + "|".join(map(re.escape, places)) + ")", text)
    return Template(caught.url, _kept(caught), tuple(places.get(part, part) for part in parts))


def _kept(caught: Caught) -> dict[str, str]:
    return {
        name: value
        for name, value in caught.headers.items()
        if name.lower() not in _OF_THE_SENDER and not name.lower().startswith(_OF_A_LIBRARY)
    }


def _escaped(text: str) -> str:
    """A text as it stands inside a JSON string, in ASCII."""
    return json.dumps(text)[1:-1]
