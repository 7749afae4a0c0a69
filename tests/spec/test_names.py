"""`druqa names`, and names that users bring: what is shown, what is refused, and that a check sees them too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.spec.test_cli import druqa, report_of

WRITTEN = [
    "Coumadin 5 mg",
    "simvastattin 10 MG",
    "\u0432\u0430\u0440\u0444\u0430\u0440\u0438\u043d",
    "statin",
    "Flomax",
    "acetaminophen 325 MG / oxycodone 5 MG [Percocet]",
    "zzqadrine",
    "",
    "a very long name " * 12,
]
CONSO = """\
161|ENG||||||1|1|161||RXNORM|IN|161|acetaminophen||N|4096|
990001|ENG||||||2|2|990001||RXNORM|IN|990001|zorbutinib||N|4096|
990003|ENG||||||3|3|990003||RXNORM|BN|990003|Zorbixa||N|4096|
990007|ENG||||||4|4|990007||RXNORM|SBD|990007|zorbutinib 50 MG / acetaminophen 500 MG Oral Tablet [Zorbixa]||N|4096|
"""
REL = """\
161||CUI|RO|990003||CUI|tradename_of|||RXNORM|RXNORM||||4096|
990001||CUI|RO|990003||CUI|tradename_of|||RXNORM|RXNORM||||4096|
990003||CUI|RO|990007||CUI|has_ingredient|||RXNORM|RXNORM||||4096|
"""


@pytest.fixture
def rxnorm(tmp_path: Path) -> Path:
    (tmp_path / "RXNCONSO.RRF").write_text(CONSO, encoding="utf-8")
    (tmp_path / "RXNREL.RRF").write_text(REL, encoding="utf-8")
    return tmp_path


@pytest.fixture
def formulary(tmp_path: Path) -> Path:
    file = tmp_path / "ours.csv"
    file.write_text("name,drug\nWarfazorb,warfarin\nNothing at all,\n", encoding="utf-8")
    return file


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_keeps_to_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    result = druqa("names", *WRITTEN)
    lines = result.output.splitlines()
    assert result.exit_code == 4
    assert max(map(len, lines)) <= width
    assert not any(line != line.rstrip() for line in lines)
    for heading in ("AS WRITTEN", "INGREDIENTS", "HOW", "DOUBTS", "NOT RECOGNISED"):
        assert heading in result.output


def test_each_row_says_how() -> None:
    rows = [line.split() for line in druqa("names", "warfarin", "Coumadin", "metforminn").output.splitlines()]
    assert [row[2:] for row in rows[1:4]] == [
        ["warfarin", "exact"],
        ["warfarin", "alias"],
        ["metformin", "fuzzy", "95"],
    ]


def test_a_name_cannot_write_to_the_terminal() -> None:
    output = druqa("names", "warf\x1b[31marin", "zz\u202eqadrine", "[bold]zzqadrine[/bold]").output
    assert "\x1b" not in output
    assert "\u202e" not in output
    assert "[bold]" in output


def test_names_of_ones_own_rxnorm_are_read(rxnorm: Path) -> None:
    assert druqa("names", "Zorbixa").exit_code == 4
    result = druqa("names", "Zorbixa 50 mg tablet", "--rxnorm", str(rxnorm), "--json")
    assert result.exit_code == 0
    (medication,) = json.loads(result.stdout)
    assert {drug["name"] for drug in medication["drugs"]} == {"acetaminophen", "zorbutinib"}
    assert any("user's copy" in name["source"] for name in medication["names"])
    assert "taken as new drugs" in result.stderr


def test_names_of_ones_own_formulary_are_read_and_bad_rows_are_named(formulary: Path) -> None:
    result = druqa("names", "Warfazorb 5 mg", "--formulary", str(formulary))
    assert result.exit_code == 0
    assert "warfarin" in result.output
    assert "line 3" in result.stderr


def test_a_check_sees_them_and_says_so(formulary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flagged = report_of(druqa("check", "Warfazorb", "aspirin", "--formulary", str(formulary), "--json"))
    assert [(pair["drugs"], pair["decision"]) for pair in flagged["pairs"]] == [(["aspirin", "warfarin"], "flagged")]
    assert any("line 3" in note for note in flagged["notes"])
    plain = report_of(druqa("check", "warfarin", "aspirin", "--json"))
    assert plain["data"]["synonyms"] != flagged["data"]["synonyms"]
    (tmp_path / "druqa.toml").write_text(f'formulary = ["{formulary.as_posix()}"]\n', encoding="utf-8")
    monkeypatch.setenv("DRUQA_CONFIG", str(tmp_path / "druqa.toml"))
    assert druqa("names", "Warfazorb").exit_code == 0


@pytest.mark.parametrize("option", ["--rxnorm", "--formulary"])
def test_what_cannot_be_read_is_said(option: str, tmp_path: Path) -> None:
    result = druqa("names", "warfarin", option, str(tmp_path / "nowhere"))
    assert result.exit_code == 1
    assert "nowhere" in result.output
    assert "To mend" in result.output


def test_a_cut_off_rxnorm_is_named_with_its_line(rxnorm: Path) -> None:
    file = rxnorm / "RXNCONSO.RRF"
    file.write_text(CONSO[:-30], encoding="utf-8")
    result = druqa("names", "warfarin", "--rxnorm", str(rxnorm))
    assert result.exit_code == 1
    assert "RXNCONSO.RRF, line 4" in result.output
