"""A provider's batches, simulated: takes files of requests and writes files of results, shuffled, split and packed.

Of each hundred requests some fail the first time they are handed in, in every way in which a request can fail.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from druqa.models.base import Limits, ModelFailure, Reply
from druqa.prompts import PromptText
from tests.support.clinician import Clinician

_FAULTS = ("error", "expired", "canceled", "blank", "lost")
_PARTS = 3


class BatchProvider:
    def __init__(self, clinician: Clinician, *, faults: float = 0.08) -> None:
        """`faults` is the share of requests that fail the first time."""
        self._clinician, self._faults = clinician, faults
        self._failed: set[str] = set()
        self.handed_in = 0

    def answer(self, requests: Iterable[Path], folder: Path) -> None:
        """Answer every request of some files into files of results in a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        lines: list[dict[str, Any]] = []
        for file in requests:
            with file.open("rb") as stream:
                lines += [answer for line in stream if (answer := self._result(json.loads(line)))]
        chance = random.Random(len(lines))
        lines += chance.sample(lines, len(lines) // 50)
        chance.shuffle(lines)
        for part in range(_PARTS):
            text = "".join(json.dumps(line) + "\n" for line in lines[part::_PARTS]).encode()
            if part:
                (folder / f"output_{part}.jsonl").write_bytes(text)
            else:
                (folder / f"output_{part}.jsonl.gz").write_bytes(gzip.compress(text, mtime=0))

    def _result(self, request: dict[str, Any]) -> dict[str, Any] | None:
        self.handed_in += 1
        id_ = request["custom_id"]
        fault = None
        digest = hashlib.sha256(id_.encode()).digest()
        if id_ not in self._failed and int.from_bytes(digest[:4], "big") / 2**32 < self._faults:
            self._failed.add(id_)
            fault = _FAULTS[digest[4] % len(_FAULTS)]
        if fault == "lost":
            return None
        return self._anthropic(id_, request["params"], fault) if "params" in request else self._openai(request, fault)

    def _openai(self, request: dict[str, Any], fault: str | None) -> dict[str, Any]:
        said = {"id": f"batch_req_{request['custom_id']}", "custom_id": request["custom_id"]}
        if fault in ("expired", "canceled"):
            code = "batch_expired" if fault == "expired" else "batch_cancelled"
            return {**said, "response": None, "error": {"code": code, "message": "This request was not executed."}}
        if fault == "error":
            body = {"error": {"message": "The server had an error.", "type": "server_error", "code": None}}
            return {**said, "response": {"status_code": 500, "request_id": "r", "body": body}, "error": None}
        body = self._clinician.completion(request["body"])
        if fault == "blank":
            body["choices"][0]["message"]["content"], body["choices"][0]["finish_reason"] = "", "stop"
        return {**said, "response": {"status_code": 200, "request_id": "r", "body": body}, "error": None}

    def _anthropic(self, id_: str, params: dict[str, Any], fault: str | None) -> dict[str, Any]:
        if fault in ("expired", "canceled"):
            return {"custom_id": id_, "result": {"type": fault}}
        if fault == "error":
            error = {"type": "error", "error": {"type": "api_error", "message": "Internal server error"}}
            return {"custom_id": id_, "result": {"type": "errored", "error": error}}
        message = self._clinician.message(params)
        if fault == "blank":
            message["content"] = []
        return {"custom_id": id_, "result": {"type": "succeeded", "message": message}}


@dataclass
class FiledModel:
    """A model that only files reach; it speaks the protocol of its provider by itself."""

    name: str
    family: str
    provider: str = "openai"
    limits: Limits = field(default_factory=Limits)
    parameters: Mapping[str, Any] = field(default_factory=lambda: {"temperature": 0})
    price: None = None

    def prepare(self) -> None:
        pass

    async def complete(self, prompt: PromptText, schema: Mapping[str, Any]) -> Reply:
        raise AssertionError("it is asked by files alone")

    def request_body(self, prompt: PromptText, schema: Mapping[str, Any]) -> dict[str, Any]:
        model = self.name.partition("/")[2]
        if self.provider == "anthropic":
            system, user = ([{"type": "text", "text": text}] for text in (prompt.instruction, prompt.data))
            return {"model": model, "system": system, "messages": [{"role": "user", "content": user}]}
        messages = [{"role": "system", "content": prompt.instruction}, {"role": "user", "content": prompt.data}]
        format_ = {"type": "json_schema", "json_schema": dict(schema)}
        return {"model": model, "messages": messages, **self.parameters, "response_format": format_}

    def read_response(self, body: bytes) -> Reply:
        said = json.loads(body)
        if self.provider == "anthropic":
            text = "".join(block["text"] for block in said["content"])
            finish = {"end_turn": "stop", "max_tokens": "length"}[said["stop_reason"]]
        else:
            text, finish = said["choices"][0]["message"]["content"], said["choices"][0]["finish_reason"]
        if not text:
            raise ModelFailure(f"{self.name}: a response without a reply in it")
        return Reply(text=text, finish_reason=finish, answered_as=said["model"])
