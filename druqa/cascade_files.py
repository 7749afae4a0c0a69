"""Reads a cascade folder (TOML and Markdown prompts) and refuses anything wrong in it, with the file and the mend."""

from __future__ import annotations

import hashlib
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from druqa.cascade import (
    Cascade,
    Evaluator,
    NamePrompt,
    NamesPlan,
    Overlay,
    RivalPrompt,
    SignOff,
    VoteRule,
)
from druqa.errors import CascadeError, UsageError
from druqa.prompts import DATA_SLOT
from druqa.resources import folder


def load_cascade(name_or_path: str | Path) -> Cascade:
    """Read a cascade by its name under cascades/, or by the path of its folder.

    Raises:
        UsageError: if there is no such cascade.
        CascadeError: if its folder holds anything wrong, with the file, the key and the mend.

    """
    path = _locate(name_or_path)
    file = path / "cascade.toml"
    raw = _raw(file)
    try:
        if "extends" in raw:
            return _overlaid(Overlay.model_validate(raw), file)
        return Cascade.model_validate({**_read_prompts(raw, path / "prompts"), "sha256": fingerprint(path)})
    except ValidationError as error:
        raise _explain(error, file) from None


def _raw(file: Path) -> dict[str, Any]:
    try:
        raw = tomllib.loads(_text(file))
    except tomllib.TOMLDecodeError as error:
        raise CascadeError(f"not valid TOML: {error}", where=str(file)) from None
    if "sha256" in raw:
        raise CascadeError("unknown key `sha256`", where=str(file), mend="remove it; druqa computes it")
    return raw


def _overlaid(overlay: Overlay, file: Path) -> Cascade:
    """The extended cascade, counted as the overlay says."""
    extended = overlay.extends if overlay.extends in cascade_names() else file.parent / overlay.extends
    if "extends" in _raw(_locate(extended) / "cascade.toml"):
        raise CascadeError(
            f"`extends`: {overlay.extends} is an overlay itself",
            where=str(file),
            mend="extend the cascade that it extends",
        )
    base = load_cascade(extended)
    known = {auditor.name: auditor for auditor in (base.sign_off.auditors if base.sign_off else ())}
    if strangers := [name for name in overlay.auditors if name not in known]:
        raise CascadeError(
            f"`auditors`: {base.name} has no auditor {strangers[0]!r}",
            where=str(file),
            mend=f"name some of {', '.join(known)}",
        )
    changed = {
        "name": overlay.name,
        "version": overlay.version,
        "title": overlay.title,
        "vote": overlay.vote,
        "sign_off": SignOff(auditors=tuple(known[name] for name in overlay.auditors)),
        "sha256": hashlib.sha256(f"{base.sha256}\0{fingerprint(file.parent)}".encode()).hexdigest(),
    }
    return Cascade.model_validate({**{key: getattr(base, key) for key in Cascade.model_fields}, **changed})


def cascade_names() -> list[str]:
    """The names of the cascades that ship with druqa, sorted."""
    return sorted(file.parent.name for file in folder("cascades").glob("*/cascade.toml"))


def fingerprint(path: Path) -> str:
    """The sha256 over what a cascade asks: the path and content of its TOML and its prompts, in sorted order."""
    digest = hashlib.sha256()
    for file in [path / "cascade.toml", *sorted((path / "prompts").glob("*.md"))]:
        content = file.read_bytes()
        digest.update(f"{file.relative_to(path).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _locate(name_or_path: str | Path) -> Path:
    known = cascade_names()
    if str(name_or_path) in known:
        return folder("cascades") / str(name_or_path)
    path = Path(name_or_path)
    if (path / "cascade.toml").is_file():
        return path
    close = get_close_matches(str(name_or_path), known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise UsageError(
        f"there is no cascade {str(name_or_path)!r}",
        mend=f"{hint}known are: {', '.join(known)}; or give the path of a folder with a cascade.toml",
    )


def _read_prompts(node: Any, prompts: Path) -> Any:
    """Replace every `prompt = "file.md"` by the prompt that the file holds."""
    if isinstance(node, list):
        return [_read_prompts(item, prompts) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _read_prompt(value, prompts)
        if key == "prompt" and isinstance(value, str)
        else _read_prompts(value, prompts)
        for key, value in node.items()
    }


def _read_prompt(name: str, prompts: Path) -> dict[str, str]:
    file = prompts / name
    if file.parent != prompts or file.suffix != ".md" or not file.is_file():
        raise CascadeError(
            f"the prompt file {name!r} does not exist", where=str(prompts), mend="add it or mend `prompt`"
        )
    instruction, line, slot = _text(file).partition(DATA_SLOT)
    if not line:
        raise CascadeError(
            "no data slot", where=str(file), mend="end the instruction by a line `---`, then the placeholders"
        )
    return {"file": name, "instruction": instruction.strip(), "slot": slot.strip()}


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CascadeError(f"cannot be read: {error}", where=str(file), mend="save it as UTF-8") from None


def _explain(error: ValidationError, file: Path) -> CascadeError:
    """Turn pydantic's first complaint into file, key and mend."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"]) or "the whole file"
    if first["type"] == "extra_forbidden":
        close = get_close_matches(str(first["loc"][-1]), _KEYS, n=1)
        return CascadeError(
            f"unknown key `{key}`", where=str(file), mend=f"did you mean `{close[0]}`?" if close else "remove it"
        )
    message = first["msg"].removeprefix("Value error, ")
    if key.endswith("vote.rule"):
        message += "; a majority would let a no outvote a yes"
    return CascadeError(f"`{key}`: {message}", where=str(file), mend=f"mend `{key}` in {file.name}")


_KEYS = sorted(
    {
        key
        for model in (Cascade, Overlay, Evaluator, NamesPlan, NamePrompt, VoteRule, SignOff, RivalPrompt)
        for key in model.model_fields
    }
)
