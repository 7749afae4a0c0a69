"""The models that requests can be written for, and whose results can be read. None needs a key, nor gets one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from druqa.batch.provider.formats import OPENAI, format_for
from druqa.errors import DruqaError, UsageError
from druqa.models.base import ChatModel, ModelFailure, Price, Reply
from druqa.models.client import LitellmModel
from druqa.models.local import PREFIX
from druqa.models.replies import VerdictReply, json_schema
from druqa.prompts import PromptText
from druqa.scrubbing import secret_in
from druqa.settings import Settings
from druqa.setup import Setup

_NO_KEY = ("DRUQA_NO_KEY", "none")
_ANY_PROMPT = PromptText(instruction="-", data="-")
_CHAT = {"model", "messages"}


@runtime_checkable
class Exportable(Protocol):
    """A model that can say what it would send, and read what its provider answers, apart from any call."""

    name: str
    provider: str
    """litellm's name for who serves it; known once it is prepared."""
    price: Price | None

    def prepare(self) -> None:
        """Load what is slow to load.

        Raises:
            ModelFailure: if the model can do neither.

        """

    def request_body(self, prompt: PromptText, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON body that would be sent to the provider.

        Raises:
            DruqaError: if it cannot be told apart from a call.

        """

    def read_response(self, body: bytes) -> Reply:
        """The reply in a provider's JSON body.

        Raises:
            ModelFailure: if there is none in it.

        """


def exportable_models(setup: Setup) -> dict[str, Exportable]:
    """Every bound model by name, ready to write requests.

    Raises:
        UsageError: if no file of requests can be written for one of them.

    """
    return {name: _ready(_keyless(model, setup.settings)) for name, model in setup.binding.models.items()}


def named_model(name: str, settings: Settings) -> Exportable:
    """The model of that name in the settings, ready to read results.

    Raises:
        UsageError: if the results of such a model cannot be read.

    """
    if name.startswith(PREFIX):
        raise _refused(name, "it runs in this process, and no provider has results of it")
    return _ready(_keyless(LitellmModel(name, settings.of(name)), settings))


def _keyless(model: ChatModel, settings: Settings) -> ChatModel:
    """The same model with a word in place of its key: it is not needed here, and so it can get into no file.

    Without any, litellm would refuse to write a request.
    """
    if not isinstance(model, LitellmModel):
        return model
    variable, word = _NO_KEY
    os.environ[variable] = word
    twin = LitellmModel(model.name, settings.of(model.name).model_copy(update={"api_key_env": variable}))
    return twin if twin.parameters == model.parameters else model


def _ready(model: ChatModel) -> Exportable:
    """The model, prepared and tried.

    Raises:
        UsageError: if it cannot write a request of a format that a provider takes in a file.

    """
    if not isinstance(model, Exportable):
        raise _refused(model.name, "it can only be asked directly")
    try:
        model.prepare()
        body = model.request_body(_ANY_PROMPT, json_schema(VerdictReply))
    except (DruqaError, ModelFailure) as error:
        raise _refused(model.name, error.what if isinstance(error, DruqaError) else error.reason) from None
    if secret_in({name: value for name, value in body.items() if name not in _CHAT}):
        raise _refused(model.name, "its parameters hold a key")
    if format_for(model.provider) is OPENAI and not body.keys() >= _CHAT:
        raise _refused(model.name, "its provider takes requests of its own form, of which no file can be written")
    return model


def _refused(name: str, why: str) -> UsageError:
    return UsageError(
        f"{name} cannot be asked by batch files: {why}",
        where="--model",
        mend="bind another model to its role, or ask it directly: druqa batch run",
    )
