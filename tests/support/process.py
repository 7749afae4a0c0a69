"""Runs `druqa check` as users do, in a process of its own, against a loopback server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from druqa.report import Report
from tests.support.loopback import Loopback

ROOT = Path(__file__).parents[2]
KEY = "sk-loopback-0123456789"


@dataclass
class Druqa:
    """A command line with its folder, settings and journal; `home` is where the journal lies."""

    home: Path
    server: Loopback
    cascade: Path
    medications: Sequence[str]
    options: Sequence[str] = ("--json",)
    model: str = "concurrency = 16\n"
    """Further settings of both models, in TOML."""
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, *options: str, **more: Any) -> subprocess.Popen[str]:
        self.home.mkdir(parents=True, exist_ok=True)
        model = f'api_base = "{self.server.base}"\napi_key_env = "LOOPBACK_KEY"\n{self.model}'
        settings = self.home.parent / f"{self.home.name}.toml"
        settings.write_text(
            '[roles]\nscreener = "openai/alpha"\nrival = "openai/beta"\n'
            f'[models."openai/alpha"]\n{model}[models."openai/beta"]\n{model}'
        )
        own = {"DRUQA_HOME": str(self.home), "DRUQA_CONFIG": str(settings), "LOOPBACK_KEY": KEY}
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **own, **self.environment}
        command = [sys.executable, "-m", "druqa", "check", *self.medications, "--cascade", str(self.cascade)]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **more}
        return subprocess.Popen([*command, *self.options, *options], env=environment, cwd=self.home.parent, **pipes)

    def finish(self, *options: str, **more: Any) -> tuple[int, str, str]:
        """The exit code, what was printed, and what was complained of."""
        process = self.start(*options, **more)
        out, err = process.communicate(timeout=120)
        return process.returncode, out or "", err or ""

    def report(self, *options: str) -> Report:
        code, out, err = self.finish(*options)
        assert code in (0, 3, 4), err
        return Report.model_validate(json.loads(out))
