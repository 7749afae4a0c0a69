"""Reads the tables and the `sources.toml` of an evidence folder; refuses a damaged line with its place."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Container, Sequence
from pathlib import Path

from druqa.errors import DataError


def numbered_rows(
    file: Path, header: Sequence[str], sources: Container[str] | None = None
) -> list[tuple[int, list[str]]]:
    """Return the rows below the header with their line numbers, each with one filled field a column.

    With `sources`, the last column of every row must start with one of those keys.

    Raises:
        DataError: if the file is missing or cut off, is not UTF-8, has another header, or a line that breaks the rules.

    """
    lines = _lines(file)
    if not lines or lines[0].split("\t") != list(header):
        raise damaged(file, 1, "the header is not the expected one", f"write it as: {' <tab> '.join(header)}")
    width = len(header)
    rows = [(number, line.split("\t")) for number, line in enumerate(lines[1:], start=2)]
    for number, row in rows:
        if len(row) != width or "" in row:
            raise damaged(file, number, f"expected {width} filled fields", "fill every column; `-` stands for none")
        if sources is not None and row[-1].partition(":")[0] not in sources:
            raise damaged(file, number, f"unknown source {row[-1]!r}", "start with a key of sources.toml and a colon")
    return rows


def read_sources(file: Path) -> tuple[str, dict[str, str]]:
    """Return the version of the tables and each source's short title by its key.

    Raises:
        DataError: if the file is missing, is not TOML, or a source lacks its `short` title.

    """
    try:
        raw = tomllib.loads("\n".join(_lines(file)))
        return str(raw["version"]), {key: str(source["short"]) for key, source in raw["source"].items()}
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"not valid TOML: {error}", where=str(file), mend="mend the line named") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"missing or misplaced: {error}", where=str(file), mend="give `version`, and `short` in each [source.<key>]"
        ) from None


def fingerprint(directory: Path) -> str:
    """The first twelve hex digits of the sha256 over every table in the folder, so that a report can name its data."""
    digest = hashlib.sha256()
    for file in sorted([*directory.glob("*.tsv"), *directory.glob("*.toml")]):
        digest.update(f"{file.name}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def damaged(file: Path, line: int, what: str, mend: str) -> DataError:
    """The error for one line of a table."""
    return DataError(what, where=f"{file}, line {line}", mend=mend)


def _lines(file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise DataError(f"cannot be read: {reason}", where=str(file), mend="restore the file") from None
    except UnicodeDecodeError as error:
        raise DataError("is not UTF-8", where=f"{file}, byte {error.start}", mend="save the table as UTF-8") from None
    if not text.endswith("\n"):
        raise DataError("the last line has no end: the file is cut off", where=str(file), mend="restore the whole file")
    return text.split("\n")[:-1]
