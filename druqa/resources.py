"""Finds the folders that ship beside the package: `cascades/`, `synonym_data/` and `eval/`.

In a wheel they lie inside the package; in a checkout and an editable install, beside it.
"""

from __future__ import annotations

from pathlib import Path

from druqa.errors import DataError

PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """Return the path of a shipped folder.

    Raises:
        DataError: if the installation lacks the folder.

    """
    for candidate in (PACKAGE / name, PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise DataError(
        f"the folder {name}/ is missing from this installation", where=str(PACKAGE), mend="install druqa again"
    )
