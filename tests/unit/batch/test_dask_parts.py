"""What the dask engine is made of, without a cluster: portions of limits, models on their way."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from druqa.batch.dask_messages import packed, portion
from druqa.errors import UsageError
from druqa.models.base import Limits
from druqa.models.client import LitellmModel
from druqa.models.local import LocalModel
from druqa.settings import ModelSettings
from tests.support.script import ScriptedModel


# Limits
@given(st.integers(1, 5000), st.integers(1, 400), st.none() | st.floats(0.01, 1e6))
def test_the_portions_of_all_workers_are_the_limits_of_the_model(
    concurrency: int, workers: int, rate: float | None
) -> None:
    model = ScriptedModel(limits=Limits(concurrency=concurrency, requests_per_minute=rate, timeout_s=7))
    parts = [part for place in range(workers) if (part := portion(model, workers, place))]
    assert sum(part.concurrency for part in parts) == concurrency
    assert len(parts) == min(workers, concurrency)
    assert all(part.timeout_s == 7 for part in parts)
    if rate is None:
        assert all(part.requests_per_minute is None for part in parts)
    else:
        assert sum(part.requests_per_minute or 0 for part in parts) == pytest.approx(rate)


def test_a_local_model_runs_in_each_worker_by_its_own_limit() -> None:
    model = LocalModel("local:/models/small.gguf", ModelSettings())
    assert [portion(model, 3, place) for place in range(3)] == [model.limits] * 3


# Models on their way
def test_a_model_of_the_settings_travels_by_its_name_and_without_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "sk-not-to-be-seen")
    settings = ModelSettings(api_key_env="ACME_KEY", api_base="http://127.0.0.1:1/v1")
    sent = packed(LitellmModel("openai/alpha", settings), settings)
    assert "sk-not-to-be-seen" not in repr(sent)
    assert not sent.pickled
    model = sent.unpacked(Limits(concurrency=3))
    assert isinstance(model, LitellmModel)
    assert model.limits.concurrency == 3
    assert model.parameters == LitellmModel("openai/alpha", settings).parameters


def test_an_object_of_the_callers_travels_as_it_is() -> None:
    model = ScriptedModel(says=lambda asked: "hello")
    copy = packed(model, ModelSettings()).unpacked(Limits(concurrency=2))
    assert isinstance(copy, ScriptedModel)
    assert (copy.parameters, copy.limits.concurrency) == (model.parameters, 2)
    assert model.limits.concurrency == 64


@dataclass
class Locked(ScriptedModel):
    lock: object = field(default_factory=threading.Lock)


def test_an_object_that_cannot_be_sent_is_refused_in_words() -> None:
    with pytest.raises(UsageError, match="scripted/alpha cannot be sent to workers"):
        packed(Locked(), ModelSettings())
