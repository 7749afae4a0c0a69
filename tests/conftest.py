"""Every test runs without a network but the loopback interface, with a journal and settings of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from druqa.models import journal

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

# Thousands of small runs: none of them gains by waiting for replies that could share its commit.
journal._GATHER_S = 0.0

# On a desk every run tries other examples and so goes on searching; CI repeats its own, so that it fails for the change
# it is run on and for nothing else.
settings.register_profile(
    "druqa",
    deadline=None,
    max_examples=40,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("druqa")


@pytest.fixture(autouse=True)
def home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh DRUQA_HOME, an empty folder to run in, and no settings from whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("DRUQA_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    monkeypatch.setenv("DRUQA_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    return home
