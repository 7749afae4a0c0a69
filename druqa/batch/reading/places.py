"""Which files are meant: paths, patterns, folders and standard input, in their order, each once."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from druqa.errors import UsageError
from druqa.records import writable

STDIN = "-"
_SHOWN = 3


class Format(StrEnum):
    """How a file is written, by its ending; `unknown` is told by its content."""

    CSV = "csv"
    LINES = "lines"
    JSON = "json"
    PARQUET = "parquet"
    UNKNOWN = "unknown"


_ENDINGS = {
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".jsonl": Format.LINES,
    ".ndjson": Format.LINES,
    ".json": Format.JSON,
    ".parquet": Format.PARQUET,
}
_KNOWN = ", ".join(f"*{ending}" for ending in _ENDINGS)


@dataclass(frozen=True, slots=True)
class Place:
    """A file to be read, or why it cannot be; with notes about how it came to be read."""

    path: str
    problem: str = ""
    mend: str = ""
    notes: tuple[str, ...] = ()


def format_of(path: str) -> Format:
    """The format that the ending of a path tells; `.gz` behind it does not matter."""
    return _ENDINGS.get(Path(path.casefold().removesuffix(".gz")).suffix, Format.UNKNOWN)


def places(inputs: Sequence[str]) -> list[Place]:
    """The files of all inputs; one that is given twice is read once, where it stands first.

    Raises:
        UsageError: if there is no input, a path does not exist, or a pattern matches nothing.

    """
    if not inputs:
        raise UsageError("no input was given", mend="give a file, a folder, a pattern, or - for standard input")
    found: dict[str, Place] = {}
    for given in inputs:
        for place in _meant(given):
            real = place.path if place.path == STDIN else os.path.realpath(place.path)
            if real in found:
                again = "was given more than once, and was read once"
                notes = found[real].notes
                found[real] = replace(found[real], notes=notes if again in notes else (*notes, again))
            else:
                found[real] = place
    return list(found.values())


def _meant(given: str) -> list[Place]:
    if given == STDIN:
        return [Place(STDIN)]
    matches = [given] if os.path.lexists(given) else sorted(glob.glob(given, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
    if not matches:
        what = "no file matches the pattern" if glob.has_magic(given) else "does not exist"
        raise UsageError(
            what, where=given, mend="look at the path; a pattern stands in quotes, such as 'lists/**/*.csv'"
        )
    # A pattern with ** matches a folder and what lies in it.
    unique: dict[str, Place] = {}
    for match in matches:
        for place in _in_folder(match) if Path(match).is_dir() else [Place(match)]:
            unique.setdefault(os.path.realpath(place.path), place)
    return list(unique.values())


def _in_folder(folder: str) -> list[Place]:
    """Every file of a format that is read, in a folder and those below it."""
    files: list[Place] = []
    others: list[str] = []
    for path, problem in _walk(folder):
        if problem:
            files.append(Place(path, problem, "let druqa read the folder"))
        elif format_of(path) is Format.UNKNOWN:
            others.append(path)
        else:
            files.append(Place(path))
    if not files:
        return [Place(folder, "no file in the folder has a known ending", f"known are {_KNOWN}, and each with .gz")]
    if others:
        named = ", ".join(os.path.relpath(path, folder) for path in others[:_SHOWN])
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        files[0] = replace(files[0], notes=(writable(f"not read from the folder {folder}: {named}{more}"),))
    return files


def _walk(folder: str) -> Iterator[tuple[str, str]]:
    """The paths below a folder, sorted; with a problem where a folder cannot be looked into."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield folder, f"cannot be read: {error.strerror}"
        return
    for entry in entries:
        # A link to a folder may lead back to where it lies: it is named with what is not read.
        if entry.is_dir(follow_symlinks=False):
            if entry.name.endswith(".partial"):
                continue  # a batch works there, or was killed there
            yield from _walk(entry.path)
        else:
            yield entry.path, ""
