"""`druqa eval` on good and bad input: what it writes, what it says, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from druqa.measure.evaluation import Evaluation
from tests.spec.test_cli import druqa

GOLD = """drug_a,drug_b,interacts,severity,source
warfarin,fluconazole,yes,major,somebody: 1
simvastatin,clarithromycin,yes,contraindicated,somebody: 2
zzqadrine,warfarin,yes,major,somebody: 3
levothyroxine,loratadine,no,,somebody: 4
"""


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    file = tmp_path / "gold.csv"
    file.write_text(GOLD, encoding="utf-8")
    return file


def test_a_run_prints_and_writes_everything(gold: Path, tmp_path: Path) -> None:
    result = druqa("eval", "run", "embedded", "--gold", str(gold), "--out", str(tmp_path / "out"))
    assert result.exit_code == 0
    assert "Recall 66.7 % (2 of 3)" in result.output
    assert "1 of the 1 missed were NOT CHECKED" in result.output
    for title in ("MISSED", "PAIRS THAT DO NOT INTERACT", "WHAT EACH EVALUATOR EARNS", "MADE WITH"):
        assert title in result.output
    written = {file.name for file in (tmp_path / "out").iterdir()}
    assert written == {
        "cases.jsonl.gz", "cases.parquet", "evaluation.json", "lists.jsonl.gz", "report.html", "report.md",
    }  # fmt: skip
    evaluation = Evaluation.model_validate(json.loads((tmp_path / "out" / "evaluation.json").read_text()))
    assert [row.drugs for row in evaluation.missed if row.form == "generic"] == [("warfarin", "zzqadrine")]


def test_two_runs_of_the_same_are_the_same_bytes(gold: Path, tmp_path: Path) -> None:
    for out in ("one", "two"):
        druqa("eval", "run", "embedded", "--gold", str(gold), "--out", str(tmp_path / out))
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


def test_a_run_is_kept_by_its_name_and_shown(gold: Path, home_of_its_own: Path) -> None:
    druqa("eval", "run", "embedded", "--gold", str(gold))
    (folder,) = (home_of_its_own / "runs").iterdir()
    listed = druqa("eval", "suites")
    assert folder.name in listed.output
    shown = druqa("eval", "show", folder.name, "zzqadrine", "+", "warfarin")
    assert shown.exit_code == 0
    assert "NOT RECOGNISED" in shown.output
    assert "evaluate: no table lists the pair" in shown.output
    flagged = druqa("eval", "show", folder.name, "warfarin, fluconazole")
    assert "flagged" in flagged.output


def test_comparing_a_run_with_itself_holds_every_gate_and_a_floor_that_is_too_high_does_not(
    gold: Path, tmp_path: Path
) -> None:
    out = str(tmp_path / "out")
    druqa("eval", "run", "embedded", "--gold", str(gold), "--out", out)
    same = druqa("eval", "compare", out, out, "--no-new-misses", "--min-recall", "0.6")
    assert same.exit_code == 0
    low = druqa("eval", "compare", out, out, "--min-recall", "0.9")
    assert low.exit_code == 5
    assert "gate not held" in low.output
    floors = tmp_path / "floors.toml"
    floors.write_text("[embedded]\nrecall = 0.99\n", encoding="utf-8")
    broken = druqa("eval", "run", "embedded", "--gold", str(gold), "--out", out, "--floors", str(floors))
    assert broken.exit_code == 5
    assert "NOT HELD" in broken.output


def test_a_newly_missed_pair_breaks_the_gate(gold: Path, tmp_path: Path) -> None:
    listed = tmp_path / "listed"
    listed.mkdir()
    half = 'name = "listed"\nversion = "1"\ntitle = "Half"\n[[evaluators]]\nname = "listed"\nkind = "evidence"\n'
    (listed / "cascade.toml").write_text(half, encoding="utf-8")
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    gold.write_text("drug_a,drug_b,source\neletriptan,voriconazole,x: 1\nverapamil,colchicine,x: 2\n", encoding="utf-8")
    druqa("eval", "run", "embedded", "--gold", str(gold), "--out", a)
    druqa("eval", "run", "embedded", "--gold", str(gold), "--out", b, "--cascade", str(listed))
    result = druqa("eval", "compare", a, b, "--no-new-misses")
    assert result.exit_code == 5
    assert "cascade.name" in result.output


def test_nothing_is_asked_for_a_plan(gold: Path) -> None:
    result = druqa("eval", "run", "embedded", "--gold", str(gold), "--plan")
    assert result.exit_code == 0
    assert "asks no model, no cost" in result.output


def test_a_plan_of_models_counts_questions_and_tokens(gold: Path) -> None:
    models = ("--model", "screener=openai/gpt-4o-mini")
    result = druqa("eval", "run", "models", *models, "--gold", str(gold), "--plan")
    assert result.exit_code == 0
    assert "questions to models, about" in result.output


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("run", "embeded"), 2, "did you mean 'embedded'?"),
        (("run", "embedded", "--gold", "nowhere.csv"), 1, "nowhere.csv"),
        (("show", "nothing", "a"), 2, "there is no run 'nothing'"),
        (("compare", "a", "b"), 2, "there is no run 'a'"),
        (("calibrate", "a", "--miss-rate", "0.01", "--out", "x"), 2, "there is no run 'a'"),
        (("calibrate", "a", "--miss-rate", "2", "--out", "x"), 2, "--miss-rate"),
        (("run", "models"), 1, "none is bound to the role screener"),
    ],
)
def test_a_wrong_command_says_what_to_do(arguments: tuple[str, ...], code: int, complaint: str) -> None:
    result = druqa("eval", *arguments)
    assert result.exit_code == code
    assert complaint in result.output


def test_calibrating_tables_alone_is_refused_in_words(gold: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    druqa("eval", "run", "embedded", "--gold", str(gold), "--out", out)
    result = druqa("eval", "calibrate", out, "--miss-rate", "0.05", "--out", str(tmp_path / "new"))
    assert result.exit_code == 1
    assert "nothing to choose" in result.output
    assert not (tmp_path / "new").exists()


def test_a_look_alike_of_an_unknown_gold_name_is_not_the_pair(tmp_path: Path) -> None:
    gold = tmp_path / "g.csv"
    gold.write_text("drug_a,drug_b,source\nwarfarix,fluconazole,x: 1\n", encoding="utf-8")
    result = druqa("eval", "run", "embedded", "--gold", str(gold), "--out", str(tmp_path / "out"))
    assert "(0 of 1)" in result.output


def test_a_gate_does_not_hold_where_nothing_can_be_compared(gold: Path, tmp_path: Path) -> None:
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    druqa("eval", "run", "embedded", "--gold", str(gold), "--out", a)
    gold.write_text("drug_a,drug_b,source\nverapamil,colchicine,x: 2\n", encoding="utf-8")
    druqa("eval", "run", "embedded", "--gold", str(gold), "--out", b)
    result = druqa("eval", "compare", a, b, "--no-new-misses")
    assert result.exit_code == 5
    assert "cases that A caught are not in B" in result.output
    assert "no interacting case in common" in result.output


@pytest.mark.parametrize(
    ("floors", "complaint"),
    [
        ("[other]\nrecall = 0.9\n", "no floors for the suite embedded"),
        ("embedded = 0.9\n", "not a table"),
        ("[embedded]\nrecal = 0.9\n", "unknown floor `recal`"),
        ("[embedded]\nrecall = true\n", "unknown floor `recall`"),
    ],
)
def test_wrong_floors_are_refused_before_anything_is_run(
    gold: Path, tmp_path: Path, floors: str, complaint: str
) -> None:
    file = tmp_path / "floors.toml"
    file.write_text(floors, encoding="utf-8")
    out = tmp_path / "out"
    result = druqa("eval", "run", "embedded", "--gold", str(gold), "--out", str(out), "--floors", str(file))
    assert result.exit_code == 1
    assert complaint in result.output
    assert not out.exists()


def test_a_table_of_your_own_is_not_scored_against_itself(gold: Path, tmp_path: Path) -> None:
    (tmp_path / "druqa.toml").write_text(f'interactions = ["{gold}"]\n', encoding="utf-8")
    result = druqa("eval", "run", "embedded", "--gold", str(gold), "--out", str(tmp_path / "out"))
    assert result.exit_code == 0
    assert "No recall" in result.output
    assert "Apart from these stand 3 interacting pairs" in result.output


def test_no_host_and_no_key_is_written_down(gold: Path, tmp_path: Path) -> None:
    from druqa.measure.evaluate import _told  # noqa: PLC0415

    told = _told(
        {"temperature": 0, "api_base": "http://secret.host/v1", "extra_headers": {"Authorization": "Bearer x"}}
    )
    assert told["temperature"] == 0
    assert "secret" not in str(told)
    assert "Bearer" not in str(told)


@pytest.mark.parametrize(
    ("source", "apart"),
    [("ANSM thesaurus 10/2020", 1), ("FDA label of warfarin", 1), ("ONC high priority list", 1), ("BNF 86", 0)],
)
def test_a_source_is_known_by_its_words(tmp_path: Path, source: str, apart: int) -> None:
    gold = tmp_path / "g.csv"
    gold.write_text(f"drug_a,drug_b,source\nwarfarin,amiodarone,{source}\n", encoding="utf-8")
    result = druqa("eval", "run", "embedded", "--gold", str(gold), "--out", str(tmp_path / "out"))
    assert (f"Apart from these stand {apart} interacting pairs" in result.output) is bool(apart)


def test_two_names_of_one_drug_cannot_be_scored(tmp_path: Path) -> None:
    gold = tmp_path / "g.csv"
    gold.write_text("drug_a,drug_b\nCoumadin,warfarin\n", encoding="utf-8")
    result = druqa("eval", "run", "embedded", "--gold", str(gold), "--out", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert "no pair that can be scored" in result.output


def test_the_shipped_suite_counts_flags_on_whole_lists(tmp_path: Path) -> None:
    result = druqa("eval", "run", "embedded", "--sample", "2", "--out", str(tmp_path / "out"))
    assert "ALERT BURDEN" in result.output
    assert "a sample: at most 2 pairs" in result.output
