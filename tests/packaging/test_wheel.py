"""The wheel that is built from the sdist works by itself: in a fresh venv, away from the checkout, run from `/`."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from druqa.cascade_files import fingerprint
from druqa.knowledge.evidence import load_evidence
from druqa.knowledge.loading import load_synonyms

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
_LOAD = """
import json
import druqa
from druqa.cascade_files import cascade_names, load_cascade
from druqa.knowledge.evidence import load_evidence
from druqa.knowledge.loading import load_synonyms
from druqa.resources import folder

print(json.dumps({
    "file": druqa.__file__,
    "cascades": {name: load_cascade(name).sha256 for name in cascade_names()},
    "data": [load_synonyms().version, load_evidence().version],
    "folders": [str(folder(name)) for name in ("cascades", "synonym_data", "eval")],
}))
"""


def _run(*command: str | Path, code: int = 0) -> str:
    """The standard output of a command that is run from `/`, without what this process inherited from its venv."""
    done = subprocess.run([str(part) for part in command], cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _install(wheel: Path, venv: Path) -> Path:
    """A venv with the wheel, in which our dependencies can be imported but not the druqa of this checkout."""
    _run(sys.executable, "-m", "venv", "--without-pip", venv)
    python = venv / "bin" / "python"
    _run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet", wheel)
    packages = Path(_run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'), end='')"))
    # A folder named in a .pth file is searched, but its own .pth files, which hold an editable install, are not read.
    ours = dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib"))
    (packages / "dependencies.pth").write_text("\n".join(ours))
    return python


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # Without an order of its own, `build` makes the sdist, and the wheel from the unpacked sdist.
    _run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    return _install(wheel, folder / "venv")


@pytest.fixture
def loaded(python: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(_run(python, "-I", "-c", _LOAD))
    return told


def test_nothing_is_read_from_outside_the_wheel(python: Path, loaded: dict[str, Any]) -> None:
    venv = python.parent.parent
    assert all(Path(path).is_relative_to(venv) for path in [loaded["file"], *loaded["folders"]])


def test_every_cascade_and_table_is_in_the_wheel_as_in_the_checkout(loaded: dict[str, Any]) -> None:
    here = {file.parent.name: fingerprint(file.parent) for file in (ROOT / "cascades").glob("*/cascade.toml")}
    assert loaded["cascades"] == here
    assert {"embedded", "recall_first"} <= set(here)
    assert loaded["data"] == [load_synonyms().version, load_evidence().version]


def readme_example() -> list[str]:
    """The medications of the README's first command."""
    found = re.search(r"<!-- check-command -->.*?druqa check (.*?)\n```", README, re.DOTALL)
    assert found, "the README has no `druqa check` between its check-command markers"
    return shlex.split(found.group(1))


def test_the_wheel_runs_the_readme_example(python: Path) -> None:
    command = [str(python.parent / "druqa"), "check", *readme_example()]
    report = json.loads(_run(*command, "--json", code=3))
    flagged = {frozenset(pair["drugs"]) for pair in report["pairs"] if pair["decision"] == "flagged"}
    assert flagged >= EXPECTED
    assert [m["text"] for m in report["medications"] if not m["recognised"]] == ["zzqadrine"]
    assert not report["complete"]


def test_the_readme_shows_what_the_example_prints(python: Path) -> None:
    printed = _words(_run(python.parent / "druqa", "check", *readme_example(), code=3))
    shown = re.search(r"<!-- output -->\n```text\n(.*?)\n```", README, re.DOTALL)
    assert shown, "the README has no text between its output markers"
    absent = [part for part in shown.group(1).split("[...]") if _words(part) not in printed]
    assert not absent, "the README shows what is not printed: run its first command and paste it again"


def _words(text: str) -> str:
    return " ".join(text.split())


EXPECTED = {
    frozenset(pair)
    for pair in [
        ("warfarin", "sulfamethoxazole"),
        ("warfarin", "aspirin"),
        ("warfarin", "st. john's wort"),
        ("warfarin", "trimethoprim"),
        ("warfarin", "simvastatin"),
        ("simvastatin", "st. john's wort"),
    ]
}
"""What a pharmacist would flag in the README's list, whatever else the tables come to flag."""
