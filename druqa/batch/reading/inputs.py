"""Reads medication lists from files, folders, patterns, standard input and frames into the tables of a database."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from druqa.batch.reading.csv_lists import read_csv
from druqa.batch.reading.frame_lists import read_rows
from druqa.batch.reading.json_lists import read_json, read_json_lines
from druqa.batch.reading.parquet_lists import read_parquet
from druqa.batch.reading.places import Format, Place, format_of, places
from druqa.batch.reading.streams import Digested, opened
from druqa.batch.reading.tables import Tables
from druqa.records import writable

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyConnection


_AGAIN = "get the file again from where it comes"


def read_lists(inputs: Sequence[str], db: DuckDBPyConnection) -> None:
    """Read every list into the tables `files`, `raw`, `empty_lists`, `refused` and `notes`, in the order of the input.

    What cannot be read stands in `refused` with its file and line, and stops nothing else; without a line it is the
    whole file, or all that follows in it.

    Args:
        inputs: paths, patterns (`**` too), folders, or "-" for standard input.
        db: an open database; the tables are made in it.

    Raises:
        UsageError: if an input does not exist, a header is wrong, or there is no list in any file.

    """
    found = places(inputs)
    tables = Tables(db)
    for place in found:
        tables.begin(place.path)
        for note in place.notes:
            tables.note(note)
        _read_place(place, tables, alone=len(found) == 1)
    tables.finish()


def _read_place(place: Place, tables: Tables, *, alone: bool) -> None:
    if place.problem:
        tables.refuse(None, place.problem, place.mend)
        tables.end(None)
        return
    try:
        with opened(place.path) as (digested, blocks):
            _read_opened(place.path, digested, blocks, tables, alone=alone)
    except OSError as error:
        tables.refuse(None, f"cannot be read: {error.strerror or error}", "look at the file and who may read it")
        tables.end(None)


def _read_opened(path: str, digested: Digested, blocks: Iterator[bytes], tables: Tables, *, alone: bool) -> None:
    """Read a file to its end, whatever is in it, so that its digest is that of the whole."""
    try:
        first = next(blocks, b"")
        kind = format_of(path)
        kind = _told_by(first) if kind is Format.UNKNOWN else kind
        if kind is Format.PARQUET:
            _read_parquet(path, chain([first], blocks), tables, alone=alone)
        elif kind is Format.CSV:
            read_csv(chain([first], blocks), tables, alone=alone)
        else:
            (read_json if kind is Format.JSON else read_json_lines)(chain([first], blocks), tables)
    except (OSError, EOFError, zlib.error) as error:
        tables.refuse(None, f"damaged or cut off, what follows is lost: {error}", _AGAIN)
    digested.read_rest()
    tables.end(digested.size, digested.sha256)


def _told_by(first: bytes) -> Format:
    """The format of a file whose ending tells none, by how it begins."""
    if first.startswith(b"PAR1"):
        return Format.PARQUET
    begins = first.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    return Format.JSON if begins in (b"{", b"[") else Format.CSV


def _read_parquet(path: str, blocks: Iterator[bytes], tables: Tables, *, alone: bool) -> None:
    import duckdb  # noqa: PLC0415 - a quarter of a second to import

    with ExitStack() as stack:
        file = path
        if not Path(path).is_file() or path != writable(path) or path.casefold().endswith(".gz"):
            # DuckDB begins at the end of the file, which a pipe does not have, and takes no path that is not UTF-8.
            kept = stack.enter_context(NamedTemporaryFile(suffix=".parquet"))
            kept.writelines(blocks)
            kept.flush()
            file = kept.name
        try:
            read_parquet(file, tables, alone=alone)
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            what = str(error).partition("\n")[0]
            tables.refuse(None, f"cannot be read as Parquet, all of it is lost: {what}", _AGAIN)


def read_frame(frame: pd.DataFrame, db: DuckDBPyConnection) -> None:
    """Read the lists of a frame into the same tables, as file 0, `frame`; the line of a row is its position, from 0.

    Its columns are those of a CSV or Parquet file: a medication or a list to a row.

    Raises:
        UsageError: if its columns fit no layout, or there is no list in it.

    """
    tables = Tables(db)
    tables.begin("frame")
    read_rows(frame, tables)
    tables.end(None)
    tables.finish()
