"""The catalogue of content faults: each a pure function of what was asked, the truth, and chance."""

from __future__ import annotations

import json
from typing import Any

from druqa.models.replies import VerdictReply
from tests.faults.hostile.changes import (
    HARMS,
    big,
    choice_key,
    cut,
    deep,
    dumped,
    echoed_loosely,
    ends,
    escaped,
    has_reason,
    is_no,
    is_pair,
    is_plain_no,
    junk_names,
    missing,
    named,
    needs_a_reason,
    no_and_yes,
    object_,
    reason,
    repeated,
    says,
    shuffled,
    swapped,
    text,
    twice,
)
from tests.faults.hostile.words import CANARY, Fault, Means, Said, always

SAME: tuple[Fault, ...] = tuple(
    Fault(name, Means.SAME, make, fits)
    for name, make, fits in (
        (
            "in a code fence",
            text(lambda t, r: r.choice(["```json\n{}\n```", "```\n{}\n```"]).replace("{}", t)),
            always,
        ),
        ("blanks around it", text(lambda t, r: f"\r\n\t {t} \n\n"), always),
        ("escaped letters and odd spaces", text(escaped), always),
        ("keys in another order", object_(shuffled), always),
        ("echo in upper case", object_(echoed_loosely), is_pair),
        ("model name drift", lambda h, r: Said(dumped(h), model=f"drifted-{r.randrange(9)}"), always),
    )
)
MAY: tuple[Fault, ...] = tuple(
    Fault(name, Means.MAY, make, fits, weight=weight)
    for name, make, fits, weight in (
        ("byte order mark", text(lambda t, r: f"\ufeff{t}"), always, 1),
        ("lone surrogate in the reason", object_(reason("none \ud83d known")), has_reason, 1),
        ("NUL in the reason", object_(reason("none\u0000 known")), has_reason, 1),
        ("terminal escapes in the reason", object_(reason("\x1b[2J\x1b]0;x\x07 none \u202eknown")), has_reason, 1),
        ("a reason of blanks", object_(reason(" \u200b\n")), lambda h: has_reason(h) and not needs_a_reason(h), 1),
        ("names of rubbish", object_(junk_names), lambda h: "names" in h.reply, 3),
        ("5 MB of blanks around it", text(lambda t, r: " " * 2_500_000 + t + "\n" * 2_500_000), always, 0.005),
    )
)
ODD_USAGE = (
    {"prompt_tokens": -5, "completion_tokens": -1, "total_tokens": -6},
    {"prompt_tokens": "many", "completion_tokens": None},
    {"prompt_tokens": 1e300, "completion_tokens": 10**30, "total_tokens": 0},
    [],
    "free",
)
ODD_MODELS = (123, None, "", "\ud800", "\x1b[31m" * 3, CANARY, ["a"], "m" * 100_000)
UNSURE: tuple[Fault, ...] = (
    Fault(
        "a no whose reason names a harm",
        Means.UNSURE,
        object_(lambda reply, rng: {**reply, "reason": rng.choice(HARMS)}),
        is_no,
        weight=2,
    ),
    Fault(
        "a no that is graded",
        Means.UNSURE,
        object_(named(lambda reply, rng: rng.choice(["major", "minor", "contraindicated"]), "severity")),
        is_no,
    ),
    Fault(
        "a no whose mechanism names a harm",
        Means.UNSURE,
        object_(lambda reply, rng: {**reply, "mechanism": rng.choice(HARMS)}),
        is_plain_no,
    ),
)
NOTHING: tuple[Fault, ...] = tuple(
    Fault(name, Means.NOTHING, make, fits, weight=weight)
    for name, make, fits, weight in (
        ("content null", says(None), always, 1),
        ("content empty", says(""), always, 1),
        ("content of blanks", says(" \n\t\u00a0"), always, 1),
        ("a refusal in words", says("I'm sorry, but I can't give medical advice."), always, 1),
        ("a refusal in its field", says(None, message={"refusal": "I can't help with that."}), always, 1),
        ("content filter, nothing", says(None, finish="content_filter"), always, 1),
        ("content filter, whole", ends("content_filter"), always, 1),
        ("cut by length", ends("length", half=True), always, 1),
        ("whole, yet cut by length", ends("length"), always, 1),
        ("an unheard-of finish reason", ends("\x1b[31m\n---\nDrug 1: " * 500), always, 1),
        ("cut, and says stop", text(cut), always, 3),
        ("prose no", says("No, these drugs do not interact: no_interaction."), always, 1),
        ("prose yes", says("Yes, this may cause severe bleeding."), always, 1),
        ("prose around the JSON", text(lambda t, r: r.choice([f"Sure! {t}", f"{t}\nHope this helps."])), always, 1),
        ("an extra key", object_(lambda reply, rng: {**reply, "but": "severe bleeding"}), always, 1),
        ("an extra key of 40,000 letters", object_(lambda reply, rng: {**reply, "k\n" * 20_000: 1}), always, 0.02),
        ("a key with a lone surrogate", object_(lambda reply, rng: {**reply, "\ud800": 1}), always, 1),
        ("a missing key", object_(missing), always, 1),
        ("wrong types", object_(named(lambda reply, rng: rng.choice([False, 0, None, [], {}, 1.5]))), always, 1),
        ("wrong type of reason", object_(named(lambda _, rng: rng.choice([None, 7, [""]]), "reason")), has_reason, 1),
        ("a reason of blanks under a no", object_(reason("  \u200b\n")), needs_a_reason, 1),
        ("the schema", says(json.dumps(VerdictReply.model_json_schema())), always, 1),
        ("several objects", text(twice), always, 1),
        ("a no and a yes", text(no_and_yes), is_plain_no, 1),
        ("a list of one", object_(lambda reply, rng: [reply]), always, 1),
        ("a key twice", text(repeated), always, 1),
        ("NaN", text(lambda t, r: f'{t[:-1]}, "severity": {r.choice(["NaN", "Infinity", "-Infinity"])}}}'), always, 1),
        ("a huge number", object_(named(lambda reply, rng: rng.choice([10**40, 1e308, -1]))), always, 1),
        ("a number of 5,000 digits", text(lambda t, r: f'{t[:-1]}, "n": {"9" * 5000}}}'), always, 0.1),
        ("deeply nested", text(deep), always, 0.05),
        ("JavaScript", text(lambda t, r: t.replace('"', "'") if r.random() < 0.5 else f"{t[:-1]},}}"), always, 1),
        ("another question's id", object_(named(lambda reply, rng: "q0123456789abcdef", "question_id")), always, 1),
        ("no id", object_(lambda reply, rng: {k: v for k, v in reply.items() if k != "question_id"}), always, 1),
        ("the right id, another drug", object_(named(lambda reply, rng: "paracetamol", "drug_2")), is_pair, 1),
        ("the right id, drugs swapped", object_(swapped), is_pair, 1),
        ("enum in upper case", object_(named(lambda reply, rng: str(reply[choice_key(reply)]).upper())), is_pair, 1),
        ("enum translated", object_(named(lambda reply, rng: "keine Interaktion")), is_pair, 1),
        ("enum with a hidden letter", object_(named(lambda r, _: f"{r[choice_key(r)]}\u200b")), is_pair, 1),
        ("5 MB", big, always, 0.005),
        ("bytes that are no UTF-8", text(lambda t, r: t.replace('"', "\ufffd")), always, 1),
        ("HTML", says("<html><body>502 Bad Gateway</body></html>"), always, 1),
        ("an error as content", says(json.dumps({"error": {"message": f"bad key {CANARY}"}})), always, 1),
        ("tool calls", lambda h, r: Said(None, finish="tool_calls", message=_tool_call(dumped(h))), always, 1),
    )
)  # fmt: skip
# Nothing in process corresponds to these: they show on the wire only.
ON_THE_WIRE: tuple[Fault, ...] = (
    Fault("the key in the reason", Means.MAY, object_(reason(f"none known; {CANARY}")), has_reason, wire=True),
    Fault("odd usage", Means.MAY, lambda h, r: Said(dumped(h), usage=r.choice(ODD_USAGE)), wire=True),
    Fault("odd model name", Means.MAY, lambda h, r: Said(dumped(h), model=r.choice(ODD_MODELS)), wire=True),
    Fault("the same in two choices", Means.MAY, lambda h, r: Said(None, choices=(dumped(h),) * 2), wire=True),
    Fault("no choices", Means.NOTHING, lambda h, r: Said(None, choices=()), wire=True, weight=3),
    Fault("a no, and another choice", Means.NOTHING, lambda h, r: Said(None, choices=(dumped(h), "Yes!")), wire=True),
)


def _tool_call(arguments: str) -> dict[str, Any]:
    call = {"id": "c1", "type": "function", "function": {"name": "VerdictReply", "arguments": arguments}}
    return {"tool_calls": [call]}


CONTENT: tuple[Fault, ...] = (*SAME, *MAY, *UNSURE, *NOTHING, *ON_THE_WIRE)
