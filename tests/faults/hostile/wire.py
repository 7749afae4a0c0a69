"""The catalogue of transport faults: what a server does on the connection instead of sending the reply."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.faults.hostile.words import CANARY, Means
from tests.support.loopback import Handler

HTML = b"<html><head><title>502</title></head><body>Bad Gateway</body></html>"


@dataclass
class Wire:
    """One connection with the honest body that is due on it."""

    handler: Handler
    body: bytes
    rng: Random
    timeout_s: float
    """How long the client waits; whoever is silent is silent for longer."""

    def send(self, status: int, payload: bytes, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.handler.send(status, named, payload)

    def error(self, status: int, message: str, **headers: str) -> None:
        self.send(status, json.dumps({"error": {"message": message, "type": "scripted"}}).encode(), **headers)

    def hang(self) -> None:
        """Say nothing more, until the client has gone or long enough."""
        self.handler.close_connection = True
        self.handler.connection.settimeout(self.timeout_s * 4 + 1)
        try:
            while self.handler.connection.recv(4096):
                pass
        except OSError:
            pass

    def begin(self, length: int | None) -> None:
        """The head of a response of which the body is still to come."""
        self.handler.close_connection = True
        self.handler.send_response(200)
        self.handler.send_header("Content-Type", "application/json")
        if length is not None:
            self.handler.send_header("Content-Length", str(length))
        self.handler.end_headers()
        self.handler.wfile.flush()


@dataclass(frozen=True)
class WireFault:
    """One way in which a server goes wrong."""

    name: str
    means: Means
    act: Callable[[Wire], None]
    weight: float = 1.0
    says: str = ""
    """What the reason in the report says, at least, where nothing but this fault is met."""


def _drip(wire: Wire) -> None:
    wire.begin(len(wire.body))
    until = time.monotonic() + wire.timeout_s * 4 + 1
    for start in range(0, len(wire.body), 4):
        if time.monotonic() > until:
            return
        wire.handler.wfile.write(wire.body[start : start + 4])
        wire.handler.wfile.flush()
        time.sleep(1)


def _half(wire: Wire) -> None:
    wire.begin(len(wire.body))
    wire.handler.wfile.write(wire.body[: len(wire.body) // 2])
    wire.handler.wfile.flush()


def _half_closed(wire: Wire) -> None:
    wire.handler.connection.shutdown(socket.SHUT_WR)
    wire.hang()


def _reset(wire: Wire) -> None:
    wire.begin(len(wire.body))
    wire.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.handler.connection.close()


def _silent(wire: Wire) -> None:
    wire.begin(len(wire.body))
    wire.hang()


def _late(wire: Wire) -> None:
    time.sleep(wire.timeout_s * 0.3)
    wire.send(200, wire.body)


def _bad_bytes(wire: Wire) -> None:
    wire.send(
        200, wire.body.replace(b'"assistant"', b'"assist\xff\xfeant"').replace(b"question_id", b"question\xff_id")
    )


def _redirected(wire: Wire) -> None:
    wire.send(307, b"", Location="/v1/loop")


def _several(wire: Wire) -> None:
    wire.send(200, wire.body * 2)


def _status(status: int, after: str = "") -> Callable[[Wire], None]:
    return lambda wire: wire.error(status, f"scripted {status}", **({"Retry_After": after} if after else {}))


_ECHO = f"Incorrect key: {CANARY}. \ud800 \x1b[31m Bearer {CANARY}"
WIRE: tuple[WireFault, ...] = (
    WireFault("429, Retry-After 1", Means.NOTHING, _status(429, "1"), 0.1, "RateLimitError"),
    WireFault("429, Retry-After 30", Means.NOTHING, _status(429, "30"), 0.02, "RateLimitError"),
    WireFault("429, Retry-After 3600", Means.NOTHING, _status(429, "3600"), 0.02, "RateLimitError"),
    WireFault("500", Means.NOTHING, _status(500), 1, "InternalServerError"),
    WireFault("502", Means.NOTHING, _status(502), 1, "scripted 502"),
    WireFault("503", Means.NOTHING, _status(503), 1, "scripted 503"),
    WireFault("529", Means.NOTHING, _status(529), 1, "scripted 529"),
    WireFault("400 that echoes the key", Means.NOTHING, lambda w: w.error(400, _ECHO), 3, "BadRequestError"),
    WireFault("413", Means.NOTHING, _status(413), 1, "scripted 413"),
    WireFault("accept, then silence", Means.NOTHING, Wire.hang, 0.1, "no whole reply within"),
    WireFault("headers, then silence", Means.NOTHING, _silent, 0.1, "no whole reply within"),
    WireFault("4 bytes a second", Means.NOTHING, _drip, 0.1, "no whole reply within"),
    WireFault("half-closed", Means.NOTHING, _half_closed, 1, "openai/alpha"),
    WireFault("closed in the middle of the body", Means.NOTHING, _half, 1, "openai/alpha"),
    WireFault("reset", Means.NOTHING, _reset, 1, "openai/alpha"),
    WireFault("truncated JSON", Means.NOTHING, lambda w: w.send(200, w.body[: len(w.body) // 2]), 3, "openai/alpha"),
    WireFault("an empty body", Means.NOTHING, lambda w: w.send(200, b""), 3, "openai/alpha"),
    WireFault("HTML with 200", Means.NOTHING, lambda w: w.send(200, HTML, Content_Type="text/html"), 3, "openai/alpha"),
    WireFault("HTML called JSON", Means.NOTHING, lambda w: w.send(200, HTML), 3, "openai/alpha"),
    WireFault("an error with 200", Means.NOTHING, lambda w: w.error(200, _ECHO), 3, "openai/alpha"),
    WireFault("invalid UTF-8", Means.NOTHING, _bad_bytes, 3, "openai/alpha|question"),
    WireFault("called gzip", Means.NOTHING, lambda w: w.send(200, w.body, Content_Encoding="gzip"), 1, "openai/alpha"),
    WireFault("redirected for ever", Means.NOTHING, _redirected, 0.3, "openai/alpha"),
    WireFault("slow, then correct", Means.SAME, _late, 1),
    WireFault("byte order mark before the body", Means.MAY, lambda w: w.send(200, b"\xef\xbb\xbf" + w.body), 1),
    WireFault("the body twice", Means.MAY, _several, 1),
)
BURSTS = (500, 502, 529)
