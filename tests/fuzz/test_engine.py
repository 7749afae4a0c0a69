"""The corpus is small and each case says what it is for; without its guide a fuzzer says so."""

from __future__ import annotations

import sys

import pytest

from tests.fuzz import engine, names, replies

TARGETS = [replies.TARGET, names.TARGET]


@pytest.mark.parametrize("target", TARGETS)
def test_the_corpus_is_small_told_apart_and_read_back(target: engine.Target) -> None:
    cases = engine.corpus(target.name)
    assert (engine.CORPUS / f"{target.name}.jsonl").stat().st_size < 100_000
    assert len(cases) <= 200
    assert len({case["name"] for case in cases}) == len(cases)
    for case in cases:
        again = target.unpack(target.pack(case))
        assert {field: case.get(field) for field in again} == again


@pytest.mark.parametrize("target", TARGETS)
def test_without_atheris_it_says_how_to_install_it(
    target: engine.Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "atheris", None)
    monkeypatch.setattr(sys, "argv", ["fuzz", "--seconds", "1"])
    assert engine.run(target) == engine.ABSENT
    assert "requirements/fuzz.txt" in capsys.readouterr().err
