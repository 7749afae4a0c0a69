"""The library as callers use it: from a notebook, from threads, as tables."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

import druqa
from druqa import Medication, Report, UsageError, acheck, check, check_many, names, pairs_frame, write_pairs
from druqa.report import DecisionKind

LIST = ["Coumadin 5 mg", "aspirin 81 mg", "zzqadrine"]


def flagged(report: Report) -> set[tuple[str, str]]:
    return {pair.drugs for pair in report.of(DecisionKind.FLAGGED)}


def test_works_inside_a_running_event_loop_and_from_threads() -> None:
    async def notebook() -> tuple[Report, Report]:
        return check(LIST), await acheck(LIST)

    plain = check(LIST)
    assert asyncio.run(notebook()) == (plain, plain)
    with ThreadPoolExecutor(4) as threads:
        assert set(map(Report.model_dump_json, threads.map(check, [LIST] * 8))) == {plain.model_dump_json()}


def test_many_lists_and_an_empty_one() -> None:
    reports = check_many([LIST, [], ["metformin"]])
    assert [len(report.medications) for report in reports] == [3, 0, 1]
    assert flagged(reports[0]) == {("aspirin", "warfarin")}
    assert not reports[1].complete
    assert reports[1].exit_code == 4
    assert reports[2].complete


def test_codes_resolve_too() -> None:
    report = check([Medication(text="", rxcui="11289"), "aspirin"])
    assert flagged(report) == {("aspirin", "warfarin")}


def test_names_without_a_check() -> None:
    (medication,) = names(["Bactrim"])
    assert [drug.name for drug in medication.drugs] == ["sulfamethoxazole", "trimethoprim"]


def test_reports_as_a_table() -> None:
    frame = pairs_frame(check_many([LIST, LIST[:2]]))
    assert list(frame.columns[:6]) == ["list_id", "drug_a", "drug_b", "decision", "severity", "tier"]
    assert (frame.drug_a < frame.drug_b).all()
    assert frame.groupby("list_id").size().to_dict() == {0: 3, 1: 1}
    row = frame[(frame.list_id == 1)].iloc[0]
    assert (row.drug_a, row.medication_a, row.decision) == ("aspirin", "aspirin 81 mg", "flagged")


@pytest.mark.parametrize("name", ["pairs.parquet", "it's pairs.csv"])
def test_reports_as_a_file_that_sql_can_ask(tmp_path: Path, name: str) -> None:
    reports = check_many([LIST, LIST[:2], []])
    assert write_pairs(reports, tmp_path / name) == 4
    quoted = str(tmp_path / name).replace("'", "''")
    flagged = f"SELECT list_id, drug_a, drug_b, severity FROM '{quoted}' WHERE decision = 'flagged' ORDER BY list_id"
    with duckdb.connect() as db:
        assert db.execute(flagged).fetchall() == [
            (0, "aspirin", "warfarin", "major"),
            (1, "aspirin", "warfarin", "major"),
        ]
    with pytest.raises(UsageError, match=r"\.xlsx"):
        write_pairs(reports, tmp_path / "pairs.xlsx")
    with pytest.raises(UsageError, match="cannot be written"):
        write_pairs(reports, tmp_path / "nowhere" / name)


def test_a_string_or_a_number_is_no_list() -> None:
    with pytest.raises(UsageError, match="one string"):
        check("warfarin")
    with pytest.raises(UsageError, match=r"medications\[1\].*int"):
        check(["warfarin", 5])  # type: ignore[list-item]


def test_every_public_name_is_there() -> None:
    for name in druqa.__all__:
        assert getattr(druqa, name)
    with pytest.raises(AttributeError):
        _ = druqa.nothing
    assert callable(druqa.check)
