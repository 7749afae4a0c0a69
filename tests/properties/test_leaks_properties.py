"""Nothing leaks: no word about the patient enters a prompt, no key enters a report, nothing is logged."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sqlite3
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from druqa.cascade_files import load_cascade
from druqa.flow import acheck
from druqa.models.base import ModelFailure
from druqa.settings import Settings, journal_path
from tests.properties.test_flow_properties import FAULTS, NO, full, models, seeds
from tests.support.script import ScriptedModel

KNOWN = ["warfarin", "Bactrim", "aspirin", "metformin"]
keys = st.text("abcdefghijkmnpqrstuvwxyz0123456789", min_size=12, max_size=24).map(lambda text: f"canary{text}")


@st.composite
def lines_about_a_person(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A medication line with patient data around the drug, and the words that must not leave."""
    surname = "Zzq" + draw(st.text("abcdefghijklmnop", min_size=4, max_size=8))
    number = str(draw(st.integers(10**6, 10**8)))
    born = f"19{draw(st.integers(10, 99))}-0{draw(st.integers(1, 9))}-1{draw(st.integers(0, 9))}"
    drug = draw(st.sampled_from(KNOWN))
    forms = [
        f"{drug} 5 mg for patient {surname}, MRN {number}",
        f"Patient: {surname} DOB {born}; {drug} daily",
        f"Mrs {surname} ({number}): {drug} 81 mg",
        f"{drug} {number} {born}",
        f"Patient {surname} MRN {number} DOB {born}",
    ]
    return draw(st.sampled_from(forms)), [surname.casefold(), number, born]


@given(st.lists(lines_about_a_person(), min_size=1, max_size=3), seeds)
def test_no_word_about_the_patient_enters_a_prompt(lines: list[tuple[str, list[str]]], seed: int) -> None:
    bound = models(full(), seed, {NO: 1})
    medications = [text for text, _ in lines] + ["zzqadrine"]
    asyncio.run(acheck(medications, cascade=full(), models=bound, settings=Settings()))
    sent = "\n".join(prompt.data for model in bound.values() for prompt in model.prompts).casefold()
    assert "zzqadrine" in sent
    for _, secrets in lines:
        for secret in secrets:
            assert secret not in sent


@given(keys, st.sampled_from(["the key {} was refused", "Incorrect API key provided: {}", "{}"]), seeds)
def test_a_key_that_a_provider_echoes_stays_out_of_report_journal_and_log(key: str, echo: str, seed: int) -> None:
    path = full()
    records: list[str] = []
    listener = logging.Handler(level=0)
    listener.emit = lambda record: records.append(record.getMessage())  # type: ignore[method-assign]
    root = logging.getLogger()
    with mock.patch.dict(os.environ, {"PROVIDER_API_KEY": key}):
        root.addHandler(listener)
        root.setLevel(1)
        try:
            fails = ScriptedModel(lambda asked: ModelFailure(echo.format(key)), cascade=load_cascade(path))
            settings = Settings()
            report = asyncio.run(
                acheck(["warfarin", "zzqadrine"], cascade=path, models={"screener": fails}, settings=settings)
            )
        finally:
            root.removeHandler(listener)
            root.setLevel(logging.WARNING)
    assert key not in report.model_dump_json()
    assert report.questions.failed
    assert not [line for line in records if key in line or "zzqadrine" in line]
    with sqlite3.connect(journal_path()) as journal:
        assert key not in str(journal.execute("SELECT * FROM replies").fetchall())


@given(seeds)
def test_the_journal_keeps_no_prompt(seed: int) -> None:
    bound = models(full(), seed, {NO: 1})
    asyncio.run(acheck(["warfarin", "zzqadrine"], cascade=full(), models=bound, settings=Settings()))
    with sqlite3.connect(journal_path()) as journal:
        rows = journal.execute("SELECT * FROM replies").fetchall()
    assert rows
    assert "Drug 1" not in str(rows)
    for _, reply, _ in rows:
        assert set(json.loads(reply)) == {
            "text",
            "finish_reason",
            "answered_as",
            "prompt_tokens",
            "completion_tokens",
            "usd",
        }


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_each_fault_is_no_plain_no(fault: str) -> None:
    """The faults of the flow's properties are faults: alone, each keeps a pair from being none found."""
    path = full()
    bound = models(path, 1, {fault: 1})
    report = asyncio.run(acheck(["zzqadrine", "qqvorblux"], cascade=path, models=bound, settings=Settings()))
    (pair,) = report.pairs
    # A model that cannot exclude it has not said no, nor has one that contradicts itself: these are voices.
    voices = {"unclear", "graded no", "harmful no"}
    assert pair.decision == ("flagged" if fault in voices else "not_checked")
