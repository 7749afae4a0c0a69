"""Models are bound to roles from flags, environment and file; a rival of the evaluators' family is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from druqa.cascade_files import load_cascade
from druqa.errors import SettingsError
from druqa.models.binding import bind
from druqa.models.families import family_of, is_known
from druqa.settings import ModelSettings, Settings, journal_path, load_settings
from tests.support.script import ScriptedModel


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("openai/gpt-4o-mini", "gpt"),
        ("azure/gpt-35-turbo", "gpt"),
        ("o3-mini", "gpt"),
        ("anthropic/claude-sonnet-4", "claude"),
        ("bedrock/us.anthropic.claude-3-haiku-v1", "claude"),
        ("gemini/gemini-2.0-flash", "gemini"),
        ("ollama/gemma3:4b", "gemini"),
        ("groq/llama-3.3-70b", "llama"),
        ("deepseek/deepseek-r1-distill-llama-70b", "llama"),
        ("mistral/mistral-large", "mistral"),
        ("local:/models/SmolLM2-135M.Q4.gguf", "smollm"),
        ("openai/house-model", "house-model"),
    ],
)
def test_families(model: str, family: str) -> None:
    assert family_of(model) == family
    assert is_known(model) is (model != "openai/house-model")


def test_flags_win_over_environment_and_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "druqa.toml").write_text(
        'budget_calls = 7\n[roles]\nscreener = "a"\nrival = ["b", "c"]\nauditor = "d"\n[models."a"]\nfamily = "x"\n'
    )
    monkeypatch.setenv("DRUQA_RIVAL", "e, f")
    settings = load_settings(["screener=g", "screener=h"], deadline_s=5.0, budget_calls=None)
    assert settings.roles == {"screener": ("g", "h"), "rival": ("e", "f"), "auditor": ("d",)}
    assert (settings.budget_calls, settings.deadline_s) == (7, 5.0)
    assert settings.of("a").family == "x"
    assert settings.of("g") == ModelSettings()


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("bugdet_calls = 1", "bugdet_calls"),
        ("[roles]\nscreeener = 'x'", "screeener"),
        ("[models.'x']\napi_key = 'sk-1'", "models.x.api_key"),
        ("budget_calls = 'many'", "budget_calls"),
        ("roles = [", "cannot be read"),
    ],
)
def test_a_wrong_settings_file_is_named(tmp_path: Path, toml: str, says: str) -> None:
    (tmp_path / "druqa.toml").write_text(toml)
    with pytest.raises(SettingsError, match=f"druqa.toml.*{says}"):
        load_settings()


@pytest.mark.parametrize("binding", ["screner=x", "screener=", "x", "="])
def test_a_wrong_flag_is_named(binding: str) -> None:
    with pytest.raises(SettingsError, match="write ROLE=MODEL"):
        load_settings([binding])


def test_a_missing_settings_file_that_was_asked_for_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRUQA_CONFIG", "nowhere.toml")
    with pytest.raises(SettingsError, match="does not exist"):
        load_settings()


def test_the_journal_lies_in_druqa_home(home_of_its_own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert journal_path() == home_of_its_own / "journal.sqlite"
    monkeypatch.delenv("DRUQA_HOME")
    assert journal_path().name == "journal.sqlite"


def test_a_cascade_with_prompts_needs_a_screener() -> None:
    with pytest.raises(SettingsError, match="--model screener=MODEL"):
        bind(load_cascade("recall_first"), Settings())


def test_a_rival_of_the_same_family_is_refused() -> None:
    roles = {"screener": ("openai/gpt-4o",), "rival": ("azure/gpt-4.1",)}
    with pytest.raises(SettingsError, match="of the family of the screener openai/gpt-4o: gpt"):
        bind(load_cascade("recall_first"), Settings(roles=roles))  # type: ignore[arg-type]
    of_another = Settings(roles=roles, models={"azure/gpt-4.1": ModelSettings(family="house")})  # type: ignore[arg-type]
    assert bind(load_cascade("recall_first"), of_another).models["azure/gpt-4.1"].family == "house"


def test_auditor_and_answerer_fall_to_the_screener_and_rival_to_nobody() -> None:
    binding = bind(load_cascade("recall_first"), Settings(), {"screener": [ScriptedModel(), ScriptedModel(name="two")]})
    assert binding.roles["auditor"] == binding.roles["answerer"] == ("scripted/alpha", "two")
    assert binding.roles["rival"] == ()


def test_embedded_binds_nothing() -> None:
    binding = bind(load_cascade("embedded"), Settings(roles={"screener": ("openai/gpt-4o",)}))
    assert not binding.models
