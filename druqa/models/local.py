"""A model in this process: a GGUF file of the user's, through llama.cpp (extra `[local]`). No HTTP, no key."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from druqa.models.base import Limits, ModelFailure, Price, Reply
from druqa.models.families import family_of
from druqa.prompts import PromptText
from druqa.settings import ModelSettings

PREFIX = "local:"
DEFAULT_PARAMETERS: dict[str, Any] = {"temperature": 0, "max_tokens": 200, "seed": 1}
_CONTEXT_TOKENS = 4096
_THREADS = 1


class LocalModel:
    """A GGUF file, loaded at the first question. Its name is `local:` and the path."""

    def __init__(self, name: str, settings: ModelSettings) -> None:
        self.name = name
        self.path = Path(name.removeprefix(PREFIX)).expanduser()
        self.family = settings.family or family_of(self.path.name)
        # llama.cpp answers one prompt at a time here: a second would only wait inside it, with our clock running.
        self.limits = Limits(concurrency=1, timeout_s=settings.timeout_s)
        self._sent = {**DEFAULT_PARAMETERS, **settings.parameters}
        # Another file under the same path is another model: its replies must not pass for this one's.
        stat = self.path.stat() if self.path.is_file() else None
        self.parameters = {**self._sent, "file": [stat.st_size, stat.st_mtime_ns] if stat else None}
        self.price = Price(prompt=0.0, completion=0.0)
        self._server: Any = None
        self._loading = Lock()

    def prepare(self) -> None:
        """Load the weights."""
        with self._loading:
            if self._server is None:
                self._server = self._load()

    def _load(self) -> Any:
        if not self.path.is_file():
            raise ModelFailure(f"there is no model file {self.path}", fatal=True)
        try:
            import xllamacpp  # noqa: PLC0415 - an extra, and slow to load
        except ImportError:
            raise ModelFailure("local models need the extra: pip install 'druqa[local]'", fatal=True) from None
        params = xllamacpp.CommonParams()
        params.model.path = str(self.path)
        params.n_ctx = _CONTEXT_TOKENS
        params.n_parallel = 1
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = _THREADS
        params.warmup = False
        params.verbosity = 0
        try:
            return xllamacpp.Server(params)
        except RuntimeError as error:
            raise ModelFailure(f"{self.path.name} cannot be loaded: {error}", fatal=True) from None

    async def complete(self, prompt: PromptText, schema: Mapping[str, Any]) -> Reply:
        """Answer in a thread: llama.cpp holds no Python lock while it computes."""
        request = {
            "messages": [
                {"role": "system", "content": prompt.instruction},
                {"role": "user", "content": prompt.data},
            ],
            "response_format": {"type": "json_schema", "json_schema": dict(schema)},
            **self._sent,
        }
        response = await asyncio.to_thread(self._server.handle_chat_completions, request)
        return self._reply(json.loads(response) if isinstance(response, str | bytes) else response)

    def _reply(self, response: dict[str, Any]) -> Reply:
        if "choices" not in response:
            raise ModelFailure(f"{self.path.name}: {response.get('message') or response.get('error') or 'no answer'}")
        choice, usage = response["choices"][0], response.get("usage", {})
        return Reply(
            text=choice["message"].get("content"),
            finish_reason=choice.get("finish_reason"),
            answered_as=self.path.name,
            prompt_tokens=usage.get("prompt_tokens", 0),
            completion_tokens=usage.get("completion_tokens", 0),
            usd=0.0,
        )
