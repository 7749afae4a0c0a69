"""Medication lists in Parquet, read by DuckDB as sets: no row of them passes through Python."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from druqa.batch.reading.columns import ATC, MEDICATIONS, RXCUI, Layout, layout_of
from druqa.batch.reading.tables import NO_ID, Tables
from druqa.errors import UsageError

if TYPE_CHECKING:
    from duckdb.sqltypes import DuckDBPyType

_TEXTS = frozenset(("varchar", "enum"))
_FRACTIONS = frozenset(("float", "double", "decimal"))
_NESTED = frozenset(("list", "array", "struct", "map", "union"))
_BLANKS = "".join(char for char in map(chr, range(0x3001)) if char.isspace())
"""What `str.strip` takes off: a list of a CSV file and one of a Parquet file are the same list."""
_NUL = ("a NUL character stands in it", "export it again: the text is damaged")


class _Column(NamedTuple):
    name: str
    type: DuckDBPyType

    @property
    def sql(self) -> str:
        return '"' + self.name.replace('"', '""') + '"'


def read_parquet(file: str, tables: Tables, *, alone: bool) -> None:
    """Read a Parquet file; the line of a row is its position, from 1.

    Args:
        file: where it lies.
        tables: where the rows go.
        alone: whether it is the only file: rows without `list_id` are then named by their number alone.

    Raises:
        UsageError: if its columns fit no layout.
        duckdb.Error: if it is damaged, or no Parquet file; then none of it is read.

    """
    source = f"read_parquet({_quoted(glob.escape(file))}, file_row_number = true, binary_as_string = true, "
    source += "hive_partitioning = false)"
    tables.flush()
    described = tables.db.sql(f"SELECT * EXCLUDE (file_row_number) FROM {source}")
    columns = [_Column(*column) for column in zip(described.columns, described.types, strict=True)]
    layout = layout_of([column.name for column in columns], tables.path, nested=True)
    if layout.note:
        tables.note(layout.note)
    list_id = (
        _code(columns[layout.list_id], tables.path)
        if layout.list_id is not None
        else f"{_quoted('' if alone else f'{tables.path}:')} || (file_row_number + 1)"
    )
    begin = f"SELECT file_row_number + 1 AS line, {list_id} AS list_id"
    if layout.nested:
        selected, empty = _nested(begin, source, columns[layout.medications[0]], tables)
    else:
        selected, empty = _flat(begin, source, columns, layout, tables)
    _insert(selected, empty, tables)


def _insert(selected: str, empty: str, tables: Tables) -> None:
    """Insert the medications, and the lists that have none; what is of no list, or damaged, is refused."""
    no_id, nul = "coalesce(list_id, '') = ''", "contains(concat(list_id, text, rxcui, atc), chr(0))"
    refusals = [(selected, no_id, NO_ID), (selected, f"NOT ({no_id}) AND {nul}", _NUL)]
    tables.db.execute(
        f"""INSERT INTO raw SELECT list_id, coalesce(text, ''), nullif(rxcui, ''), nullif(atc, ''), {tables.file}, line
            FROM ({selected}) WHERE NOT ({no_id} OR {nul})"""
    )
    if empty:
        tables.db.execute(
            f"INSERT INTO empty_lists SELECT list_id, {tables.file}, line FROM ({empty}) WHERE NOT ({no_id})"
        )
        refusals.append((empty, no_id, NO_ID))
    for rows, condition, problem in refusals:
        tables.db.execute(
            f"""INSERT INTO refused SELECT {tables.file}, line, nullif(list_id, ''), $1, $2
                FROM ({rows}) WHERE {condition}""",
            problem,
        )


def _flat(begin: str, source: str, columns: Sequence[_Column], layout: Layout, tables: Tables) -> tuple[str, str]:
    """What selects the medications where each has a cell, and what selects the lists without one."""
    read = [columns[place] for place in layout.medications]
    for column in read:
        _check_text(column, source, tables)
    texts = [f"CAST({column.sql} AS VARCHAR)" for column in read]
    if layout.wide:
        unnested = f"{begin}, unnest([{', '.join(texts)}]) AS text, '' AS rxcui, '' AS atc FROM {source}"
        selected = f"SELECT * FROM ({unnested}) WHERE {_has_words('text')}"
        joined = f"concat({', '.join(texts)})"
        return selected, f"{begin} FROM {source} WHERE NOT {_has_words(joined)}"
    rxcui, atc = ("''" if at is None else _code(columns[at], tables.path) for at in (layout.rxcui, layout.atc))
    return f"{begin}, {texts[0]} AS text, {rxcui} AS rxcui, {atc} AS atc FROM {source}", ""


def _nested(begin: str, source: str, column: _Column, tables: Tables) -> tuple[str, str]:
    """The same where a cell holds a list, of texts or of structs with `text`, `rxcui` and `atc`."""
    if column.type.id not in ("list", "array"):
        raise _no_lists(column, tables)
    element = _children(column.type)[0].type
    unnested = f"{begin}, unnest({column.sql}) AS m FROM {source}"
    parts = _parts(element, tables) if element.id == "struct" else {"text": "CAST(m AS VARCHAR)"}
    # Lists without any text in them have no type of their own.
    if element.id not in (*_TEXTS, "struct") and _count(f"SELECT count(m) FROM ({unnested})", tables):
        raise _no_lists(column, tables)
    text, rxcui, atc = (parts.get(name, "''") for name in ("text", RXCUI, ATC))
    selected = f"SELECT line, list_id, {text} AS text, {rxcui} AS rxcui, {atc} AS atc FROM ({unnested})"
    return selected, f"{begin} FROM {source} WHERE coalesce(len({column.sql}), 0) = 0"


def _parts(struct: DuckDBPyType, tables: Tables) -> dict[str, str]:
    """The fields of a struct that are read, each as SQL."""
    fields = _children(struct)
    found = {field.name.strip().casefold(): field for field in fields}
    if "text" not in found or found["text"].type.id not in _TEXTS:
        names = ", ".join(f"`{field.name}` ({field.type})" for field in fields)
        raise UsageError(
            f"the structs in `{MEDICATIONS}` have no field `text` that holds texts; found: {names}",
            where=tables.path,
            mend="name their fields text, rxcui and atc",
        )
    if others := found.keys() - {"text", RXCUI, ATC}:
        tables.note(f"fields not read: {', '.join(f'`{name}`' for name in sorted(others))}")
    codes = {name: _code(found[name], tables.path, "m.") for name in (RXCUI, ATC) if name in found}
    return {"text": f"CAST(m.{found['text'].sql} AS VARCHAR)", **codes}


def _no_lists(column: _Column, tables: Tables) -> UsageError:
    return UsageError(
        f"the column `{MEDICATIONS}` holds {column.type}, and no lists of texts",
        where=tables.path,
        mend="make it VARCHAR[], or a list of structs with text, rxcui and atc",
    )


def _count(sql: str, tables: Tables) -> int:
    ((count,),) = tables.db.execute(sql).fetchall()
    return int(count)


def _children(type_: DuckDBPyType) -> list[_Column]:
    """What a list or a struct is made of; the size of an array is no part of it."""
    return [_Column(name, child) for name, child in type_.children if not isinstance(child, int | list)]


def _check_text(column: _Column, source: str, tables: Tables) -> None:
    """A column without any value has no type of its own; one of numbers holds no medications."""
    if column.type.id in _TEXTS:
        return
    if _count(f"SELECT count({column.sql}) FROM {source}", tables):
        raise UsageError(
            f"the column `{column.name}` holds {column.type}, and no text",
            where=tables.path,
            mend="write the medications as text; their RxNorm and ATC codes go into `rxcui` and `atc`",
        )


def _code(column: _Column, where: str, of: str = "") -> str:
    """An id or a code as SQL: a number as it is written in a table, 7 where a column with gaps made 7.0 of it."""
    name = of + column.sql
    if column.type.id in _NESTED:
        raise UsageError(f"the column `{column.name}` holds {column.type}", where=where, mend="write it as text")
    if column.type.id in _FRACTIONS:
        whole = f"CAST(CAST({name} AS HUGEINT) AS VARCHAR)"
        return (
            f"CASE WHEN isnan({name}::DOUBLE) THEN '' WHEN {name} = floor({name}) AND abs({name}) < 1e18 THEN {whole} "
            f"ELSE CAST({name} AS VARCHAR) END"
        )
    return _trimmed(f"CAST({name} AS VARCHAR)")


def _trimmed(text: str) -> str:
    """The text without blanks around it: `trim` goes through every letter, so it is kept for those that have some."""
    has_blanks = f"regexp_matches({text}, {_quoted(f'^[{_BLANKS}]|[{_BLANKS}]$')})"
    return f"CASE WHEN {has_blanks} THEN trim({text}, {_quoted(_BLANKS)}) ELSE {text} END"


def _has_words(text: str) -> str:
    return f"regexp_matches({text}, {_quoted(f'[^{_BLANKS}]')})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
