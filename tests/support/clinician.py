"""A simulated clinician behind any provider: each request has one answer, whoever brings it and whenever.

Not clinical: what it says follows from hashes. It sees some interactions, is unsure of some, contradicts itself, is cut
off or garbled, and proposes names; asked again it mostly mends that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from druqa.cascade import Cascade
from druqa.prompts import PromptText
from tests.support.loopback import Loopback, completion
from tests.support.script import Asked, Reader, plain_no, yes

_GRADES = ("contraindicated", "major", "moderate", "minor", "unknown")
_AGAIN = "Your last reply could not be used"


class Clinician:
    def __init__(self, cascade: Cascade) -> None:
        self._reader = Reader(cascade)

    def completion(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a request of the OpenAI protocol."""
        system, user = (message["content"] for message in body["messages"])
        text, finish = self._answer(PromptText(instruction=system, data=user))
        answer = completion(body["model"], text)
        answer["choices"][0]["finish_reason"] = finish
        return answer

    def message(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a request of Anthropic's protocol."""
        (system,), (user,) = params["system"], params["messages"][0]["content"]
        text, finish = self._answer(PromptText(instruction=system["text"], data=user["text"]))
        return {
            "id": "msg_simulated",
            "type": "message",
            "role": "assistant",
            "model": f"{params['model']}-as-served",
            "content": [{"type": "text", "text": text}],
            "stop_reason": {"stop": "end_turn", "length": "max_tokens"}[finish],
            "stop_sequence": None,
            "usage": {"input_tokens": 100, "output_tokens": 20},
        }

    def _answer(self, prompt: PromptText) -> tuple[str, str]:
        asked = self._reader.read(prompt)
        again = _AGAIN in prompt.data
        whole = json.dumps(self._reply(asked, again=again))
        chance = _chance("fault", asked.data["question_id"], again)
        if chance < 0.03:
            return whole[: len(whole) // 2], "stop"
        if chance < 0.05:
            return whole[: len(whole) // 2], "length"
        return ("I would rather not say.", "stop") if chance < 0.06 else (whole, "stop")

    def _reply(self, asked: Asked, *, again: bool) -> dict[str, Any]:
        chance = _chance("reply", asked.data["question_id"])
        if asked.prompt.startswith("names_"):
            return {**plain_no(asked), "names": [f"{asked.data['Name']} ratio"] if chance < 0.1 else []}
        if asked.prompt == "answer":
            reply = plain_no(asked)
            return {**reply, "text": reply["text"] + " It is safe."} if chance < 0.1 else reply
        grade = _GRADES[int(_chance("grade", *sorted(asked.names)) * len(_GRADES))]
        if asked.prompt.startswith("rival"):
            view = ("disputes", "adds", "escalates", "confirms")[min(3, int(chance * 20))]
            return {**plain_no(asked), "view": view, "severity": grade if chance < 0.15 else None}
        if _chance("interacts", *sorted(asked.names)) < 0.3 and chance < 0.7:
            return yes(asked, grade)
        if chance > 0.97:
            return yes(asked, "unknown", "unclear")
        if chance > 0.94 and not (again and chance > 0.95):
            return {**plain_no(asked), "severity": grade if grade != "unknown" else "major"}
        return plain_no(asked)


class Practice(Loopback):
    """The clinician behind a server of both protocols."""

    def __init__(self, clinician: Clinician) -> None:
        super().__init__()
        self._clinician = clinician

    def answer(self, request: dict[str, Any]) -> tuple[int, dict[str, str], dict[str, Any]]:
        answer = self._clinician.message if "system" in request else self._clinician.completion
        return 200, {}, answer(request)


def _chance(*parts: object) -> float:
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
