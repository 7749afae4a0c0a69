"""Fuzzes the reader of models' replies: `python -m tests.fuzz.replies [--seconds N]`."""

from __future__ import annotations

import json
import sys
from random import Random
from typing import Any

from tests.fuzz import engine, mutate

_FORMS = ("VerdictReply", "NamesReply", "AnswerReply", "ReviewReply")
_FINISHES = (None, "stop", "length", "content_filter", "")
_KEYS = ("question_id", "drug_1", "drug_2", "outcome", "severity", "mechanism", "reason", "names", "management", "text",
         "view")  # fmt: skip
_VALUES: tuple[Any, ...] = (
    "q1", "warfarin", "WARFARIN", "St. John's wort", "interaction", "no_interaction", "unclear", "major", "minor",
    "contraindicated", "moderate", "unknown", "confirms", "adds", "escalates", "disputes", "", " ", "none", "no",
    "may cause bleeding", "No harm known.", "x" * 4001, "\ud800", "```", "null", None, True, False, 0, 1, -1.5, 1e30,
    [], {}, ["aspirin", "ASA"], ["\ud800"], [None], {"outcome": "interaction"},
)  # fmt: skip
_PIECES = (
    "```", "```json\n", "\n```", "\n", "{", "}", "[", "]", '"', ":", ",", "\\", "\\u0022", "\\ud800", "\\u006e", "null",
    "NaN", "-Infinity", "true", "1e999", "//", "/* */", "'", "<think>", "</think>", "data: ", "\ufeff", "Here is: ",
    '"outcome": "no_interaction"', '"outcome": "interaction",', '"severity": "major",', "no_interaction", "interaction",
)  # fmt: skip
_LONGEST = 60_000


def pack(case: dict[str, Any]) -> bytes:
    """A case as bytes: three letters for the form, how it ended and what was asked, then the text."""
    head = f"{_FORMS.index(case['form'])}{_FINISHES.index(case['finish'])}{case['echo']}"
    return engine.as_bytes(head + case["text"])


def unpack(data: bytes) -> dict[str, Any]:
    """The case that bytes stand for; any bytes are one."""
    text = engine.as_text(data)
    form, finish, echo = (ord(char) for char in (text[:3] + "000")[:3])
    return {
        "form": _FORMS[(form - 48) % len(_FORMS)],
        "finish": _FINISHES[(finish - 48) % len(_FINISHES)],
        "echo": (echo - 48) % 2,
        "text": text[3:],
    }


def change(case: dict[str, Any], random: Random) -> dict[str, Any]:
    """Another case: the object changed, or how it is written, or the text."""
    kind = random.random()
    if kind < 0.04:
        return {**case, "form": random.choice(_FORMS)}
    if kind < 0.06:
        return {**case, "finish": random.choice(_FINISHES)}
    if kind < 0.08:
        return {**case, "echo": 1 - case["echo"]}
    if kind < 0.55:
        try:
            value = json.loads(case["text"])
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            return {**case, "text": _written(_changed(value, random), random)}
    return {**case, "text": mutate.text(case["text"], random, _PIECES, _LONGEST)}


def _changed(value: dict[str, Any], random: Random) -> dict[str, Any]:
    fields = list(value.items())
    kind = random.randrange(5)
    if kind == 0 and fields:
        fields.pop(random.randrange(len(fields)))
    elif kind == 1:
        fields.append((random.choice((*_KEYS, "Outcome", "outcome ", "\ud800", "x" * 3000)), random.choice(_VALUES)))
    elif kind == 2:
        random.shuffle(fields)
    elif fields:
        place = random.randrange(len(fields))
        key, old = fields[place]
        spelled = isinstance(old, str) and random.random() < 0.5
        fields[place] = (key, mutate.text(old, random, _PIECES, 5000) if spelled else random.choice(_VALUES))
    return dict(fields)


def _written(value: dict[str, Any], random: Random) -> str:
    """The object as a model may write it: escaped or not, indented, fenced, with a key twice."""
    text = json.dumps(value, ensure_ascii=random.random() < 0.5, indent=random.choice((None, None, 2)))
    kind = random.randrange(12)
    if kind == 0:
        return f"```json\n{text}\n```"
    if kind == 1:
        return f"```{random.choice(('', 'JSON', 'json ', ' '))}\n{text}{random.choice(('', ' ', chr(10)))}```"
    if kind == 2 and value:
        key = random.choice(list(value))
        return text[:-1] + f", {json.dumps(key)}: {json.dumps(random.choice(_VALUES))}" + "}"
    if kind == 3:
        return text[: random.randint(0, len(text))]
    return text


TARGET = engine.Target(
    "replies", "tests.fuzz.reply_oracle", ("druqa.models", "druqa.stages"), pack, unpack, change, 4 * _LONGEST
)

if __name__ == "__main__":
    sys.exit(engine.run(TARGET))
