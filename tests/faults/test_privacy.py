"""No key and no prompt in a log, an error, a warning, the journal or a report, however loud the libraries are set."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
import time
import traceback
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from druqa import ModelSettings, Settings, check
from druqa.cascade_files import load_cascade
from druqa.cli import main
from druqa.errors import SettingsError, UsageError
from druqa.models.base import ModelFailure
from druqa.models.client import LitellmModel
from druqa.prompts import PromptText
from druqa.scrubbing import scrub
from druqa.settings import load_settings
from tests.support.cascades import write_cascade
from tests.support.loopback import Loopback, serve

KEY = "canarykey0123456789abcdefWXYZ"
ROOT = Path(__file__).parents[2]
# Words of the prompts, of the line they come from, and of the key in two codings.
OURS = (
    "wwyzplex",
    "vorbluxine",
    "Quillfeather",
    "00123456",
    KEY,
    KEY[:10],
    base64.b64encode(KEY.encode()).decode()[:-3],
)


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("CANARY_VARIABLE", KEY)
    monkeypatch.setenv("PROVIDER_API_KEY", KEY)
    return KEY


def found(text: str, canaries: tuple[str, ...] = OURS) -> list[str]:
    return [canary for canary in canaries if canary.casefold() in text.casefold()]


def test_every_library_at_its_loudest_says_nothing_of_a_call(tmp_path: Path, home_of_its_own: Path) -> None:
    loud = {"LITELLM_LOG": "DEBUG", "OPENAI_LOG": "debug", "CANARY_VARIABLE": KEY, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-X", "dev", "-m", "tests.faults.everything_logged", str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **loud}, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    log = (tmp_path / "log").read_text()
    result = json.loads((tmp_path / "result.json").read_text())
    assert found(log + ran.stdout + ran.stderr) == []
    # Were nothing heard at all, nothing would be proven: the host's own call is in the log and in its callbacks.
    assert "hostcanary" in log
    assert "hostcanary" in str(result["host"])
    assert result["ours"] == []
    assert result["cached"] == 0
    assert found(json.dumps(result["reports"]), OURS[4:]) == []
    questions = {name: report["questions"] for name, report in result["reports"].items()}
    whole = questions.pop("success")
    assert whole["answered"] == whole["planned"]
    # What is answered all the same is what the tables were asked.
    assert {came["answered"] for came in questions.values()} == {2}
    for file in filter(Path.is_file, home_of_its_own.rglob("*")):
        assert found(file.read_bytes().decode("latin-1"), OURS[3:]) == []


def frames(error: BaseException) -> str:
    """An error as the nosiest of reporters shows it: the whole chain, and the variables of every frame of druqa's."""
    told, seen = [], error
    while seen is not None:
        shown = traceback.TracebackException.from_exception(seen, capture_locals=True)
        told += [f"{frame.name} {frame.locals}" for frame in shown.stack if "/tests/" not in frame.filename]
        told += [*shown.format_exception_only(), *map(str, seen.args)]
        seen = seen.__cause__ or seen.__context__  # type: ignore[assignment]
    return "\n".join(told)


@pytest.mark.parametrize("status", [400, 401, 500])
def test_a_failure_drags_no_request_along(tmp_path: Path, key: str, status: int) -> None:
    path = write_cascade(tmp_path / "small", evaluators=1)
    (prompt,) = [e.prompt for e in load_cascade(path).evaluators if e.prompt]
    filled = prompt.fill(question_id="q0", first="wwyzplex", second="vorbluxine")
    with serve(Loopback(cascade=load_cascade(path), status=lambda asked: (status, {}, f"bad key {key}"))) as server:
        model = LitellmModel("openai/x", ModelSettings(api_base=server.base, api_key_env="CANARY_VARIABLE"))

        async def ask() -> None:
            try:
                await model.complete(filled, {"name": "x", "schema": {"type": "object"}})
            finally:
                await model.run_ended()

        with pytest.raises(ModelFailure) as caught:
            asyncio.run(ask())
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert "bad key [secret]" in caught.value.reason
    assert found(frames(caught.value)) == []


