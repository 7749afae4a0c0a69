"""A hostile model server on the loopback interface: OpenAI protocol, whole or streamed, every fault by seed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from druqa.prompts import PromptText
from tests.faults.hostile.ledger import Dealt, Ledger
from tests.faults.hostile.models import ModelFault
from tests.faults.hostile.streams import STREAM, StreamFault, chunks_of, streamed
from tests.faults.hostile.wire import BURSTS, WIRE, Wire, WireFault
from tests.faults.hostile.words import Fault, Honest, Means, Said
from tests.support.loopback import Handler, Loopback
from tests.support.script import Asked, Reader


@dataclass
class Hostile(Loopback):
    """Deals what its ledger says; by share, a fault of the wire or of the stream in place of one of the content."""

    ledger: Ledger = field(kw_only=True)
    timeout_s: float = 1.0
    on_the_wire: float = 0.5
    """Share of the faults that the transport has."""
    only: str | None = None
    """One fault of the wire or the stream that every request meets."""
    due: list[str] = field(default_factory=list)
    """Faults of the transport to deal first, so that each kind is met."""
    _burst: list[int] = field(default_factory=list)

    def enter_world(self, ledger: Ledger) -> None:
        """Answer for another world from now on. A request that is still under way belongs to the one before."""
        self.ledger, self.cascade = ledger, ledger.world.cascade
        self._reader = Reader(self.cascade)
        self._burst = []

    def respond(self, handler: Handler, request: dict[str, Any]) -> None:
        if handler.path.endswith("/loop"):
            handler.send(307, {"Location": "/v1/loop"}, b"")
            return
        system, user = (message["content"] for message in request["messages"])
        asked = self._reader.read(PromptText(instruction=system, data=user))
        with self._counting:
            self.asked[request["model"], asked.data["question_id"]] += 1
        self._deal(handler, request, asked)

    def _deal(self, handler: Handler, request: dict[str, Any], asked: Asked) -> None:
        began, ledger = time.monotonic(), self.ledger
        model, stream = f"openai/{request['model']}", bool(request.get("stream"))
        key, honest, fault, rng, urgent = ledger.draw(model, asked)
        odd = (
            None
            if urgent or not (fault or self.only or self.due)
            else self._transport(rng, meets=fault is not None, stream=stream)
        )
        said = said_of(honest, None if odd else fault, rng)
        chosen = odd or fault
        means = chosen.means if chosen else Means.SAME
        dealt = Dealt(honest, chosen.name if chosen else None, means)
        ledger.enter(key, dealt, said.text)
        try:
            self._send(Wire(handler, b"", rng, self.timeout_s), request, said, odd)
        except OSError:
            ledger.doubt(key, dealt)
        if time.monotonic() - began > self.timeout_s / 2:
            ledger.doubt(key, dealt)

    def _transport(self, rng: Random, *, meets: bool, stream: bool) -> WireFault | StreamFault | None:
        """The fault of the transport that this reply meets, if any."""
        offered: list[WireFault | StreamFault] = list(WIRE)
        if stream:
            # What is right as a whole body is none of these where events are due.
            offered = [odd for odd in WIRE if odd.means is Means.NOTHING] + list(STREAM)
        with self._counting:
            if self.only:
                return next((odd for odd in offered if odd.name == self.only), None)
            if chosen := next((odd for odd in offered if odd.name in self.due), None):
                self.due.remove(chosen.name)
                return chosen
            if not meets:
                return None
            if self._burst:
                status = str(self._burst.pop())
                return next(odd for odd in offered if odd.name == status)
            if rng.random() >= self.on_the_wire:
                return None
            chosen = rng.choices(offered, [odd.weight for odd in offered])[0]
            if chosen.name in map(str, BURSTS) and rng.random() < 0.3:
                self._burst = [int(chosen.name)] * rng.randrange(2, 9)
            return chosen

    def _send(self, wire: Wire, request: dict[str, Any], said: Said, odd: WireFault | StreamFault | None) -> None:
        wire.body = json.dumps(body_of(str(request["model"]), said)).encode()
        if isinstance(odd, WireFault):
            odd.act(wire)
        elif request.get("stream"):
            streamed(wire, chunks_of(str(request["model"]), said, wire.rng), odd)
        else:
            wire.send(200, wire.body)


def said_of(honest: Honest, fault: Fault | ModelFault | None, rng: Random) -> Said:
    """The reply with its fault, if it is one of the content."""
    return fault.make(honest, rng) if isinstance(fault, Fault) else Said(json.dumps(honest.reply))


def body_of(model: str, said: Said) -> dict[str, Any]:
    """A whole reply as the OpenAI protocol writes it."""
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    return {
        "id": "chatcmpl-hostile",
        "object": "chat.completion",
        "created": 0,
        "model": f"{model}-as-served" if said.model is None else said.model,
        "choices": list(_choices(said)),
        "usage": usage if said.usage is None else said.usage,
    }


def _choices(said: Said) -> Iterator[dict[str, Any]]:
    for index, text in enumerate((said.text,) if said.choices is None else said.choices):
        message = {"role": "assistant", "content": text, **said.message}
        yield {"index": index, "finish_reason": said.finish, "message": message}
