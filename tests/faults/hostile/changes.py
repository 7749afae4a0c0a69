"""How a reply is changed: what the catalogue of content faults is made of."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from tests.faults.hostile.words import Honest, Said, Voice

Change = Callable[[dict[str, Any], Random], Any]
HARMS = (
    "no_interaction, may cause severe bleeding",
    "no_interaction is likely. Together they may cause severe bleeding.",
    "The combination can lead to torsades de pointes.",
    "It could increase the plasma level of the first drug.",
)


def dumped(honest: Honest) -> str:
    return json.dumps(honest.reply)


def text(make: Callable[[str, Random], str]) -> Callable[[Honest, Random], Said]:
    """A change to the written JSON."""
    return lambda honest, rng: Said(make(dumped(honest), rng))


def object_(change: Change) -> Callable[[Honest, Random], Said]:
    """A change to the object before it is written."""
    return lambda honest, rng: Said(json.dumps(change(dict(honest.reply), rng)))


def says(text: str | None, **more: Any) -> Callable[[Honest, Random], Said]:
    return lambda honest, rng: Said(text, **more)


def ends(reason: str, *, half: bool = False) -> Callable[[Honest, Random], Said]:
    def make(honest: Honest, rng: Random) -> Said:
        text = dumped(honest)
        return Said(text[: rng.randrange(len(text))] if half else text, finish=reason)

    return make


def is_pair(honest: Honest) -> bool:
    return "drug_1" in honest.reply


def is_no(honest: Honest) -> bool:
    return honest.voice is Voice.NO and is_pair(honest)


def is_verdict(honest: Honest) -> bool:
    return "outcome" in honest.reply


def is_plain_no(honest: Honest) -> bool:
    return is_no(honest) and is_verdict(honest)


def needs_a_reason(honest: Honest) -> bool:
    """A no of an evaluator, and a rival that confirms; one that disputes a flag changes nothing."""
    return is_no(honest) and honest.reply.get("view") != "disputes"


def has_reason(honest: Honest) -> bool:
    return "reason" in honest.reply


def choice_key(reply: dict[str, Any]) -> str:
    return "outcome" if "outcome" in reply else "view" if "view" in reply else "question_id"


def named(value: Callable[[dict[str, Any], Random], Any], key: str = "") -> Change:
    """The same object with another value under one key: by default the one that decides."""
    return lambda reply, rng: {**reply, key or choice_key(reply): value(reply, rng)}


def twice(text: str, rng: Random) -> str:
    return rng.choice(["\n", "", ","]).join((text, text))


def no_and_yes(text: str, rng: Random) -> str:
    other = text.replace("no_interaction", "interaction")
    return "\n".join(rng.sample([text, other], 2))


def cut(text: str, rng: Random) -> str:
    return text[: rng.randrange(1, len(text))]


def repeated(text: str, rng: Random) -> str:
    key = choice_key(json.loads(text))
    return f"{text[:-1]}, {json.dumps(key)}: {json.dumps(json.loads(text)[key])}}}"


def deep(text: str, rng: Random) -> str:
    depth = rng.choice([500, 20_000])
    return f'{text[:-1]}, "more": {"[" * depth}{"]" * depth}}}'


def big(honest: Honest, rng: Random) -> Said:
    return Said(json.dumps({**honest.reply, "reason": "x" * 5_000_000}))


def reason(text: Any) -> Change:
    return lambda reply, rng: {**reply, "reason": text}


def missing(reply: dict[str, Any], rng: Random) -> Any:
    del reply[rng.choice(list(reply))]
    return reply


def junk_names(reply: dict[str, Any], rng: Random) -> Any:
    """Names that are none, and names that break whatever does not quote them. None of them can be a name."""
    own = reply["question_id"]
    junk = [
        "",
        "\n",
        "x" * 500,
        f"\x1b[2J\u202e{own}",
        f'a"\n---\nquestion_id: "{own}',
        f"$first ${{x}} {own}",
        f"\u0000{{{own}}}",
    ]
    return {**reply, "names": [rng.choice(junk) for _ in range(rng.choice([1, 3, 300]))]}


def escaped(text: str, rng: Random) -> str:
    return text.replace("o", "\\u006f") if rng.random() < 0.5 else text.replace('": ', '" \r\n:\t')


def shuffled(reply: dict[str, Any], rng: Random) -> Any:
    return dict(rng.sample(list(reply.items()), len(reply)))


def echoed_loosely(reply: dict[str, Any], rng: Random) -> Any:
    return {**reply, "drug_1": f" {reply['drug_1'].upper()} ", "question_id": reply["question_id"].upper()}


def swapped(reply: dict[str, Any], rng: Random) -> Any:
    return {**reply, "drug_1": reply["drug_2"], "drug_2": reply["drug_1"]}
