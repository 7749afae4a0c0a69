"""Reads a CSV file that a user brought, with any delimiter and column order; a damaged row spoils only itself."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from druqa.errors import DataError
from druqa.knowledge.addition import Tally
from druqa.knowledge.spelling import printable

_DELIMITERS = ",;\t"
_LINE_END = re.compile(r"\r\n|\n|\r")
_EXPORT = "export it as CSV in UTF-8"
_BOM = b"\xef\xbb\xbf"
_UNREADABLE = "\N{REPLACEMENT CHARACTER}"


def read_bytes(file: Path) -> bytes:
    """The bytes of a file.

    Raises:
        DataError: if it cannot be read.

    """
    try:
        return file.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such name of a file"
        raise DataError(
            f"cannot be read: {reason}", where=printable(str(file)), mend="give the CSV file itself"
        ) from None


def csv_rows(
    file: Path, blob: bytes, layouts: Sequence[Sequence[str]], optional: Sequence[str], tally: Tally
) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row that can be read, with its line; a row that cannot be is counted in the tally.

    Args:
        file: named in errors.
        blob: what the file holds.
        layouts: sets of columns, one of which the header must have, in any order and any case.
        optional: further columns that are read; others are passed over.
        tally: where what cannot be used is counted.

    Raises:
        DataError: if the file is empty or no text, or its header fits no layout.

    """
    text = _text(file, blob, layouts[0], tally)
    return _rows(file, text, layouts, optional, tally)


def _text(file: Path, blob: bytes, layout: Sequence[str], tally: Tally) -> str:
    """The file as text: in UTF-8, or as old spreadsheets write it."""
    if not blob.removeprefix(_BOM).decode("utf-8", "replace").strip():
        raise DataError(
            "the file is empty", where=str(file), mend=f"give a CSV file with the columns {' and '.join(layout)}"
        )
    if b"\0" in blob:
        raise DataError("the file is no plain text, or is in UTF-16", where=str(file), mend=_EXPORT)
    if blob.startswith(_BOM):
        return blob.removeprefix(_BOM).decode("utf-8", "replace")
    try:
        return blob.decode("utf-8")
    except UnicodeDecodeError as error:
        line = len(_LINE_END.findall(blob[: error.start].decode("utf-8"))) + 1
        tally.add("the file is not UTF-8 and was read as Windows-1252; look at its accented letters", f"line {line}")
        return blob.decode("cp1252", "replace")


def _rows(
    file: Path, text: str, layouts: Sequence[Sequence[str]], optional: Sequence[str], tally: Tally
) -> Iterator[tuple[int, dict[str, str]]]:
    """Line by line: a quote that is not closed spoils one row only."""
    lines = [(number, line) for number, line in enumerate(_LINE_END.split(text), start=1) if line.strip()]
    # A spreadsheet's own line about its delimiter.
    lines = lines[1:] if len(lines) > 1 and lines[0][1].casefold().startswith("sep=") else lines
    number, header = lines[0]
    delimiter, columns = _columns(file, number, header, layouts, optional)
    for number, line in lines[1:]:
        cells = _cells(line, delimiter)
        if cells is None:
            tally.add("rows kept out, a character or a quote cannot be read", f"line {number}")
        elif any(cells[len(columns) :]):
            tally.add("rows kept out, more cells than the header", f"line {number}")
        elif any(cells):
            yield number, {**dict.fromkeys(columns, ""), **dict(zip(columns, cells, strict=False))}


def _columns(
    file: Path, number: int, header: str, layouts: Sequence[Sequence[str]], optional: Sequence[str]
) -> tuple[str, list[str]]:
    """The delimiter under which the header has the columns of a layout, and all its columns."""
    for delimiter in _DELIMITERS:
        columns = [cell.casefold() for cell in _cells(header, delimiter) or []]
        for layout in layouts:
            if set(layout) <= set(columns):
                read = dict.fromkeys((*chain(*layouts), *optional))
                twice = [column for column in read if columns.count(column) > 1]
                if twice:
                    what = f"the column {twice[0]!r} stands twice in the header"
                    raise DataError(what, where=f"{file}, line {number}", mend="give each column a name of its own")
                return delimiter, columns
    needed = ", or ".join(" and ".join(f"`{column}`" for column in layout) for layout in layouts)
    raise DataError(
        f"the header needs the columns {needed}; it is: {printable(header)[:200]}",
        where=f"{file}, line {number}",
        mend=f"make the first line such as {','.join((*layouts[0], *optional))} with commas, semicolons or tabs "
        "between; export as CSV",
    )


def _cells(line: str, delimiter: str) -> list[str] | None:
    """The cells of a line; None if it holds a character that cannot be read, or a quote that is not closed."""
    if _UNREADABLE in line or line.count('"') % 2:
        return None
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, strict=True))]
    except csv.Error:
        return None
