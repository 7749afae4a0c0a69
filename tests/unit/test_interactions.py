"""A user's own table of interactions: three layouts, every row used or named, and its flags in the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from druqa.errors import DataError
from druqa.flow import check
from druqa.knowledge.interactions import Interactions, read_interactions
from druqa.knowledge.loading import load_synonyms
from druqa.records import Severity
from druqa.report import DecisionKind
from druqa.settings import Settings
from tests.spec.test_cli import druqa


def table(folder: Path, text: str, name: str = "ours.csv") -> Interactions:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return read_interactions(file, load_synonyms())


def test_our_own_layout_is_read_with_every_text(tmp_path: Path) -> None:
    own = table(
        tmp_path,
        "severity;drug_b;drug_a;management;mechanism;effect;source\n"
        "severe;Coumadin;cranberry juice;Check INR.;unknown;bleeding;ward list 7\n",
    )
    (hit,) = own.evidence.listed("cranberry", "warfarin")
    assert hit.severity is Severity.MAJOR
    assert hit[1:4] == ("unknown", "bleeding", "Check INR.")
    assert hit.source == "ours.csv, line 2, ward list 7"
    assert hit.chain == "cranberry with warfarin: bleeding [ours.csv, line 2, ward list 7]"
    assert own.names.notes == ()


def test_the_layout_of_ddinter_is_read(tmp_path: Path) -> None:
    own = table(
        tmp_path,
        "DDInterID_A,Drug_A,DDInterID_B,Drug_B,Level\nD1,Acetylsalicylic acid,D2,Naltrexone,Moderate\n"
        "D1,Abacavir,D3,Orlistat,Unknown\n",
    )
    (hit,) = own.evidence.listed("aspirin", "naltrexone")
    assert (hit.severity, hit.effect) == (Severity.MODERATE, "")
    assert own.evidence.listed("orlistat", "abacavir")[0].severity is Severity.UNKNOWN


def test_rxnorm_codes_stand_for_drugs(tmp_path: Path) -> None:
    own = table(tmp_path, "rxcui_a,rxcui_b,level\n11289,1191,high\n")
    assert own.evidence.listed("aspirin", "warfarin")[0].severity is Severity.MAJOR


def test_what_cannot_be_used_is_named_with_its_line_and_spoils_nothing_else(tmp_path: Path) -> None:
    own = table(
        tmp_path,
        "drug_a,drug_b,severity\nwarfarin,,major\nwarfarin,Coumadin,major\nzzqadrine,warfarin,terrible\n"
        'warfarin,"aspirin,major\nwarfarin,digoxin,minor\n',
    )
    assert own.evidence.listed("digoxin", "warfarin")
    assert own.evidence.listed("zzqadrine", "warfarin")[0].severity is Severity.UNKNOWN
    said = "\n".join(own.names.notes)
    for what in (
        "a drug is missing or not known: 1 (line 2)",
        "both drugs are the same: 1 (line 3)",
        "taken as new: 1 (zzqadrine in line 4)",
        "taken as unknown: 1 (terrible in line 4)",
        "a quote cannot be read: 1 (line 5)",
    ):
        assert what in said


def test_a_class_is_every_member(tmp_path: Path) -> None:
    own = table(tmp_path, "drug_a,drug_b,severity\nstatins,zzqadrine,minor\n")
    assert own.evidence.listed("simvastatin", "zzqadrine")
    assert own.evidence.listed("atorvastatin", "zzqadrine")


def test_a_header_that_fits_no_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="drug_a") as refused:
        table(tmp_path, "one,other,severity\na,b,major\n")
    assert "line 1" in str(refused.value)


def test_the_report_names_the_table_its_flags_and_its_gaps(tmp_path: Path) -> None:
    file = tmp_path / "house.csv"
    file.write_text("drug_a,drug_b,severity\nzzqadrine,loratadine,major\nloratadine,,minor\n", encoding="utf-8")
    report = check(["Claritin", "zzqadrine"], settings=Settings(interactions=(file,)))
    (pair,) = report.of(DecisionKind.FLAGGED)
    (verdict,) = pair.verdicts
    assert (verdict.evaluator, verdict.source) == ("own", "house.csv, line 2")
    assert report.questions.answered == 3
    assert "house.csv sha256:" in report.data.evidence
    assert any("house.csv" in note and "line 3" in note for note in report.notes)


def test_the_command_line_takes_several(tmp_path: Path) -> None:
    files = []
    for number, other in enumerate(("loratadine", "cetirizine")):
        file = tmp_path / f"{number}.csv"
        file.write_text(f"drug_a,drug_b,severity\nbiotin,{other},minor\n", encoding="utf-8")
        files += ["--interactions", str(file)]
    done = druqa("check", "biotin", "loratadine", "cetirizine", *files, "--json")
    assert done.exit_code == 3
    flagged = [p["drugs"] for p in json.loads(done.stdout)["pairs"] if p["decision"] == "flagged"]
    assert ["biotin", "cetirizine"] in flagged
    assert ["biotin", "loratadine"] in flagged


def test_a_table_that_is_not_there_is_a_message(tmp_path: Path) -> None:
    done = druqa("check", "biotin", "--interactions", str(tmp_path / "none.csv"))
    assert done.exit_code == 1
    assert "none.csv" in done.stderr


@pytest.mark.parametrize(
    "cell", ["zzqadrine", "zzqadrine 5 mg", "Zzqadrine 5 mg tablet", "zzqadrine (oral)", "aspirin / zzqadrine"]
)
def test_a_drug_that_only_the_table_knows_is_met_however_a_list_writes_it(tmp_path: Path, cell: str) -> None:
    file = tmp_path / "house.csv"
    file.write_text(f"drug_a,drug_b,severity\n{cell},loratadine,major\n", encoding="utf-8")
    for line in ("zzqadrine", "ZZQADRINE 10 mg tablets", cell):
        report = check([line, "Claritin"], settings=Settings(interactions=(file,)))
        assert ("loratadine", "zzqadrine") in {pair.drugs for pair in report.of(DecisionKind.FLAGGED)}


@pytest.mark.parametrize("blob", [b"", b"\xef\xbb\xbf", b" \n\n"])
def test_an_empty_table_is_a_message(tmp_path: Path, blob: bytes) -> None:
    file = tmp_path / "empty.csv"
    file.write_bytes(blob)
    with pytest.raises(DataError, match="empty"):
        read_interactions(file, load_synonyms())


def test_the_worse_of_two_grades_counts_and_is_said(tmp_path: Path) -> None:
    own = table(tmp_path, "drug_a,drug_b,severity,level\nwarfarin,digoxin,minor,Contra-indicated\n")
    assert own.evidence.listed("digoxin", "warfarin")[0].severity is Severity.CONTRAINDICATED
    assert "two grades" in own.names.notes[0]


def test_a_bare_row_does_not_take_the_effect_from_the_answer(tmp_path: Path) -> None:
    file = tmp_path / "house.csv"
    file.write_text("drug_a,drug_b,severity\nsertraline,tramadol,major\n", encoding="utf-8")
    (pair,) = check(["sertraline", "tramadol"], settings=Settings(interactions=(file,))).pairs
    assert pair.answer
    assert pair.answer.effect
    assert any("[house.csv, line 2]" in verdict.reason for verdict in pair.verdicts)


def test_two_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    files = []
    for folder, what in (("one", "stop"), ("two", "watch")):
        (tmp_path / folder).mkdir()
        files.append(tmp_path / folder / "x.csv")
        files[-1].write_text(f"drug_a,drug_b,severity,management\nbiotin,loratadine,major,{what}\n", encoding="utf-8")
    (pair,) = check(["biotin", "loratadine"], settings=Settings(interactions=tuple(files))).pairs
    assert pair.answer
    assert pair.answer.management == "stop. watch"


def test_a_path_that_cannot_be_is_a_message() -> None:
    with pytest.raises(DataError, match="cannot be read"):
        check(["biotin"], settings=Settings(interactions=(Path("a" * 300 + ".csv"),)))
