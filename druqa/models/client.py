"""A hosted model: any that litellm can reach, by the fast lane where its requests and replies allow it.

litellm's own retries and timeouts are off: they act per read, not by the clock.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from druqa.errors import SettingsError
from druqa.models import provider
from druqa.models.base import Limits, ModelFailure, Reply, whole
from druqa.models.families import family_of
from druqa.models.hush import hushed
from druqa.models.lane import Reading, reading_of, why_not
from druqa.models.response import cost, failure_of, gathered, refusal_of, reply_in
from druqa.models.template import Template, template_of
from druqa.models.wire import Wire
from druqa.prompts import PromptText
from druqa.scrubbing import KEY_VARIABLES
from druqa.settings import ModelSettings

DEFAULT_PARAMETERS: dict[str, Any] = {"temperature": 0, "max_tokens": 600}

_NO_PROMPT = PromptText(instruction="-", data="-")
_ANY_FORM: dict[str, Any] = {"name": "reply", "strict": True, "schema": {"type": "object", "properties": {}}}
"""litellm reads a body in the light of a request, but not of what the prompt and the form of the reply say."""
_REFUSES_PARAMETERS = 422


class LitellmModel:
    """A model that litellm can reach, under litellm's name for it."""

    def __init__(self, name: str, settings: ModelSettings) -> None:
        self.name = name
        self.family = settings.family or family_of(name)
        self.limits = Limits(
            concurrency=settings.concurrency,
            requests_per_minute=settings.requests_per_minute,
            timeout_s=settings.timeout_s,
        )
        self._sent = {**DEFAULT_PARAMETERS, **settings.parameters}
        self.parameters = {**self._sent, "api_base": settings.api_base}
        self.price = provider.price_of(name)
        self._api_base = settings.api_base
        self._key_env = settings.api_key_env
        if self._key_env:
            KEY_VARIABLES.add(self._key_env)
        self.provider = ""
        """litellm's name for who serves the model; known once it is prepared."""
        self.model_id = ""
        """The provider's name for the model; known once it is prepared."""
        self._why_not: str | None = None
        """Why the fast lane is closed to it; empty if it is open, None before the model is prepared."""
        self._reading: Reading | None = None
        self._templates: list[tuple[Mapping[str, Any], Template | None]] = []
        self._wire = Wire(name, provider.trust)

    def prepare(self) -> None:
        """Import litellm, quiet and offline, and see which lane the model can take."""
        if self._key_env and not os.environ.get(self._key_env):
            raise ModelFailure(
                f"the environment variable {self._key_env}, meant to hold the key, is not set", fatal=True
            )
        provider.load()  # loggers that are born in `hushed` would not be hushed
        with hushed():
            self.provider, self.model_id = provider.named(self.name, self._api_base)
            self._why_not = why_not(self.name, self._api_base, self._sent)
            self._reading = None if self._why_not else reading_of(self._by_litellm)

    async def complete(self, prompt: PromptText, schema: Mapping[str, Any]) -> Reply:
        """Send one prompt."""
        outcome = await self._outcome(prompt, schema)
        # Raised here, where no error of litellm's is being handled and the request is out of sight: neither the chain
        # of the failure nor the variables of its traceback hold a key or a prompt.
        del prompt, schema
        if isinstance(outcome, ModelFailure):
            raise outcome.with_traceback(None)
        return outcome

    def request_body(self, prompt: PromptText, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON body that is sent to the provider, for a file of requests.

        Raises:
            SettingsError: if only litellm itself can ask this model; it says why.

        """
        with hushed():
            template = self._template(schema)
        if template is None:
            raise self._closed()
        return dict(json.loads(template.body(prompt)))

    def read_response(self, body: bytes) -> Reply:
        """The reply in a provider's JSON body.

        Raises:
            ModelFailure: if there is none in it.
            SettingsError: if only litellm itself can ask this model; it says why.

        """
        if self._why_not != "":
            raise self._closed()
        with hushed():
            outcome = self._read(body)
        del body
        if isinstance(outcome, ModelFailure):
            raise outcome.with_traceback(None)
        return whole(outcome, self.name)

    async def run_ended(self) -> None:
        """Close the connections of the event loop that runs."""
        await self._wire.close()

    async def _outcome(self, prompt: PromptText, schema: Mapping[str, Any]) -> Reply | ModelFailure:
        try:
            if self._why_not is None:
                self.prepare()
            if template := self._template(schema):
                answer = await self._wire.post(template.url, template.headers, template.body(prompt))
                if isinstance(answer, ModelFailure):
                    return answer
                if 200 <= answer.status < 300:
                    return self._read(answer.body)
                if answer.status != _REFUSES_PARAMETERS:
                    return refusal_of(self.name, answer)
                # litellm leaves out what such a server names, and asks again.
            response = await provider.call(self._request(prompt, schema))
            return reply_in(await gathered(response) if hasattr(response, "__aiter__") else response, self.price)
        except ModelFailure as failure:
            return failure
        except Exception as error:  # noqa: BLE001 - litellm raises many kinds; each is a failure with its reason
            return failure_of(self.name, error)

    def _template(self, schema: Mapping[str, Any]) -> Template | None:
        """The request for a form of reply; None where litellm has to write each."""
        if self._why_not != "":
            return None
        for known, template in self._templates:
            if known is schema or known == schema:
                return template
        try:
            template = template_of(lambda prompt: provider.caught(self._request(prompt, schema), self.provider))
        except Exception:  # noqa: BLE001 - litellm cannot write it: it will say why when it makes the call
            template = None
        self._templates.append((schema, template))
        return template

    def _read(self, body: bytes) -> Reply | ModelFailure:
        """What came in a body: read here if it is plain, else by litellm."""
        plain = self._reading.read(body) if self._reading else None
        if plain is None:
            return self._by_litellm(body)
        return Reply(
            text=plain.text,
            finish_reason=plain.finish,
            answered_as=plain.model,
            prompt_tokens=plain.prompt_tokens,
            completion_tokens=plain.completion_tokens,
            usd=cost(self.price, plain.prompt_tokens, plain.completion_tokens),
        )

    def _by_litellm(self, body: bytes) -> Reply | ModelFailure:
        """What litellm reads in a body."""
        try:
            return reply_in(provider.read(self._request(_NO_PROMPT, _ANY_FORM), self.provider, body), self.price)
        except Exception as error:  # noqa: BLE001 - litellm raises many kinds; each is a failure with its reason
            return failure_of(self.name, error)

    def _closed(self) -> SettingsError:
        return SettingsError(
            f"no file of requests can be written for {self.name}: {self._why_not or 'litellm writes each anew'}",
            where=f'models."{self.name}"',
            mend="ask it directly",
        )

    def _request(self, prompt: PromptText, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of litellm's call."""
        return {
            **self._sent,
            "model": self.name,
            "messages": [
                {"role": "system", "content": prompt.instruction},
                {"role": "user", "content": prompt.data},
            ],
            "response_format": {"type": "json_schema", "json_schema": dict(schema)},
            "drop_params": True,
            "api_base": self._api_base,
            "timeout": self.limits.timeout_s,
            "max_retries": 0,
            "num_retries": 0,
            **({"api_key": os.environ[self._key_env]} if self._key_env else {}),
        }
