"""Binds models to the roles of a cascade, and refuses a binding that would make the rival an echo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from druqa.cascade import Cascade
from druqa.errors import SettingsError
from druqa.models.base import ChatModel
from druqa.models.client import LitellmModel
from druqa.models.local import PREFIX, LocalModel
from druqa.settings import ROLES, ModelSettings, Settings

Given = Mapping[str, str | ChatModel | Sequence[str | ChatModel]]
"""Role to a model's name, a model, or several of them: what a caller may pass as `models`."""


@dataclass(frozen=True)
class Binding:
    """Role to the names of its models, and the models by name. Empty for a cascade that asks none."""

    roles: Mapping[str, tuple[str, ...]]
    models: Mapping[str, ChatModel]


def bind(cascade: Cascade, settings: Settings, given: Given | None = None) -> Binding:
    """The models for every role that the cascade uses; given ones over those in the settings.

    Without a binding of their own, `auditor` and `answerer` take the screener's models; without one for `rival`,
    nothing is re-vetted, and the report says so.

    Raises:
        SettingsError: if a role is misspelt, the screener has no model, or the rival is of an evaluator's family.

    """
    if given is not None and not isinstance(given, Mapping):
        raise SettingsError(f"a {type(given).__name__} was given", where="models", mend='give {"screener": MODEL}')
    asked: dict[str, Sequence[str | ChatModel]] = dict(settings.roles.items())
    for role, models in (given or {}).items():
        if role not in ROLES:
            raise SettingsError(f"there is no role {role!r}", where="models", mend=f"roles are {', '.join(ROLES)}")
        asked[role] = models if isinstance(models, Sequence) and not isinstance(models, str) else [models]
    needed = cascade.roles
    if needed and not asked.get("screener"):
        raise SettingsError(
            f"the cascade {cascade.name} asks models, but none is bound to the role screener",
            where="models",
            mend="give --model screener=MODEL, or use --cascade embedded, which asks none",
        )
    for role in ("auditor", "answerer"):
        asked.setdefault(role, asked.get("screener", ()))
    known: dict[str, ChatModel] = {}
    roles = {
        role: tuple(dict.fromkeys(_model(model, settings, known).name for model in asked.get(role, ())))
        for role in sorted(needed)
    }
    _rival_is_a_stranger(roles, known)
    return Binding(roles, {name: known[name] for names in roles.values() for name in names})


def named_model(name: str, settings: ModelSettings) -> ChatModel:
    """The model of that name: in this process if it is a file, else through litellm."""
    return LocalModel(name, settings) if name.startswith(PREFIX) else LitellmModel(name, settings)


def _model(model: str | ChatModel, settings: Settings, known: dict[str, ChatModel]) -> ChatModel:
    name = model if isinstance(model, str) else model.name
    if name in known and not isinstance(model, str) and known[name] is not model:
        raise SettingsError(f"two different models are both named {name}", where="models", mend="name each apart")
    if name not in known:
        if not isinstance(model, str):
            known[name] = model
        else:
            known[name] = named_model(name, settings.of(name))
    return known[name]


def _rival_is_a_stranger(roles: Mapping[str, Sequence[str]], models: Mapping[str, ChatModel]) -> None:
    for rival in roles.get("rival", ()):
        for role in ("screener", "auditor", "answerer"):
            for name in roles.get(role, ()):
                if models[name].family == models[rival].family:
                    raise SettingsError(
                        f"the rival {rival} is of the family of the {role} {name}: {models[rival].family}; "
                        "it would miss what that one misses",
                        where="models",
                        mend="bind a model of another family to rival, or set its `family` in druqa.toml if it is one",
                    )
