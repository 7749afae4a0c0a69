"""Reads a suite, a TOML file under eval/suites/: which gold is run through which cascade, in which spellings."""

from __future__ import annotations

import hashlib
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from druqa.errors import DataError, UsageError
from druqa.records import NonEmpty, Record
from druqa.resources import folder

Form = Literal["generic", "brand", "misspelt"]


class GoldSource(Record):
    """One part of a suite's gold: a file, or the pairs that the French thesaurus lists."""

    file: str | None = None
    """Relative to the suite's folder."""
    listed: Literal["ansm"] | None = None
    """The thesaurus is evidence too: it measures only a cascade whose tables are left out."""
    sample: Annotated[int, Field(ge=1)] | None = None
    """At most so many pairs, chosen by hash: the same ones each time."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.file is None) == (self.listed is None):
            raise ValueError("give `file`, or `listed`")
        return self


class Suite(Record):
    """What is measured, and on what."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
    title: NonEmpty
    cascade: NonEmpty
    tables: bool = True
    """Whether the cascade's reference tables are looked up; without them, models are measured alone."""
    forms: Annotated[tuple[Form, ...], Field(min_length=1)] = ("generic",)
    """Spellings in which each pair of generic names is checked."""
    gold: Annotated[tuple[GoldSource, ...], Field(min_length=1)]
    lists: str | None = None
    """A file of whole medication lists, to count flags on; relative to the suite's folder."""
    repeats: Annotated[int, Field(ge=0)] = 0
    """How many pairs are asked a second time, to see how often a model contradicts itself."""
    caution: str = ""
    """What a reader must know of this gold before trusting the figures; printed beside them."""
    folder: Path
    """Where its files lie."""
    sha256: NonEmpty


def load_suite(name_or_path: str | Path) -> Suite:
    """Read a suite by its name under eval/suites/, or by the path of its TOML file.

    Raises:
        UsageError: if there is no such suite.
        DataError: if the file holds anything wrong, with the key and the mend.

    """
    file = _locate(name_or_path)
    try:
        blob = file.read_bytes()
        raw = tomllib.loads(blob.decode("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"cannot be read: {error}", where=str(file), mend="mend the file") from None
    try:
        return Suite.model_validate({**raw, "folder": file.parent, "sha256": hashlib.sha256(blob).hexdigest()})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the whole file"
        mend = f"known keys are: {', '.join(Suite.model_fields)}" if first["type"] == "extra_forbidden" else ""
        raise DataError(f"`{key}`: {first['msg'].removeprefix('Value error, ')}", where=str(file), mend=mend) from None


def suite_names() -> list[str]:
    """The names of the suites that ship with druqa, sorted."""
    return sorted(file.stem for file in (folder("eval") / "suites").glob("*.toml"))


def _locate(name_or_path: str | Path) -> Path:
    known = suite_names()
    if str(name_or_path) in known:
        return folder("eval") / "suites" / f"{name_or_path}.toml"
    path = Path(name_or_path)
    if path.is_file():
        return path
    close = get_close_matches(str(name_or_path), known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise UsageError(
        f"there is no suite {str(name_or_path)!r}",
        mend=f"{hint}known are: {', '.join(known)}; or give the path of a suite's TOML file",
    )
