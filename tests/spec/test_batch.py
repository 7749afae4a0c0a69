"""`druqa batch` as people meet it: what it writes, what it says, what it refuses, and how it goes on after a kill."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from druqa import __version__
from druqa.batch.outputs import Output
from druqa.cascade_files import load_cascade
from druqa.knowledge.loading import load_synonyms
from tests.support.cascades import write_cascade
from tests.support.loopback import Loopback, serve
from tests.support.process import KEY, ROOT
from tests.support.script import Asked, yes

SMALL: dict[str, Any] = {
    "evaluators": 2,
    "auditors": 1,
    "rivals": 1,
    "answer": True,
    "name_prompts": 1,
    "proposed_names": 1,
}
LISTS = "list_id,medication\np1,Coumadin 5 mg\np1,aspirin 81 mg\np2,metformin\np2,zanubrelimab\np1,ibuprofen\n"
TABLES = ("pairs", "medications", "findings", "lists", "refused")


def run(*arguments: str, stdin: bytes = b"", **environment: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "druqa", "batch", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **environment},
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    file = tmp_path / "lists.csv"
    file.write_text(LISTS)
    return file


def test_writes_every_table_and_says_what_is_missing(lists: Path) -> None:
    code, out, err = run("lists.csv", "--out", "pairs.csv")
    assert code == 3, err
    assert "2 lists, 4 pairs (4 distinct): 3 flagged (2 major, 1 moderate), 0 none found, 1 NOT CHECKED" in out
    assert "1 of 5 medications is NOT wholly RECOGNISED: see its doubts in pairs.medications.csv" in out
    pairs = pd.read_csv("pairs.csv")
    columns = ["list_id", "drug_a", "drug_b", "decision", "severity", "tier"]
    assert pairs.loc[1, columns].tolist() == ["p1", "aspirin", "warfarin", "flagged", "major", "confirmed"]
    assert (pairs.drug_a < pairs.drug_b).all()
    assert pd.read_csv("pairs.lists.csv").complete.tolist() == [True, False]
    assert pd.read_csv("pairs.medications.csv").line.tolist() == [1, 2, 3, 1, 2]
    told = json.loads(Path("pairs.manifest.json").read_text())
    assert told["druqa_version"] == __version__
    assert told["counts"]["pairs"] == {"flagged": 3, "none_found": 0, "not_checked": 1}
    assert not Path("pairs.csv.partial").exists()


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl", ".duckdb"])
def test_every_format_holds_the_same(lists: Path, ending: str) -> None:
    code, _, err = run("lists.csv", "--out", f"out{ending}")
    assert code == 3, err
    with duckdb.connect() as db:
        if ending == ".duckdb":
            db.execute("ATTACH 'out.duckdb' AS written (READ_ONLY)")
            sources = {table: f"written.{table}" for table in TABLES}
        else:
            sources = {table: f"'out.{table}{ending}'" for table in TABLES} | {"pairs": f"'out{ending}'"}
        rows = {table: db.execute(f"SELECT count(*) FROM {sources[table]}").fetchall()[0][0] for table in TABLES}
        first = db.execute(f"SELECT drug_a, drug_b, decision FROM {sources['pairs']} LIMIT 1").fetchall()
    assert rows == {"pairs": 4, "medications": 5, "findings": 1, "lists": 2, "refused": 0}
    assert first == [("aspirin", "ibuprofen", "flagged")]


def test_standard_input_and_json(tmp_path: Path) -> None:
    code, out, err = run("-", "--out", "pairs.csv", "--json", stdin=LISTS.encode())
    assert code == 3, err
    assert json.loads(out)["counts"]["lists"] == 2


def test_what_is_there_is_not_overwritten_unasked(lists: Path) -> None:
    Path("pairs.lists.csv").write_text("mine")
    code, _, err = run("lists.csv", "--out", "pairs.csv")
    assert code == 2
    assert "pairs.lists.csv is there already" in err
    assert "--overwrite" in err
    assert Path("pairs.lists.csv").read_text() == "mine"
    assert run("lists.csv", "--out", "pairs.csv", "--overwrite")[0] == 3
    assert "p1" in Path("pairs.lists.csv").read_text()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"id,drug_name\n1,warfarin\n", "list_id"),
        (b"", "no list"),
        (b"list_id,medication\n", "no list"),
        (b'{"resourceType": "Bundle", "entry": []', "JSON"),
    ],
)
def test_input_of_no_use_is_refused_with_its_name_and_a_mend(tmp_path: Path, content: bytes, said: str) -> None:
    Path("lists.csv").write_bytes(content)
    code, out, err = run("lists.csv", "--out", "pairs.csv")
    assert (code, out) == (2, "")
    assert "lists.csv" in err
    assert "To mend" in err
    assert "Traceback" not in err
    assert not Path("pairs.csv").exists()
    if said != "JSON":
        assert said in err


def test_bad_rows_are_named_and_the_rest_is_checked(tmp_path: Path) -> None:
    long_line = b"p5," + b"x" * 2_000_000
    rows = [
        LISTS.encode().strip(),
        b",aspirin",
        b"p3,a,b",
        "p4,caf\xe9ine 65 mg".encode("cp1252"),
        long_line,
        b"p6,warfarin",
    ]
    Path("lists.csv").write_bytes(b"\n".join(rows) + b"\n")
    code, out, err = run("lists.csv", "--out", "pairs.csv")
    assert code == 3, err
    refused = pd.read_csv("pairs.refused.csv")
    assert refused.line.tolist() == [7, 8, 10]
    assert "3 rows of the input were REFUSED: each is named, with its line, in pairs.refused.csv" in out
    assert "Windows-1252" in out
    # A list of which every row was refused is in the tables all the same, and is not complete.
    summary = pd.read_csv("pairs.lists.csv").set_index("list_id")
    assert summary.loc["p3"].medications == 0
    assert not summary.loc["p3"].complete
    assert summary.loc["p6"].medications == 1


def test_a_bundle_without_medications_is_a_list_without_any(tmp_path: Path) -> None:
    Path("bundles").mkdir()
    Path("bundles/a.json").write_text('{"resourceType": "Bundle", "id": "b1", "type": "collection", "entry": []}')
    code, _, err = run("bundles", "--out", "pairs.jsonl")
    assert code == 4, err
    (row,) = [json.loads(line) for line in Path("pairs.lists.jsonl").read_text().splitlines()]
    assert (row["list_id"], row["medications"], row["complete"]) == ("b1", 0, False)


def test_no_output_no_ending_no_folder(lists: Path) -> None:
    for arguments, said in [
        (["lists.csv"], "give --out FILE"),
        (["lists.csv", "--out", "pairs.xlsx"], "end it in .parquet, .csv, .jsonl or .duckdb"),
        (["lists.csv", "--out", "nowhere/pairs.csv"], "its folder does not exist"),
        (["nowhere-*.csv", "--out", "pairs.csv"], "nowhere-*.csv"),
        (["lists.csv", "--out", "pairs.csv", "--cascade", "nope"], "nope"),
    ]:
        code, out, err = run(*arguments)
        assert (code, out) == (2 if "nope" not in arguments else code, ""), err
        assert said in err


def test_a_spreadsheet_computes_nothing(tmp_path: Path) -> None:
    Path("lists.csv").write_text('list_id,medication\np1,=1+1\np1,"@SUM(A1)"\np1,warfarin\n')
    run("lists.csv", "--out", "pairs.csv")
    cells = [
        cell
        for table in ("pairs.csv", "pairs.medications.csv")
        for cell in pd.read_csv(table, dtype=str).fillna("").to_numpy().ravel()
    ]
    assert any(cell.startswith("'=") for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_the_plan_counts_what_is_distinct_and_asks_nothing(lists: Path) -> None:
    code, out, err = run("lists.csv", "lists.csv", "--plan", "--model", "screener=openai/gpt-4o-mini")
    assert code == 0, err
    assert "2 lists, 5 medications, 5 distinct texts" in out
    assert "screen by screener openai/gpt-4o-mini: at most" in out
    assert re.search(r"Prices by the price map of litellm \d", out)
    code, out, _ = run("lists.csv", "--plan", "--json")
    assert json.loads(out)["plan"]["workload"]["pairs"] == 4


def test_a_plan_beyond_a_budget_that_nobody_set_is_refused(tmp_path: Path) -> None:
    drugs = [drug for drug in load_synonyms().drugs if drug.isalpha()][:12]
    Path("lists.csv").write_text("list_id,medication\n" + "".join(f"p1,{drug}\n" for drug in drugs))
    models = ["--model", "screener=openai/gpt-4o-mini", "--model", "screener=openai/gpt-4o"]
    code, out, err = run("lists.csv", "--out", "pairs.csv", *models)
    assert (code, out) == (2, ""), err
    assert re.search(r"it would ask up to [\d,]+ questions of models, and no budget is set; nothing was asked", err)
    assert "--plan" in err


def test_a_budget_in_dollars_needs_a_price(lists: Path) -> None:
    code, _, err = run(
        "lists.csv", "--out", "pairs.csv", "--model", "screener=openai/nobody-knows-it", "--budget-usd", "5"
    )
    assert code == 2
    assert "the price of openai/nobody-knows-it is not known" in err
    assert not Path("pairs.csv").exists()


class Live:
    """A batch with models behind a loopback server."""

    def __init__(self, folder: Path, server: Loopback, name: str) -> None:
        self.home, self.name = folder / name, name
        settings = folder / f"{name}.toml"
        key = f'api_base = "{server.base}"\napi_key_env = "LOOPBACK_KEY"\nconcurrency = 4\n'
        settings.write_text(
            '[roles]\nscreener = "openai/alpha"\nrival = "openai/beta"\n'
            f'[models."openai/alpha"]\n{key}[models."openai/beta"]\n{key}'
        )
        self.environment = {"DRUQA_HOME": str(self.home), "DRUQA_CONFIG": str(settings), "LOOPBACK_KEY": KEY}

    def command(self, *options: str) -> list[str]:
        out = f"{self.name}.csv"
        return ["lists.csv", "--out", out, "--cascade", "small", "--budget-calls", "100000", *options]

    def finish(self, *options: str) -> tuple[int, str, str]:
        return run(*self.command(*options), **self.environment)

    def start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **self.environment}
        command = [sys.executable, "-m", "druqa", "batch", *self.command()]
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def bytes(self) -> list[bytes]:
        files = [f"{self.name}.csv", *(f"{self.name}.{table}.csv" for table in TABLES[1:])]
        return [Path(file).read_bytes() for file in files]


def opinions(asked: Asked) -> object:
    time.sleep(0.005)
    if asked.prompt == "names_brand":
        return {
            "question_id": asked.data["question_id"],
            "names": ["Zzbrand" if len(asked.data["Name"]) % 2 else "Aspro"],
        }
    unsure = asked.prompt == "view_1" and "metformin" in asked.names
    return yes(asked, "moderate", "unclear") if unsure else None


def test_killed_anywhere_it_goes_on_and_ends_the_same_to_the_byte(tmp_path: Path) -> None:
    Path("lists.csv").write_text(LISTS + "p3,metformin\np3,Tylenol\np3,qqvorblux\np2,cetirizine\n")
    folder = Path.cwd()
    with serve(Loopback(says=opinions, cascade=load_cascade(write_cascade(folder / "small", **SMALL)))) as server:
        whole = Live(folder, server, "whole")
        assert whole.finish()[0] == 3
        questions = sum(server.asked.values())
        assert questions == len(server.asked), "each question once"
        server.asked.clear()
        killed, lost = Live(folder, server, "killed"), 0
        for part in (0.1, 0.4, 0.8):
            victim = killed.start()
            while sum(server.asked.values()) < questions * part and victim.poll() is None:
                time.sleep(0.002)
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            time.sleep(0.2)
            with sqlite3.connect(killed.home / "journal.sqlite") as journal:
                (kept,) = journal.execute("SELECT count(*) FROM replies").fetchone()
            lost = sum(server.asked.values()) - kept
        assert killed.finish()[0] == 3
        assert sum(server.asked.values()) == questions + lost, "only what was on the wire at a kill is asked again"
        assert killed.bytes() == whole.bytes()
        before = sum(server.asked.values())
        assert killed.finish("--overwrite")[0] == 3
        assert sum(server.asked.values()) == before, "what was paid is not paid again"
        assert killed.bytes() == whole.bytes()


def test_the_budget_reaches_the_most_dangerous_pairs_first(tmp_path: Path) -> None:
    Path("lists.csv").write_text(
        "list_id,medication\n" + "".join(f"p1,{d}\n" for d in ("cetirizine", "warfarin", "aspirin", "metformin"))
    )
    folder = Path.cwd()
    with serve(Loopback(says=opinions, cascade=load_cascade(write_cascade(folder / "small", **SMALL)))) as server:
        live = Live(folder, server, "some")
        code, out, err = live.finish("--budget-calls", "40", "--events", "events.jsonl")
    assert code == 3, err
    pairs = pd.read_csv("some.csv").set_index(["drug_a", "drug_b"])
    cut = pairs[pairs.reasons.str.contains("the budget of 40 model calls does not reach this pair")]
    assert 0 < len(cut) < len(pairs)
    assert set(cut.decision) == {"not_checked"}
    assert ("aspirin", "warfarin") not in cut.index
    assert sum(server.asked.values()) <= 40
    assert f"models were not asked about {len(cut)} of the pairs" in out
    events = [json.loads(line) for line in Path("events.jsonl").read_text().splitlines()]
    assert [event["stage"] for event in events if event["event"] == "stage"] == [
        "reading", "names", "pairs", "deciding", "writing",
    ]  # fmt: skip
    assert events[-1]["event"] == "ended"
    assert events[-1]["decided"] == len(pairs) == 6


def test_a_deadline_ends_it_with_its_tables(tmp_path: Path) -> None:
    Path("lists.csv").write_text(LISTS)
    folder = Path.cwd()

    def slow(asked: Asked) -> object:
        time.sleep(1.0)
        return None

    with serve(Loopback(says=slow, cascade=load_cascade(write_cascade(folder / "small", **SMALL)))) as server:
        code, out, err = Live(folder, server, "slow").finish("--deadline", "4")
    assert code == 3, err
    assert "ENDED EARLY: the run's deadline of 4 s passed" in out
    assert pd.read_csv("slow.csv").reasons.str.contains("deadline of 4 s passed").any()


def test_two_runs_do_not_write_into_one_another(lists: Path) -> None:
    output = Output(Path("pairs.csv"))
    with output.opened(overwrite=False):
        code, _, err = run("lists.csv", "--out", "pairs.csv")
        assert code == 2
        assert "another run is writing it" in err
    assert not output.partial.exists()
    assert run("lists.csv", "--out", "pairs.csv")[0] == 3


def test_a_run_that_was_killed_while_it_moved_its_files_may_move_them_again(lists: Path) -> None:
    assert run("lists.csv", "--out", "pairs.csv")[0] == 3
    whole = Path("pairs.csv").read_bytes()
    Path("pairs.csv").unlink()
    assert run("lists.csv", "--out", "pairs.csv")[0] == 2, "what lies there may be somebody else's"
    Path("pairs.csv.partial").mkdir(exist_ok=True)
    Path("pairs.csv.partial/lock").touch()
    Path("pairs.csv.partial/moving").touch()
    assert run("lists.csv", "--out", "pairs.csv")[0] == 3
    assert Path("pairs.csv").read_bytes() == whole
