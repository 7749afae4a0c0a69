"""What the user binds: models to roles, limits, budget, where state lives. From druqa.toml, the environment, flags."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Self, get_args

from pydantic import Field, ValidationError, field_validator, model_validator

from druqa.cascade import Role
from druqa.errors import SettingsError
from druqa.records import NonEmpty, Record
from druqa.scrubbing import has_credentials, is_variable, scrub, secret_in

FILE = "druqa.toml"
ROLES: tuple[str, ...] = get_args(Role)
_WHERE_KEYS_GO = "put it into an environment variable, and name that in api_key_env"


class ModelSettings(Record):
    """How to reach and drive one model; each key has a default that suits a hosted model."""

    api_base: str | None = None
    api_key_env: str | None = None
    """The environment variable that holds the key; the key itself is never written down."""
    family: str | None = None
    concurrency: Annotated[int, Field(ge=1, le=4096)] = 16
    requests_per_minute: Annotated[float, Field(gt=0)] | None = None
    timeout_s: Annotated[float, Field(gt=0)] = 60.0
    parameters: dict[str, Any] = {}
    """Sent with every request, over the defaults `temperature = 0` and `max_tokens = 600`."""

    # A key in the settings would be part of what a journal, a plan or an error may show. No message repeats it.
    @field_validator("api_base")
    @classmethod
    def _address_only(cls, url: str | None) -> str | None:
        if url and has_credentials(url):
            raise ValueError(f"the address holds a key or a password; {_WHERE_KEYS_GO}")
        return url

    @field_validator("api_key_env")
    @classmethod
    def _a_name_and_no_key(cls, name: str | None) -> str | None:
        if name and not is_variable(name):
            raise ValueError("it takes the name of an environment variable, and this is none; is it the key itself?")
        return name

    @field_validator("parameters")
    @classmethod
    def _no_key(cls, parameters: dict[str, Any]) -> dict[str, Any]:
        if where := secret_in(parameters):
            raise ValueError(f"`{where}` holds a key or a password; {_WHERE_KEYS_GO}")
        return parameters


class Settings(Record):
    """Everything that a user may set."""

    roles: dict[Role, tuple[NonEmpty, ...]] = {}
    """Role to the models bound to it, each a litellm model name or `local:/path/to/model.gguf`."""
    models: dict[str, ModelSettings] = {}
    deadline_s: Annotated[float, Field(gt=0)] | None = None
    """Wall-clock seconds for a whole check; what is unanswered by then is not_checked."""
    budget_calls: Annotated[int, Field(ge=0)] = 50_000
    """The most model calls that one check may plan; a pair that does not fit is not_checked."""
    budget_usd: Annotated[float, Field(ge=0)] | None = None
    """The most US dollars that one check may plan, by estimated tokens; a pair that does not fit is not_checked."""
    rxnorm: Path | None = None
    """Folder of the user's own copy of RxNorm (RXNCONSO.RRF and RXNREL.RRF), to add to the names that ship."""
    formulary: tuple[Path, ...] = ()
    """CSV files of further names, with columns `name` and `drug`."""
    interactions: tuple[Path, ...] = ()
    """CSV files of further interactions, with columns `drug_a`, `drug_b` and `severity`."""

    @model_validator(mode="after")
    def _models_are_no_keys(self) -> Self:
        names = (*(name for models in self.roles.values() for name in models), *self.models)
        if any(secret_in({"model": name}) for name in names):
            raise ValueError(f"a key stands where the name of a model is due; {_WHERE_KEYS_GO}")
        return self

    @property
    def most_calls(self) -> int:
        """The budget in calls; where only one in dollars is set, the default in calls does not cut it short."""
        by_dollars = self.budget_usd is not None and "budget_calls" not in self.model_fields_set
        return sys.maxsize if by_dollars else self.budget_calls

    def of(self, model: str) -> ModelSettings:
        """The settings of one model."""
        return self.models.get(model, ModelSettings())


def load_settings(bound: Sequence[str] = (), **over: Any) -> Settings:
    """The settings in force: druqa.toml, over it the environment, over it what the caller gives.

    Args:
        bound: `ROLE=MODEL` bindings, as from `--model`; a role given here replaces the role's other bindings.
        over: further settings by name; None leaves a setting as it is.

    Raises:
        SettingsError: if any of them is wrong, with its place and the mend.

    """
    settings = _read(bound, over)
    if isinstance(settings, SettingsError):
        raise settings
    return settings


def _read(bound: Sequence[str], over: dict[str, Any]) -> Settings | SettingsError:
    """The settings, or what is wrong with them: an error raised from here would drag what the file holds along."""
    raw = _from_file()
    table = raw.get("roles", {})
    if not isinstance(table, dict):
        return SettingsError(
            "`roles` is not a table", where=_file().name, mend='write [roles], then screener = "MODEL"'
        )
    roles = {**table, **_from_environment(), **_from_bindings(bound)}
    given = {key: value for key, value in over.items() if value is not None}
    try:
        return Settings.model_validate({**raw, "roles": {role: _listed(v) for role, v in roles.items()}, **given})
    except ValidationError as error:
        first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"]) or "roles"
    known = ModelSettings.model_fields if first["loc"][:1] == ("models",) else Settings.model_fields
    mend = f"known keys are: {', '.join(known)}" if first["type"] == "extra_forbidden" else ""
    where = "settings" if not first["loc"] or first["loc"][0] in given else _file().name
    return SettingsError(f"`{key}`: {first['msg']}", where=where, mend=mend)


def journal_path() -> Path:
    """Where paid replies are kept: under `DRUQA_HOME`, or the platform's folder for user data."""
    if home := os.environ.get("DRUQA_HOME"):
        return Path(home) / "journal.sqlite"
    from platformdirs import user_data_path  # noqa: PLC0415 - only a run with models needs it

    return user_data_path("druqa") / "journal.sqlite"


def _file() -> Path:
    return Path(os.environ.get("DRUQA_CONFIG", FILE))


def _from_file() -> dict[str, Any]:
    file = _file()
    if not file.is_file():
        if "DRUQA_CONFIG" in os.environ:
            raise SettingsError("the file that DRUQA_CONFIG names does not exist", where=str(file))
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"cannot be read: {error}", where=str(file)) from None


def _from_environment() -> dict[str, list[str]]:
    values = {role: os.environ.get(f"DRUQA_{role.upper()}", "") for role in ROLES}
    return {role: [m.strip() for m in value.split(",") if m.strip()] for role, value in values.items() if value.strip()}


def _from_bindings(bound: Sequence[str]) -> dict[str, list[str]]:
    roles: dict[str, list[str]] = {}
    for binding in bound:
        role, _, model = binding.partition("=")
        if role not in ROLES or not model:
            close = get_close_matches(role, ROLES, n=1)
            raise SettingsError(
                f"cannot read the binding {scrub(repr(binding))}",
                where="--model",
                mend=f"write ROLE=MODEL with a role of {', '.join(ROLES)}"
                + (f"; did you mean {close[0]}?" if close else ""),
            )
        roles.setdefault(role, []).append(model)
    return roles


def _listed(models: str | Sequence[str]) -> Sequence[str]:
    return [models] if isinstance(models, str) else models
