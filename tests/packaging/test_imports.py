"""Importing druqa, and asking for help, costs nothing and leaves no trace. Each case runs in a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

_WATCH = """
import json, os, sys

seen = []
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
TRACES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
          "os.utime", "os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "sqlite3.connect",
          "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")

def watch(event, args):
    if event in TRACES or (event == "open" and args[2] & WRITES):
        seen.append([event, str(args[0])])

sys.addaudithook(watch)
sys.argv = ["druqa"]
"""
_TELL = """
heavy = [m for m in ("litellm", "pandas", "duckdb", "pydantic", "rich") if m in sys.modules]
sys.stderr.write("\\n" + json.dumps({"seen": seen, "heavy": heavy}))
"""
IMPORTS = [
    "import druqa",
    "from druqa import check, Medication, Report",
    "import druqa; [getattr(druqa, name) for name in dir(druqa)]",
]
HELP = """
sys.argv.append("--help")
from druqa.cli import main
try:
    main()
except SystemExit as end:
    assert end.code == 0
"""


def _watched(code: str) -> dict[str, Any]:
    """Run code in a fresh interpreter; what it touched, and which heavy modules it loaded."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", f"{_WATCH}\n{code}\n{_TELL}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stderr.splitlines()[-1])
    return told


@pytest.mark.parametrize(
    ("code", "event"),
    [
        ("open('trace', 'w').close()", "open"),
        ("os.close(os.open('trace', os.O_CREAT | os.O_WRONLY))", "open"),
        ("os.mkdir('trace')", "os.mkdir"),
        ("import socket; socket.socket().bind(('127.0.0.1', 0))", "socket.bind"),
        ("import socket; socket.getaddrinfo('127.0.0.1', 80)", "socket.getaddrinfo"),
    ],
)
def test_the_watch_sees_a_trace(code: str, event: str) -> None:
    assert [name for name, _ in _watched(code)["seen"]] == [event]


@pytest.mark.parametrize("code", IMPORTS)
def test_importing_leaves_no_trace(code: str) -> None:
    assert _watched(code)["seen"] == []


@pytest.mark.parametrize("code", IMPORTS)
def test_importing_loads_nothing_heavy(code: str) -> None:
    assert not {"litellm", "pandas", "duckdb"} & set(_watched(code)["heavy"])


def test_help_loads_nothing_heavy_and_leaves_no_trace() -> None:
    assert _watched(HELP) == {"seen": [], "heavy": []}


def test_a_check_without_models_leaves_no_trace() -> None:
    told = _watched("from druqa import check\ncheck(['warfarin', 'aspirin'])")
    assert told["seen"] == []
    assert not {"litellm", "pandas"} & set(told["heavy"])


@pytest.mark.parametrize("name", ["check", "acheck", "check_many", "names", "plan", "pairs_frame"])
def test_a_function_is_a_function_whatever_was_imported_before(name: str) -> None:
    code = f"import druqa.flow, druqa.cli, druqa.views.frame\nfrom druqa import {name}\nassert callable({name}), {name}"
    _watched(code)
