"""One call to a model: whatever it does, and whenever, a reply comes of it or a failure, and in time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any

from druqa.models.base import ChatModel, ModelFailure, Reply, whole
from druqa.models.hush import hushed
from druqa.prompts import PromptText
from druqa.scrubbing import conceal


async def completed(model: ChatModel, prompt: PromptText, schema: Mapping[str, Any]) -> Reply | ModelFailure:
    """Call the model. Whatever it raises, and whenever, comes back as a failure: nothing is left for asyncio to print.

    What anybody logs meanwhile is dropped. A reply is kept as it came, but for a key that a server hands back in it.
    """
    try:
        with hushed():
            reply = await model.complete(prompt, schema)
        if not isinstance(reply, Reply):
            return ModelFailure(f"{model.name} returned a {type(reply).__name__}, not a Reply")
        whole(reply, model.name)
    except ModelFailure as failure:
        return failure
    except asyncio.CancelledError:
        return ModelFailure("the model cancelled its own call")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a bug in a model must not become an answer, nor end the run
        return told(error)
    return reply.model_copy(update={"text": conceal(reply.text)}) if reply.text else reply


async def run_ended(model: ChatModel) -> None:
    """Let a model that wants to know that the run ended know it."""
    if tell := getattr(model, "run_ended", None):
        with hushed(), suppress(Exception):
            await tell()


def told(error: BaseException) -> ModelFailure:
    """An error as a failure; some cannot even be put into words."""
    if isinstance(error, ModelFailure):
        return error
    try:
        return ModelFailure(f"{type(error).__name__}: {error}")
    except Exception:  # noqa: BLE001
        return ModelFailure(type(error).__name__)


async def within(seconds: float, call: Coroutine[Any, Any, Reply | ModelFailure]) -> Reply:
    """Await a call for so long and no longer, even if it ignores its cancellation.

    Raises:
        ModelFailure: if it has not ended by then, or failed.

    """
    task = asyncio.ensure_future(call)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        if task.done() and not task.cancelled() and isinstance(reply := task.result(), Reply):
            return reply  # paid for: it is to be kept, even as the run ends
        task.cancel()
        raise
    if not done:
        task.cancel()
        raise ModelFailure(f"no whole reply within {seconds:.3g} s", retryable=True)
    outcome = task.result()
    if isinstance(outcome, ModelFailure):
        raise outcome
    return outcome
