"""The tables of a batch, where texts are too much to be held as numbers, and where a list cannot be trusted."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from druqa.batch import tables
from druqa.batch.checking import check_files
from druqa.batch.outputs import Output
from druqa.errors import DataError, UsageError
from druqa.setup import set_up

LISTS = "list_id,medication\n1,Coumadin 5 mg\n1,aspirin\n1,ibuprofen\n2,zanubrelimab\n2,warfarin\n2,Coumadin\n"


def check(out: str, *inputs: str, overwrite: bool = False) -> None:
    check_files(inputs or ["lists.csv"], Output(Path(out)), set_up(None, None, None), overwrite=overwrite)


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_texts_that_are_too_much_for_memory_are_written_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    Path("lists.csv").write_text(LISTS)
    check(f"light{ending}")
    monkeypatch.setattr(tables, "_LIGHT", 40)
    check(f"heavy{ending}")
    for table in ("", ".medications", ".findings", ".lists"):
        light, heavy = (Path(f"{name}{table}{ending}") for name in ("light", "heavy"))
        if ending == ".parquet":  # its statistics differ
            with duckdb.connect() as db:
                assert db.execute(f"FROM '{light}'").fetchall() == db.execute(f"FROM '{heavy}'").fetchall()
        else:
            assert light.read_bytes() == heavy.read_bytes()


def test_a_row_of_nobody_knows_which_list_leaves_no_list_of_its_file_complete(tmp_path: Path) -> None:
    Path("lists.csv").write_text('list_id,medication\n1,warfarin\n1,aspirin\n"1,simvastatin\n')
    Path("other.csv").write_text("list_id,medication\n2,warfarin\n2,aspirin\n")
    check("pairs.csv", "lists.csv", "other.csv")
    assert pd.read_csv("pairs.lists.csv").set_index("list_id").complete.to_dict() == {1: False, 2: True}


def test_pairs_of_which_the_first_thousands_have_no_severity_are_read_back_right(tmp_path: Path) -> None:
    silent = "".join(f"{n},metformin\n{n},zanubrelimab\n" for n in range(21_000))
    Path("lists.csv").write_text(f"list_id,medication\n{silent}last,warfarin\nlast,aspirin\n")
    check("pairs.jsonl")
    assert '"severity":"major"' in Path("pairs.jsonl").read_text().splitlines()[-1]


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl", ".duckdb"])
def test_tables_that_do_not_hold_what_was_decided_are_not_handed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    Path("lists.csv").write_text(LISTS)
    lossy = tables.query("pairs").replace("ORDER BY", "WHERE e.list_no > 0 ORDER BY")
    monkeypatch.setitem(tables._QUERIES, "pairs", lossy)
    with pytest.raises(DataError, match="do not hold what was decided"):
        check(f"pairs{ending}")
    assert not Path(f"pairs{ending}").exists()


def test_no_input_is_overwritten_and_no_strange_folder_taken(tmp_path: Path) -> None:
    Path("lists.csv").write_text(LISTS)
    check("pairs.csv")
    with pytest.raises(UsageError, match="is an input too"):
        check("lists.csv", overwrite=True)
    with pytest.raises(UsageError, match="is an input too"):
        check("pairs.csv", "lists.csv", "pairs.medications.csv", overwrite=True)
    Path("mine.csv.partial").mkdir()
    Path("mine.csv.partial/thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"not of druqa's making"):
        check("mine.csv")
    assert Path("mine.csv.partial/thesis.txt").read_text() == "mine"
    for name in ("a?.csv", "folder.csv"):
        Path("folder.csv").mkdir(exist_ok=True)
        with pytest.raises(UsageError, match="no name for a file"):
            check(name)
