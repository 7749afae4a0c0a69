"""The command line of a build script: fetch pinned packages, build tables, write or compare them."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from building.sources import Sources, pins

SKIPPED = 75


def main(about: str, packages: Iterable[str], written: Callable[[Sources], Mapping[Path, str]]) -> int:
    """Build the text of every table from the packages; write it, or compare it with what is there."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="folder", type=Path, help="folder with the downloaded packages")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        if options.folder is None and not download(packages, folder):
            print("SKIPPED: the pinned packages could not be downloaded; nothing was checked")
            return SKIPPED
        tables = written(Sources(folder))
    different = 0
    for file, text in tables.items():
        old = file.read_text(encoding="utf-8") if file.exists() else ""
        different += old != text
        print(f"{file.name}: {text.count(chr(10)) - 1} rows{'' if old == text else ', differs from what is here'}")
        if not options.check:
            file.write_text(text, encoding="utf-8", newline="\n")
    return 1 if options.check and different else 0


def download(packages: Iterable[str], folder: Path) -> bool:
    """Fetch pinned packages with pip; False where that is not possible."""
    wanted = [f"{name}=={pins()[name]['version']}" for name in packages]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), *wanted]
    return subprocess.run(command, check=False).returncode == 0  # noqa: S603 - our own command
