"""Parquet files and frames: long, wide, and a list to a row."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from druqa.errors import UsageError
from tests.support.read_lists import Read


def parquet(tmp_path: Path, select: str, name: str = "lists.parquet") -> Path:
    with duckdb.connect() as db:
        db.sql(select).write_parquet(str(tmp_path / name))
    return tmp_path / name


def test_a_medication_to_a_row(tmp_path: Path) -> None:
    file = parquet(
        tmp_path,
        """SELECT * FROM (VALUES (' 1\u00a0', 'asa', 1191.0, 'B', 0), ('2', NULL, NULL, ' ', 0), (NULL, 'x', 1, '', 0),
           ('3', 'a' || chr(0), 1, '', 0), ('1', ' b ', 2.5, '', 0)) AS t(LIST_ID, Medication, rxcui, atc, dose)""",
        "a[1]*.parquet",
    )
    found = Read(file)
    assert found.codes == [("1", "asa", "1191", "B"), ("2", "", None, None), ("1", " b ", "2.5", None)]
    assert found.lines == [1, 2, 5]
    assert found.refused == [(3, None, "there is no list_id"), (4, "3", "a NUL character stands in it")]
    assert found.notes == ["columns not read: `dose`"]


@pytest.mark.parametrize(
    ("value", "list_id"),
    [("7", "7"), ("7.0::DOUBLE", "7"), ("7.50::DECIMAL(9, 2)", "7.50"), ("7::HUGEINT", "7"), ("'x'::BLOB", "x")],
)
def test_ids_are_texts_whatever_they_are_in_the_file(tmp_path: Path, value: str, list_id: str) -> None:
    assert Read(parquet(tmp_path, f"SELECT {value} AS list_id, 'asa' AS medication")).raw == [(list_id, "asa")]


def test_a_list_to_a_row_in_columns(tmp_path: Path) -> None:
    rows = "(1, 'asa', NULL, NULL), (2, ' ', '', NULL), (3, 'b', 'c', NULL)"
    file = parquet(tmp_path, f"SELECT * FROM (VALUES {rows}) AS t(list_id, medication_1, medication_2, medication_3)")
    found = Read(file)
    assert found.lists == {"2": [], "1": ["asa"], "3": ["b", "c"]}
    assert found.lines == [1, 3, 3]
    assert found.empty == [("2", 2)]


def test_rows_without_list_id_are_named_by_their_number(tmp_path: Path) -> None:
    one = parquet(tmp_path, "SELECT 'asa' AS med1, NULL AS med2 UNION ALL SELECT 'b', 'c'", "it's.parquet")
    assert Read(one).raw == [("1", "asa"), ("2", "b"), ("2", "c")]
    two = parquet(tmp_path, "SELECT ['x'] AS medications", "two.parquet")
    assert Read(one, two).raw == [(f"{one}:1", "asa"), (f"{one}:2", "b"), (f"{one}:2", "c"), (f"{two}:1", "x")]


def test_a_list_to_a_cell(tmp_path: Path) -> None:
    rows = "(1, ['asa', NULL, 'b']), (2, []), (3, NULL), (NULL, ['x']), (NULL, [])"
    found = Read(parquet(tmp_path, f"SELECT * FROM (VALUES {rows}) AS t(list_id, medications)"))
    assert found.raw == [("1", "asa"), ("1", ""), ("1", "b")]
    assert found.empty == [("2", 2), ("3", 3)]
    assert found.refused == [(4, None, "there is no list_id"), (5, None, "there is no list_id")]


def test_a_file_of_empty_lists_alone(tmp_path: Path) -> None:
    assert Read(parquet(tmp_path, "SELECT 1 AS list_id, []::INTEGER[] AS medications")).empty == [("1", 1)]
    found = Read(parquet(tmp_path, "SELECT 1 AS list_id, [NULL]::INTEGER[] AS medications"))
    assert found.raw == [("1", "")]


def test_a_list_of_structs_to_a_cell(tmp_path: Path) -> None:
    structs = "[{'Text': 'asa', 'rxcui': 1191, 'dose': 5}, {'Text': NULL, 'rxcui': NULL, 'dose': NULL}, NULL]"
    found = Read(parquet(tmp_path, f"SELECT 'a' AS list_id, {structs} AS medications"))
    assert found.codes == [("a", "asa", "1191", None), ("a", "", None, None), ("a", "", None, None)]
    assert found.notes == ["fields not read: `dose`"]


@pytest.mark.parametrize(
    ("select", "message"),
    [
        ("1 AS list_id, 5 AS medication", "the column `medication` holds INTEGER, and no text"),
        ("1 AS list_id, 'asa' AS medications", "the column `medications` holds VARCHAR, and no lists of texts"),
        ("1 AS list_id, [5] AS medications", "the column `medications` holds INTEGER[], and no lists of texts"),
        (
            "1 AS list_id, [{'name': 'asa'}] AS medications",
            "the structs in `medications` have no field `text` that holds texts; found: `name` (VARCHAR)",
        ),
        ("[1] AS list_id, 'asa' AS medication", "the column `list_id` holds INTEGER[]"),
        ("1 AS list_id, 'asa' AS medicine", "no column `medication`; found: `list_id`, `medicine`"),
    ],
)
def test_columns_that_cannot_be_meant_stop_the_run(tmp_path: Path, select: str, message: str) -> None:
    file = parquet(tmp_path, f"SELECT {select}")
    with pytest.raises(UsageError) as raised:
        Read(file)
    assert (raised.value.where, raised.value.what) == (str(file), message)
    assert raised.value.mend


def test_a_damaged_file_is_refused_beside_others_and_an_error_alone(tmp_path: Path) -> None:
    good = parquet(tmp_path, "SELECT 1 AS list_id, 'asa' AS medication")
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(good.read_bytes()[:-9])
    found = Read(bad, good)
    assert found.raw == [("1", "asa")]
    assert [(line, problem.partition(":")[0]) for line, _, problem in found.refused] == [
        (None, "cannot be read as Parquet, all of it is lost")
    ]
    with pytest.raises(UsageError, match=r"bad\.parquet: cannot be read as Parquet"):
        Read(bad)


def test_many_rows_keep_their_order(tmp_path: Path) -> None:
    file = parquet(tmp_path, "SELECT i // 3 AS list_id, 'm' || i AS medication FROM range(400000) AS r(i)")
    found = Read(file)
    assert found.rows("SELECT count(*) FROM raw WHERE text = 'm' || rowid AND line = rowid + 1") == [(400_000,)]


def test_a_frame_with_a_medication_to_a_row() -> None:
    frame = pd.DataFrame(
        {"list_id": [7.0, np.nan, 8.0, 8.0], "medication": ["asa", "x", None, 5], "RXCUI": [1, 2, 3, 4], "dose": 1}
    )
    found = Read(frame=frame)
    assert found.codes == [("7", "asa", "1", None), ("8", "", "3", None)]
    assert found.lines == [0, 2]
    assert found.refused == [
        (1, None, "there is no list_id"),
        (3, "8", "a number stands where the text of a medication is due"),
    ]
    assert found.notes == ["columns not read: `dose`"]
    assert found.rows("FROM files") == [(0, "frame", None, None)]


def test_a_frame_with_a_list_to_a_row() -> None:
    wide = Read(frame=pd.DataFrame({"med1": ["asa", None, " "], "med2": ["b", pd.NA, np.nan]}))
    assert wide.raw == [("1", "asa"), ("1", "b")]
    assert wide.empty == [("2", 1), ("3", 2)]
    cells = [np.array(["asa", "b"], dtype=object), ("c",), [{"text": "d", "rxcui": 1}], [], None, "e"]
    nested = Read(frame=pd.DataFrame({"list_id": [Decimal(1), 2, 3, "4", 5, 6], "medications": cells}))
    assert nested.codes == [
        ("1", "asa", None, None),
        ("1", "b", None, None),
        ("2", "c", None, None),
        ("3", "d", "1", None),
    ]
    assert nested.empty == [("4", 3), ("5", 4)]
    assert nested.refused == [(5, "6", "`medications` is a text, and no list")]


def test_a_frame_without_lists_is_an_error() -> None:
    with pytest.raises(UsageError, match="frame: there is no list in it"):
        Read(frame=pd.DataFrame({"list_id": [], "medication": []}))