def test_the_frames_of_an_error_are_looked_into() -> None:
    model = LitellmModel("openai/x", ModelSettings())
    with pytest.raises(AttributeError) as caught:
        model._request(None, {"name": "wwyzplex"})  # type: ignore[arg-type]
    assert found(frames(caught.value)) == ["wwyzplex"]


WRONG = {
    "a key": f'parameters = {{ api_key = "{KEY}" }}',
    "a header": f'parameters = {{ extra_headers = {{ Authorization = "Bearer {KEY}" }} }}',
    "a header of a gateway": f'parameters = {{ extra_headers = {{ x-goog-api-key = "{KEY}" }} }}',
    "a key by its shape": 'parameters = { user = "sk-canary0123456789abcdef" }',
    "a secret": f'parameters = {{ aws_secret_access_key = "{KEY}" }}',
    "a token": f'parameters = {{ extra_body = {{ azure_ad_token = "{KEY}" }} }}',
    "a list": f'parameters = {{ fallbacks = [{{ api_key = "{KEY}" }}] }}',
    "a password in the address": f'api_base = "https://user:{KEY}@host/v1"',
    "a key in the address": f'api_base = "https://host/v1?key={KEY}"',
    "an api key in the address": f'api_base = "https://host/v1?version=1&api_key={KEY}"',
    "the key for its variable": 'api_key_env = "sk-canary0123456789abcdef"',
    "an Azure key for its variable": 'api_key_env = "facadec0ffee0123456789abcdef0123"',
    "a misspelt setting": f'api_kye = "{KEY}"',
    "a wrong type": f'api_base = ["{KEY}"]',
}


