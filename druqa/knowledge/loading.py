"""Reads the tables of synonym_data into memory, and refuses damaged ones with their file and line."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

from druqa.errors import DataError
from druqa.knowledge.spelling import squash
from druqa.knowledge.synonyms import MEND, Synonyms
from druqa.resources import folder

_NAMES, _DRUGS = "names.tsv", "drugs.tsv"
_NOT_NAMES, _CONFUSABLE = "not_names.tsv", "confusable.tsv"
_CLASS_NAMES, _CLASS_MEMBERS = "class_names.tsv", "class_members.tsv"
_HEADERS = {
    _NAMES: "name\tdrug\tkind\tsource\tproducts\tsources",
    _DRUGS: "drug\trxcui\tatc\tsource",
    _NOT_NAMES: "word\twhy\tsource",
    _CONFUSABLE: "name_a\tname_b\tsource",
    _CLASS_NAMES: "name\tclass\tsource",
    _CLASS_MEMBERS: "class\tdrug\tsource",
}


def load_synonyms(directory: Path | None = None) -> Synonyms:
    """Read the tables of a directory, by default the ones that ship with druqa. Read once, then kept.

    Raises:
        DataError: if a table is missing or damaged, with its file and line.

    """
    return _load(directory or folder("synonym_data"))


@lru_cache(maxsize=4)
def _load(directory: Path) -> Synonyms:
    digest = hashlib.blake2b(digest_size=6)
    tables = {name: _read(directory / name, digest) for name in _HEADERS}
    confusable: dict[str, set[str]] = defaultdict(set)
    for line in tables[_CONFUSABLE]:
        one, other = map(squash, line.split("\t")[:2])
        confusable[one].add(other)
        confusable[other].add(one)
    return Synonyms(
        tables[_NAMES],
        tables[_DRUGS],
        noise=dict(line.split("\t")[:2] for line in tables[_NOT_NAMES]),
        confusable={name: frozenset(others) for name, others in confusable.items()},
        class_names=tables[_CLASS_NAMES],
        class_members=tables[_CLASS_MEMBERS],
        version=digest.hexdigest(),
    )


def _read(file: Path, digest: hashlib.blake2b) -> list[str]:
    """The rows of a table without its header, each with the right number of cells."""
    try:
        blob = file.read_bytes()
        text = blob.decode("utf-8")
    except FileNotFoundError:
        raise DataError("the table is missing", where=str(file), mend=MEND) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the table cannot be read: {error}", where=str(file), mend=MEND) from None
    digest.update(blob)
    header = _HEADERS[file.name]
    lines = text.split("\n")
    if lines[0] != header:
        raise DataError(f"the header is not {header!r}", where=f"{file}:1", mend=MEND)
    if lines.pop() != "" or len(lines) < 2:
        raise DataError("the table is cut off", where=f"{file}:{len(lines) + 1}", mend=MEND)
    tabs = header.count("\t")
    if text.count("\t") != tabs * len(lines) or "\n\t" in text:
        line = next(n for n, row in enumerate(lines, 1) if row.count("\t") != tabs or row.startswith("\t"))
        raise DataError("the row does not have the cells of the header", where=f"{file}:{line}", mend=MEND)
    return lines[1:]
