"""A cascade by batch files alone: the same tables as by asking directly, and the commands around it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from druqa.batch.provider import export_files
from druqa.errors import UsageError
from druqa.settings import Settings
from druqa.setup import set_up
from tests.spec.test_cli import druqa
from tests.support.batch_provider import BatchProvider, FiledModel
from tests.support.by_files import (
    RIVAL,
    SCREENER,
    check_by_files,
    check_live,
    different_tables,
    every_stage,
    filed_setup,
)
from tests.support.cascades import write_cascade
from tests.support.clinician import Clinician
from tests.support.realistic_lists import write_lists
from tests.support.script import ScriptedModel

KEY = "sk-batch-files-0123456789"


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    return write_lists(tmp_path / "lists.csv", 2, 3, 4)


def test_the_tables_by_files_equal_those_by_asking_directly(tmp_path: Path) -> None:
    lists, cascade = write_lists(tmp_path / "lists.csv", 12, 3, 5), every_stage(tmp_path / "small")
    rounds = check_by_files(lists, tmp_path / "files.csv", cascade, tmp_path / "one")
    check_live(lists, tmp_path / "live.csv", cascade, tmp_path / "other")
    assert different_tables(tmp_path / "files.csv", tmp_path / "live.csv") == []
    # And it was a long way: names, screen, sign-off, answer and rival, failures of every kind, files of both kinds.
    assert len(rounds) >= 5
    assert {file.format for exported, _ in rounds for file in exported.files} == {
        "OpenAI batch",
        "Anthropic Message Batches",
    }
    lines = [result for _, account in rounds for result in account.results]
    for kind in ("errored", "expired", "canceled", "duplicated"):
        assert sum(getattr(result, kind) for result in lines), kind
    assert rounds[-1][1].exit_code == 0
    # Nobody answered after it had been paid for.
    assert sum(account.new for _, account in rounds) == rounds[-1][1].questions


def test_an_export_of_the_same_state_is_the_same_to_the_byte(tmp_path: Path, lists: Path) -> None:
    setup, _ = filed_setup(every_stage(tmp_path / "small"))
    written = []
    for folder in (tmp_path / "one", tmp_path / "other"):
        exported = export_files([str(lists)], folder, setup)
        written.append({file.name: (folder / file.name).read_bytes() for file in exported.files})
        assert sorted(file.name for file in folder.iterdir()) == sorted([*written[-1], "index.duckdb"])
    assert written[0] == written[1]


def test_an_export_that_is_broken_off_leaves_no_file_and_the_next_one_writes_them_all(
    tmp_path: Path, lists: Path
) -> None:
    cascade = every_stage(tmp_path / "small")

    class Broken(FiledModel):
        left = 5

        def request_body(self, *asked: Any) -> dict[str, Any]:
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt
            return super().request_body(*asked)

    broken = set_up(cascade, {"screener": Broken(SCREENER, "gpt")}, Settings())
    with pytest.raises(KeyboardInterrupt):
        export_files([str(lists)], tmp_path / "broken", broken)
    assert [file.name for file in (tmp_path / "broken").iterdir()] == ["index.duckdb"]
    setup, _ = filed_setup(cascade)
    written = [export_files([str(lists)], tmp_path / folder, setup).files for folder in ("broken", "other")]
    assert written[0] == written[1]
    for file in written[0]:
        assert (tmp_path / "broken" / file.name).read_bytes() == (tmp_path / "other" / file.name).read_bytes()


def test_what_was_exported_and_has_no_reply_is_exported_again_under_its_id_and_said(
    tmp_path: Path, lists: Path
) -> None:
    setup, _ = filed_setup(every_stage(tmp_path / "small"))
    first, second = (export_files([str(lists)], tmp_path / "requests", setup) for _ in range(2))
    assert (first.round, second.round, first.again) == (1, 2, 0)
    assert second.again == sum(file.requests for file in first.files)
    texts = [(tmp_path / "requests" / exported.files[0].name).read_bytes() for exported in (first, second)]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("model", [ScriptedModel(), FiledModel("gemini/other", "gemini", provider="gemini")])
def test_a_model_without_request_files_is_refused_before_anything_is_written(
    tmp_path: Path, lists: Path, model: ScriptedModel | FiledModel
) -> None:
    if isinstance(model, FiledModel):
        model.request_body = lambda prompt, schema: {"contents": []}  # type: ignore[method-assign]
    setup = set_up(every_stage(tmp_path / "small"), {"screener": model}, Settings())
    with pytest.raises(UsageError, match="cannot be asked by batch files"):
        export_files([str(lists)], tmp_path / "requests", setup)
    assert not (tmp_path / "requests").exists()


def test_a_plan_beyond_the_budget_that_was_never_set_is_refused(tmp_path: Path) -> None:
    lists = write_lists(tmp_path / "lists.csv", 40)
    models = {"screener": FiledModel(SCREENER, "gpt")}
    setup = set_up("recall_first", models, Settings())
    with pytest.raises(UsageError, match="no budget is set"):
        export_files([str(lists)], tmp_path / "requests", setup)
    assert not list((tmp_path / "requests").glob("*.jsonl"))


def test_no_key_gets_into_a_file(tmp_path: Path, lists: Path) -> None:
    leaky = FiledModel(SCREENER, "gpt", parameters={"extra_headers": {"Authorization": f"Bearer {KEY}"}})
    setup = set_up(every_stage(tmp_path / "small"), {"screener": leaky}, Settings())
    with pytest.raises(UsageError, match="its parameters hold a key"):
        export_files([str(lists)], tmp_path / "requests", setup)


def test_a_local_model_is_refused_by_the_command(tmp_path: Path, lists: Path) -> None:
    result = druqa("batch", "export", str(lists), "--to", "requests", "--model", f"screener=local:{tmp_path}/x.gguf")
    assert result.exit_code == 2
    assert "cannot be asked by batch files" in result.stderr
    assert not (tmp_path / "requests").exists()


def test_where_no_model_is_asked_there_is_nothing_to_export_and_it_is_said(lists: Path) -> None:
    result = druqa("batch", "export", str(lists), "--to", "requests", "--cascade", "embedded")
    assert result.exit_code == 2
    assert "the cascade embedded asks no model" in result.output
    assert not Path("requests").exists()


def test_only_paid_asks_nothing_and_says_what_was_not_checked(tmp_path: Path, lists: Path) -> None:
    cascade = write_cascade(tmp_path / "small", evidence=False)
    result = druqa("batch", str(lists), "--out", "pairs.csv", "--only-paid", "--cascade", str(cascade),
                   "--model", "screener=openai/gpt-4o-mini")  # fmt: skip
    assert result.exit_code == 4, result.output
    with Path("pairs.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["decision"] for row in rows} == {"not_checked"}
    assert all("no reply to it was paid for" in row["reasons"] for row in rows)


def test_import_without_an_export_is_wrong_use(lists: Path) -> None:
    result = druqa("batch", "import", str(lists), "--to", "requests")
    assert result.exit_code == 2
    assert "nothing was exported" in result.stderr


def test_the_commands_from_lists_to_tables(tmp_path: Path, lists: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With hosted models as they are, and no key: none is needed, and one that is there gets into no file."""
    cascade = every_stage(tmp_path / "small")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    Path("druqa.toml").write_text(
        f'[roles]\nscreener = "{SCREENER}"\nrival = "{RIVAL}"\n[models."{SCREENER}"]\napi_key_env = "NOT_SET_KEY"\n'
    )
    options = [str(lists), "--to", "requests", "--cascade", str(cascade)]
    provider = BatchProvider(Clinician(set_up(cascade, None, None).cascade))
    for number in range(1, 20):
        result = druqa("batch", "export", *options)
        assert result.exit_code == 0, result.output
        if "Nothing is left to ask" in result.stdout:
            break
        files = sorted(Path("requests").glob(f"{number:03d}-*.jsonl"))
        provider.answer(files, tmp_path / f"results-{number}")
        told = druqa("batch", "import", str(tmp_path / f"results-{number}"), "--to", "requests", "--json")
        assert told.exit_code in (0, 4), told.output
    assert json.loads(told.stdout)["answered"] == json.loads(told.stdout)["questions"]
    assert not any(KEY.encode() in file.read_bytes() for file in Path("requests").iterdir())
    tables = druqa("batch", str(lists), "--out", "pairs.csv", "--only-paid", "--cascade", str(cascade))
    assert tables.exit_code in (0, 3, 4), tables.output
    check_by_files(lists, tmp_path / "files.csv", cascade, tmp_path / "one")
    assert different_tables(tmp_path / "files.csv", tmp_path / "pairs.csv") == []