@pytest.mark.parametrize("line", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("debug", ["", "1"])
def test_a_secret_in_the_settings_is_refused_and_not_repeated(
    line: str, debug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "druqa.toml").write_text(f'[roles]\nscreener = "openai/x"\n[models."openai/x"]\n{line}\n')
    if debug:
        monkeypatch.setenv("DRUQA_DEBUG", debug)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert found(frames(caught.value), ("canary", "facade")) == []
    ran = CliRunner().invoke(main, ["check", "warfarin", "--plan"])
    assert ran.exit_code == 1
    assert "druqa: druqa.toml" in ran.output
    assert found(ran.output, ("canary", "facade")) == []


def test_what_is_no_secret_is_no_secret() -> None:
    kept = {"max_tokens": 400, "prompt_cache_key": "druqa", "seed": 1, "extra_headers": {"x-team": "pharmacy"}}
    assert ModelSettings(parameters=kept, api_base="https://host:8080/v1?version=1", api_key_env="MY_KEY").parameters


def test_settings_given_in_code_are_refused_too_and_not_repeated() -> None:
    with pytest.raises(ValidationError) as caught:
        ModelSettings(parameters={"api_key": KEY})
    assert "api_key_env" in str(caught.value)
    assert KEY not in str(caught.value)


def test_a_line_given_for_a_list_is_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        check("Pt Quillfeather takes warfarin")
    assert "Quillfeather" not in str(caught.value)


def test_a_server_that_hands_the_key_back_leaves_it_nowhere(tmp_path: Path, key: str, home_of_its_own: Path) -> None:
    path = write_cascade(tmp_path / "small", evaluators=1, auditors=1)
    with serve(Loopback(says=lambda asked: f'{{"reason": "{key}"}}', cascade=load_cascade(path))) as server:
        model = ModelSettings(api_base=server.base, api_key_env="CANARY_VARIABLE", timeout_s=20)
        bound = Settings(roles={"screener": ("openai/x",)}, models={"openai/x": model})
        report = check(["wwyzplex", "vorbluxine"], cascade=path, settings=bound)
    assert report.questions.failed
    assert KEY not in report.model_dump_json()
    kept = b"".join(file.read_bytes() for file in home_of_its_own.rglob("*") if file.is_file())
    assert b"[secret]" in kept
    assert KEY.encode() not in kept
    assert b"wwyzplex" not in kept


ECHOES = [
    KEY,
    f"Incorrect API key provided: {KEY}.",
    f"'{KEY[:9]}' '{KEY[9:]}'",
    f'{KEY[:9]}"\n"{KEY[9:]}',
    quote(f"?api_key={KEY}"),
    "Basic " + base64.b64encode(f"user:{KEY}".encode()).decode(),
    base64.b64encode(KEY.encode()).decode(),
    base64.b64encode(f"x{KEY}".encode()).decode(),
    KEY.encode().hex(),
    json.dumps({"key": KEY}),
    f"{KEY[:8]}...{KEY[-4:]}",
    f"{KEY[:4]}****{KEY[-4:]}",
    f"{KEY[:4]}\u2026{KEY[-4:]}",
    f"{KEY[:12]} was refused",
    f"https://user:{KEY}@host",
    f"https://host/v1?sig={KEY}&x=1",
]


@pytest.mark.parametrize("echo", ECHOES)
def test_a_key_of_the_environment_is_scrubbed_in_every_coding(echo: str, key: str) -> None:
    scrubbed = scrub(f"the provider said: {echo} (request 7)")
    assert found(scrubbed, (KEY, KEY[:6], KEY[-6:], base64.b64encode(KEY.encode()).decode()[4:20])) == []
    assert KEY.encode().hex()[:12] not in scrubbed
    assert scrubbed.startswith("the provider said:")


SHAPES = [
    "sk-proj-canary0123456789",
    "sk-ant-api03-canary_0123-456789",
    "sk-...anary",
    "sk-\u2026canary",
    "canary**********canary",
    "canaryc0ffee0123456789abcdef0123".replace("canary", "facade"),
    "AKIAIOSFODNN7CANARYX",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYcanaryKEY0",
    "AIzaSyD-canary0123456789canary0123456",
    "hf_canary0123456789",
    "gsk_canary0123456789",
    "xai-canary0123456789",
    "ghp_canary0123456789",
    "Bearer canary",
    "Bearer canary.0123456789",
    "Basic Y2FuYXJ5OmNhbmFyeQ==",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl",
    "postgres://canary:canary@host/db",
    "https://host/v1?api_key=canary0123",
    "https://host/v1?version=2&access_token=canary0123",
    "api_key: canary0123",
    'x-api-key: "canary0123"',
    "password=canary0123",
]


@pytest.mark.parametrize("shape", SHAPES)
def test_what_has_the_shape_of_a_key_is_scrubbed(shape: str) -> None:
    scrubbed = scrub(f"it said {shape} there")
    secret = shape.rsplit(maxsplit=1)[-1].rpartition("=" if "api_key=" in shape or "token=" in shape else "\0")[2]
    assert "[secret]" in scrubbed
    assert secret not in scrubbed
    assert "canary" not in scrubbed


@pytest.mark.parametrize(
    "words",
    [
        "the key was refused (AuthenticationError)",
        "no whole reply within 20 s",
        "maximum context length is 4096 tokens: max_tokens = 600",
        "request 123e4567-e89b-12d3-a456-426614174000 failed; wait... and try again",
        "https://host:8080/v1/chat/completions answered 503",
        "hydrochlorothiazide + sulfamethoxazole",
    ],
)
def test_plain_words_are_left_as_they_are(words: str) -> None:
    assert scrub(words) == words


def test_a_prompt_says_nothing_of_itself_when_it_is_wrong() -> None:
    with pytest.raises(ValidationError) as caught:
        PromptText(instruction="x", data="Quillfeather", more="Quillfeather")  # type: ignore[call-arg]
    assert "Quillfeather" not in str(caught.value)


@pytest.mark.parametrize("model", ["sk-abcdef1234567890abcd", "openai/sk-abcdef1234567890abcd"])
def test_a_key_bound_to_a_role_is_refused_and_not_repeated(model: str) -> None:
    with pytest.raises(SettingsError, match="a key stands where the name of a model is due") as raised:
        load_settings([f"screener={model}"])
    assert "sk-abc" not in str(raised.value)


@pytest.mark.parametrize("word", ["x", "a-", "sk-", "*", "A1", "=", ". ", "\\u", "'\""])
def test_a_word_of_megabytes_is_scrubbed_as_fast_as_a_short_one(word: str) -> None:
    began = time.process_time()
    assert len(scrub(word * 2_500_000)) < 310
    assert time.process_time() - began < 5  # it took minutes, and the run's deadline with it
