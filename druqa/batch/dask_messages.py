"""What the desk and its workers say to each other, and how a model gets to a worker without its key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from druqa.errors import UsageError
from druqa.models.base import ChatModel, Limits, Reply
from druqa.models.binding import named_model
from druqa.models.calling import told
from druqa.models.client import LitellmModel
from druqa.models.local import LocalModel
from druqa.prompts import PromptText
from druqa.settings import ModelSettings


@dataclass(frozen=True)
class Question:
    """A prompt that is still to be asked, with the key by which its reply is kept."""

    key: str
    prompt: PromptText
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Packed:
    """A model on its way to a worker: by its name and settings, or as the pickle of the caller's object."""

    name: str
    settings: ModelSettings | None
    pickled: bytes = b""

    def unpacked(self, limits: Limits) -> ChatModel:
        """The model, driven no harder than that. Its key comes from this machine's environment."""
        import cloudpickle  # noqa: PLC0415 - comes with the extra

        model: ChatModel = (
            cloudpickle.loads(self.pickled) if self.settings is None else named_model(self.name, self.settings)
        )
        model.limits = limits
        return model


def packed(model: ChatModel, settings: ModelSettings) -> Packed:
    """A model as it travels.

    Raises:
        UsageError: if it is an object that cannot be sent.

    """
    if type(model) in (LitellmModel, LocalModel):
        return Packed(model.name, settings)
    import cloudpickle  # noqa: PLC0415

    try:
        sent = Packed(model.name, None, cloudpickle.dumps(model))
        sent.unpacked(model.limits)
    except Exception as error:  # noqa: BLE001 - a caller's object may refuse in any way
        raise UsageError(
            f"the model {model.name} cannot be sent to workers: {told(error).reason}",
            where="models",
            mend="bind a model by its name, make the object picklable with limits that can be set, "
            "or use the engine local",
        ) from None
    return sent


def portion(model: ChatModel, workers: int, place: int) -> Limits | None:
    """The part of a model's limits that falls to one of so many workers; None where no call is left for it.

    A local model runs in the worker itself: there each has it for its own.
    """
    limits = model.limits
    if isinstance(model, LocalModel):
        return limits
    calls = limits.concurrency // workers + (place < limits.concurrency % workers)
    if not calls:
        return None
    rate = limits.requests_per_minute
    part = rate * calls / limits.concurrency if rate else None
    return limits.model_copy(update={"concurrency": calls, "requests_per_minute": part})


@dataclass(frozen=True)
class Errand:
    """What one worker is sent out with."""

    id: str
    desk: str
    """The queue in which the desk looks for reports."""
    models: Sequence[tuple[Packed, Limits]]
    seconds_left: float | None
    """Until the deadline of the whole run."""
    tick_s: float
    """How often it reports."""


@dataclass
class Report:
    """What came of a worker's questions since its last report, and for how many more it has room, by model."""

    errand: str
    post: str
    """The queue in which it looks for its orders: one for each time that the errand is begun."""
    replies: list[tuple[str, Reply]] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    """Keys, and why no reply came."""
    back: list[str] = field(default_factory=list)
    """Keys of questions that it does not ask."""
    closed: dict[str, str] = field(default_factory=dict)
    """Models that it can ask nothing any more, and why."""
    room: dict[str, int] = field(default_factory=dict)
    is_last: bool = False


@dataclass(frozen=True)
class Orders:
    """What a worker is to do next."""

    questions: Mapping[str, Sequence[Question]] = field(default_factory=dict)
    """By model."""
    ends: bool = False
    """Give back what is not begun, and report for the last time once the rest is answered."""
    stop: str = ""
    """Why to give up at once, and report for the last time."""
