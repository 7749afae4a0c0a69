"""A run on disk: the same bytes for the same run, found again, compared, and calibrated."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from druqa.cascade_files import load_cascade
from druqa.errors import CascadeError, DataError, UsageError
from druqa.measure.calibrate import Calibration, calibrate
from druqa.measure.compare import compare
from druqa.measure.evaluation import Evaluation
from druqa.measure.overlays import overlay
from druqa.measure.results import Result
from druqa.measure.store import Stored, made_folder, read_run, run_id, write_overlay, write_run
from druqa.measure.traces import find, trace
from druqa.records import Severity
from tests.simulation.made import pairs_of, results
from tests.simulation.planted import Planted
from tests.simulation.worlds import run_world, write_world
from tests.support.cascades import write_cascade


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Stored, Stored, Stored]:
    """One suite run by a model, again by the same, and by a better one."""
    folder = tmp_path_factory.mktemp("runs")
    stored = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRUQA_HOME", str(folder / "home"))
        suite, truth = write_world(folder, 30, 10)
        for name, sensitivity in (("a", 0.1), ("again", 0.1), ("b", 0.3)):
            rival = Planted(truth, sensitivity=0.05, seed=3)
            _, _, run, evaluation = run_world(suite, Planted(truth, sensitivity=sensitivity), rival)
            write_run(made_folder(folder / name), evaluation, run.results, run.lists)
            stored.append(read_run(folder / name))
    first, second, third = stored
    return first, second, third


def test_a_run_is_read_back_as_it_was_written(runs: tuple[Stored, ...]) -> None:
    assert len(runs[0].results) == 40
    assert runs[0].evaluation.headline.recall.of == 30


def test_the_same_run_gives_the_same_bytes(runs: tuple[Stored, ...]) -> None:
    a, again, _ = runs
    for file in sorted(a.folder.iterdir()):
        if file.suffix in (".parquet", ".gz"):
            assert file.read_bytes() == (again.folder / file.name).read_bytes(), file.name
    assert a.evaluation.headline == again.evaluation.headline


def test_the_table_of_cases_has_a_row_for_each(runs: tuple[Stored, ...]) -> None:
    with duckdb.connect() as db:
        rows = db.execute(
            f"SELECT decision, count(*) FROM '{runs[0].folder / 'cases.parquet'}' WHERE interacts GROUP BY 1"
        ).fetchall()
    assert dict(rows)["flagged"] == runs[0].evaluation.headline.recall.hits
    assert sum(count for _, count in rows) == 30


def test_runs_are_named_by_what_they_are_made_with(tmp_path: Path, runs: tuple[Stored, ...]) -> None:
    made = runs[0].evaluation.provenance
    assert run_id(made) == run_id(made.model_copy(deep=True))
    other = made.model_copy(update={"forms": ("generic", "brand")})
    assert run_id(other) != run_id(made)
    assert run_id(made).startswith("simulated-small-")


def test_a_better_model_newly_catches_and_nothing_is_newly_missed(runs: tuple[Stored, ...]) -> None:
    a, again, b = runs
    same = compare(a, again)
    assert same.newly_missed == same.newly_caught == ()
    assert {change.p for change in same.changes} == {1.0}
    better = compare(a, b)
    gained = b.evaluation.headline.recall.hits - a.evaluation.headline.recall.hits
    assert len(better.newly_caught) - len(better.newly_missed) == gained > 0
    assert better.changes[0].stratum == "all"
    assert better.changes[0].newly_caught == len(better.newly_caught)
    assert "SIMULATED" in better.words[1]


def test_a_damaged_run_is_refused_with_the_mend(tmp_path: Path, runs: tuple[Stored, ...]) -> None:
    for file in runs[0].folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "cases.jsonl.gz").write_bytes(b"not packed")
    with pytest.raises(DataError, match="cannot be read"):
        read_run(tmp_path)
    with pytest.raises(UsageError, match="no run"):
        read_run(tmp_path / "elsewhere")


def test_a_missed_pair_tells_its_story(runs: tuple[Stored, ...]) -> None:
    lost = runs[0].evaluation.missed[0]
    (result,) = find(runs[0].results, " + ".join(lost.drugs))
    told = trace(result)
    assert told.lost_at.startswith("sign-off")
    assert {said.evaluator for said in told.said} >= {"view_0", "audit_0", "rival_0"}
    assert find(runs[0].results, lost.case) == (result,)
    with pytest.raises(UsageError, match="no pair"):
        find(runs[0].results, "warfarin + nothing")


def made(folder: Path, pairs: int, sensitivity: float) -> tuple[list[Result], Path]:
    cascade = write_cascade(folder / "small", evaluators=6, auditors=2, evidence=False)
    gold = pairs_of(2 * pairs)
    truth = {frozenset(pair): "major" for pair in gold[:pairs]}
    planted = Planted(truth, sensitivity=sensitivity, specificity=0.9)
    return results(planted, gold, load_cascade(cascade)), cascade


def test_a_calibrated_cascade_loads_and_raises_fewer_alarms(tmp_path: Path) -> None:
    measured, folder = made(tmp_path, 300, 0.9)
    cascade = load_cascade(folder)
    chosen = calibrate(measured, cascade, 0.05, 0.95)
    assert isinstance(chosen, Calibration)
    assert chosen.passed >= 1
    assert chosen.specificity.hits > chosen.safest_specificity.hits
    write_overlay(tmp_path / "bold", overlay(chosen, str(folder), "run", (("gold.csv", "0" * 64),), simulated=True))
    overlaid = load_cascade(tmp_path / "bold")
    assert overlaid.vote == chosen.vote
    assert overlaid.title.startswith("SIMULATED")
    assert tuple(a.name for a in overlaid.sign_off.auditors) == chosen.auditors if overlaid.sign_off else False
    assert overlaid.evaluators == cascade.evaluators
    assert overlaid.sha256 != cascade.sha256
    with pytest.raises(UsageError, match="a cascade already"):
        write_overlay(tmp_path / "bold", "")


def test_a_gold_set_that_is_too_small_is_said_to_be(tmp_path: Path) -> None:
    measured, folder = made(tmp_path, 100, 0.99)
    with pytest.raises(DataError, match=r"too small to promise a miss rate of 0.01.*299 without a miss"):
        calibrate(measured, load_cascade(folder), 0.01, 0.95)


def test_a_cascade_that_misses_too_much_is_said_to(tmp_path: Path) -> None:
    measured, folder = made(tmp_path, 300, 0.2)
    with pytest.raises(DataError, match="cannot be promised"):
        calibrate(measured, load_cascade(folder), 0.05, 0.95)


def test_a_cascade_of_tables_has_nothing_to_choose() -> None:
    with pytest.raises(DataError, match="no model votes"):
        calibrate([], load_cascade("embedded"), 0.05, 0.95)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('extends = "nothing"', "no cascade"),
        ('extends = "recall_first"\nauditors = ["nobody"]', "no auditor"),
        ('extends = "recall_first"\nevaluators = []', "evaluators"),
    ],
)
def test_a_wrong_overlay_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    auditors = "" if "auditors" in text else 'auditors = ["audit_identity"]\n'
    body = f'name = "o"\nversion = "1"\ntitle = "t"\n{auditors}{text}\n[vote]\nk = 1\n[calibration]\nrun = "r"\n'
    (tmp_path / "cascade.toml").write_text(body, encoding="utf-8")
    with pytest.raises((CascadeError, UsageError), match=complaint):
        load_cascade(tmp_path)


def test_an_overlay_does_not_extend_an_overlay(tmp_path: Path) -> None:
    body = 'name = "o"\nversion = "1"\ntitle = "t"\nextends = "."\nauditors = ["a"]\n[vote]\n[calibration]\n'
    (tmp_path / "cascade.toml").write_text(body, encoding="utf-8")
    with pytest.raises(CascadeError, match="is an overlay itself"):
        load_cascade(tmp_path)


def test_every_evaluation_reads_back(runs: tuple[Stored, ...]) -> None:
    dumped = runs[0].evaluation.model_dump_json()
    assert Evaluation.model_validate_json(dumped) == runs[0].evaluation
    assert {row.severity for row in runs[0].evaluation.missed} <= set(Severity)


def test_provenance_holds_no_path_and_no_time(runs: tuple[Stored, ...]) -> None:
    text = runs[0].evaluation.provenance.model_dump_json()
    assert str(runs[0].folder.parent) not in text


def test_a_line_separator_in_a_reply_spoils_nothing(tmp_path: Path, runs: tuple[Stored, ...]) -> None:
    stored = runs[0]
    first = stored.results[0]
    odd = first.seen[0].verdicts[0].model_copy(update={"reason": "one\u2028two\x85three"})
    seen = first.seen[0].model_copy(update={"verdicts": (odd, *first.seen[0].verdicts[1:])})
    changed = (first.model_copy(update={"seen": (seen,)}), *stored.results[1:])
    write_run(made_folder(tmp_path / "odd"), stored.evaluation, changed, ())
    assert read_run(tmp_path / "odd").results == changed


def test_flipped_bytes_are_a_damaged_run(tmp_path: Path, runs: tuple[Stored, ...]) -> None:
    for file in runs[0].folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    packed = bytearray((tmp_path / "cases.jsonl.gz").read_bytes())
    packed[60:80] = bytes(20)
    (tmp_path / "cases.jsonl.gz").write_bytes(bytes(packed))
    with pytest.raises(DataError, match="cannot be read"):
        read_run(tmp_path)


def test_three_spellings_of_a_pair_are_one_pair_in_a_comparison(runs: tuple[Stored, ...]) -> None:
    a, _, b = runs

    def spelled(stored: Stored) -> Stored:
        rows = [
            result.model_copy(
                update={
                    "case": result.case.model_copy(
                        update={
                            "id": f"{result.case.id}{form}",
                            "pair": result.case.pair.model_copy(update={"form": form}),
                        }
                    )
                }
            )
            for result in stored.results
            for form in ("generic", "brand", "misspelt")
        ]
        return Stored(stored.folder, stored.evaluation, tuple(rows))

    thrice, once = compare(spelled(a), spelled(b)), compare(a, b)
    assert thrice.changes[0].pairs == once.changes[0].pairs == 30
    assert thrice.changes[0].p == once.changes[0].p
    assert len(thrice.newly_caught) == 3 * len(once.newly_caught)
