"""The fast lane: a model is asked without litellm at work, by the request that litellm would write.

A question costs litellm some milliseconds of CPU, most of it the same for every question. So litellm writes a model's
request once for each form of reply, and every question is put into that template; and where litellm reads a sample
body as one of the plain readers does, plain bodies are read by that. What does not go this way takes the other lane,
a call by litellm: see `why_not`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from druqa.models.base import ModelFailure, Reply
from druqa.models.plain import SAMPLES, PlainReader, PlainReply
from druqa.models.provider import named, takes_our_client

# Parameters that only shape the request. Any other may also say how litellm sends it, or what it does with the reply.
_SHAPING = frozenset(
    """
    temperature max_tokens max_completion_tokens top_p top_k seed stop presence_penalty frequency_penalty logit_bias
    user reasoning_effort verbosity thinking service_tier store prompt_cache_key safety_identifier extra_body
    extra_headers
    """.split()  # noqa: SIM905 - one name a line would be fifty lines
)


def why_not(model: str, api_base: str | None, parameters: Mapping[str, Any]) -> str:
    """Why a model with these parameters cannot take the fast lane; empty if it can."""
    provider, model_id = named(model, api_base)
    if not takes_our_client(model_id, provider):
        return f"only litellm itself can send requests to {provider or model}"
    unusual = sorted(set(parameters) - _SHAPING)
    if unusual:
        return f"only litellm itself can deal with the parameters {', '.join(unusual)}"
    if {"extra_body", "reasoning_effort"} <= set(parameters):
        return "litellm may send extra_body and reasoning_effort together another way"
    return ""


@dataclass(frozen=True)
class Reading:
    """How the plain bodies of a model are read."""

    reader: PlainReader
    before_model: str
    """What litellm puts before the name by which the provider calls its model."""

    def read(self, body: bytes) -> PlainReply | None:
        """The reply in a plain body; None if there is anything about it for litellm to look at."""
        try:
            plain = self.reader(json.loads(body))
        except (ValueError, RecursionError):
            return None
        return replace(plain, model=self.before_model + plain.model) if plain else None


def reading_of(by_litellm: Callable[[bytes], Reply | ModelFailure]) -> Reading | None:
    """The reading that reads a sample as litellm does; None if none does, and every body is litellm's to read."""
    for reader, sample in SAMPLES:
        ours = reader(sample)
        theirs = by_litellm(json.dumps(sample).encode())
        if ours and isinstance(theirs, Reply) and (before := _before(theirs, ours)) is not None:
            return Reading(reader, before)
    return None


def _before(theirs: Reply, ours: PlainReply) -> str | None:
    """What litellm put before the model's name; None if the plain reader reads anything else than litellm."""
    name = theirs.answered_as or ""
    same = (theirs.text, theirs.finish_reason, theirs.prompt_tokens, theirs.completion_tokens)
    if same != (ours.text, ours.finish, ours.prompt_tokens, ours.completion_tokens) or not name.endswith(ours.model):
        return None
    return name.removesuffix(ours.model)
