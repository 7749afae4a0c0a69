"""A model server on the loopback interface that speaks the OpenAI protocol, for real HTTP through litellm."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from druqa.cascade import Cascade
from druqa.cascade_files import load_cascade
from druqa.prompts import PromptText
from tests.support.script import Asked, Reader, Says, plain_no


@dataclass
class Loopback:
    """Answers by `says`; where that gives None, with a plain no. Counts what it was asked."""

    says: Says = lambda asked: None
    cascade: Cascade = field(default_factory=lambda: load_cascade("recall_first"))
    status: Callable[[Asked], tuple[int, dict[str, str]] | tuple[int, dict[str, str], str]] = lambda asked: (200, {})
    """The status, further headers, and for an error what its message says."""
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(model, question id) to how often it was asked."""
    base: str = ""

    def __post_init__(self) -> None:
        self._reader = Reader(self.cascade)
        self._counting = threading.Lock()

    def answer(self, request: dict[str, Any]) -> tuple[int, dict[str, str], dict[str, Any]]:
        system, user = (message["content"] for message in request["messages"])
        asked = self._reader.read(PromptText(instruction=system, data=user))
        with self._counting:
            self.asked[request["model"], asked.data["question_id"]] += 1
        status, headers, *message = self.status(asked)
        if status != 200:
            return (
                status,
                headers,
                {"error": {"message": " ".join(message) or f"scripted {status}", "type": "scripted"}},
            )
        said = self.says(asked)
        text = said if isinstance(said, str) else json.dumps(plain_no(asked) if said is None else said)
        return 200, headers, completion(request["model"], text)

    def respond(self, handler: Handler, request: dict[str, Any]) -> None:
        """Answer one request on its connection."""
        status, headers, body = self.answer(request)
        handler.send(status, headers, json.dumps(body).encode())


def completion(model: str, text: str) -> dict[str, Any]:
    return {
        "id": "chatcmpl-loopback",
        "object": "chat.completion",
        "created": 0,
        "model": f"{model}-as-served",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.loopback.respond(self, request)

    def send(self, status: int, headers: dict[str, str], payload: bytes) -> None:
        """One whole response. Its length is the payload's, unless the headers say otherwise."""
        self.send_response(status)
        length = str(len(payload))
        for name, value in {"Content-Type": "application/json", "Content-Length": length, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, loopback: Loopback) -> None:
        self.loopback = loopback
        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed leaves a broken pipe: expected, not worth a traceback."""


@contextmanager
def serve(loopback: Loopback) -> Iterator[Loopback]:
    """Serve while the context lasts; `loopback.base` is the address for `api_base`."""
    server = _Server(loopback)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    loopback.base = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield loopback
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
