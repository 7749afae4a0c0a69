"""The same lists checked twice: by asking models directly over HTTP, and by a provider's batch files alone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from druqa.batch.checking import check_files
from druqa.batch.outputs import Output
from druqa.batch.provider import Account, Exported, export_files, import_files
from druqa.batch.run import ask_nobody
from druqa.batch.tables import TABLES
from druqa.cascade_files import load_cascade
from druqa.models.base import ChatModel
from druqa.settings import ModelSettings, Settings
from druqa.setup import Setup, set_up
from tests.support.batch_provider import BatchProvider, FiledModel
from tests.support.cascades import write_cascade
from tests.support.clinician import Clinician, Practice
from tests.support.loopback import serve

SCREENER, RIVAL = "openai/simulated-alpha", "anthropic/claude-sonnet-4-5"
BUDGET = 10_000_000


def every_stage(folder: Path) -> Path:
    """A small cascade in which every stage asks."""
    return write_cascade(
        folder, evaluators=2, auditors=1, answer=True, rivals=2, name_prompts=1, proposed_names=1, orders="alternate"
    )


def check_live(lists: Path, out: Path, cascade: Path | str, home: Path) -> int:
    """Ask directly, through litellm. Returns how many replies were used."""
    own = {"DRUQA_HOME": str(home), "LOOPBACK_KEY": "sk-loopback-0123456789"}
    with _environment(own), serve(Practice(_clinician(cascade))) as server:
        reached = ModelSettings(api_base=server.base, api_key_env="LOOPBACK_KEY", concurrency=32)
        models = {SCREENER: reached, RIVAL: reached}
        settings = Settings(roles={"screener": (SCREENER,), "rival": (RIVAL,)}, models=models, budget_calls=BUDGET)
        return check_files([str(lists)], Output(out), set_up(cascade, None, settings)).cost.calls


def check_by_files(
    lists: Path, out: Path, cascade: Path | str, home: Path, *, faults: float = 0.08
) -> list[tuple[Exported, Account]]:
    """Export, have the provider answer, import, until nothing is left to ask; then the tables of what was paid."""
    setup, models = filed_setup(cascade)
    provider = BatchProvider(_clinician(cascade), faults=faults)
    requests, rounds = home / "requests", list[tuple[Exported, Account]]()
    with _environment({"DRUQA_HOME": str(home)}):
        while (exported := export_files([str(lists)], requests, setup)).files:
            results = home / f"results-{exported.round}"
            provider.answer([requests / file.name for file in exported.files], results)
            rounds.append((exported, import_files([str(results)], requests, models.__getitem__)))
        check_files([str(lists)], Output(out), setup, engine=ask_nobody)
    return rounds


def filed_setup(cascade: Path | str) -> tuple[Setup, Mapping[str, FiledModel]]:
    """A set-up whose models only files reach, one of each kind of file."""
    models = {
        "screener": FiledModel(SCREENER, "gpt"),
        "rival": FiledModel(RIVAL, "claude", provider="anthropic"),
    }
    given: Mapping[str, ChatModel] = models
    return set_up(cascade, given, Settings(budget_calls=BUDGET)), {model.name: model for model in models.values()}


def different_tables(one: Path, other: Path) -> list[str]:
    """The tables that are not the same, byte for byte."""
    files = zip(Output(one).files.items(), Output(other).files.values(), strict=True)
    return [table for (table, a), b in files if table in TABLES and a.read_bytes() != b.read_bytes()]


def _clinician(cascade: Path | str) -> Clinician:
    return Clinician(load_cascade(cascade))


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Other variables while this lasts: each way has a journal of its own."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
