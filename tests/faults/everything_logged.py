"""A check over loopback HTTP with every logger at its loudest; run by `test_privacy.py` in a process of its own.

Prints the reports as JSON to the file given. Whatever else comes out (stdout, stderr, the log file) is searched there.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LOUD = (
    "LiteLLM",
    "LiteLLM Router",
    "LiteLLM Proxy",
    "openai",
    "httpx",
    "httpcore",
    "aiohttp",
    "asyncio",
    "urllib3",
    "druqa",
)
HOST = "hostcanary"


def _listen(file: Path) -> None:
    handler = logging.FileHandler(file)
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s %(args)s %(exc_info)s"))
    for name in ("", *LOUD):
        logger = logging.getLogger(name)
        logger.setLevel(1)
        logger.addHandler(handler)


def _hang_on(litellm: Any, heard: list[str]) -> None:
    """What a host application may hang on litellm for its own calls."""
    from litellm.integrations.custom_logger import CustomLogger  # noqa: PLC0415

    class Curious(CustomLogger):
        async def async_log_success_event(self, kwargs: Any, response_obj: Any, *_: Any) -> None:
            heard.append(f"success {kwargs} {response_obj}")

        async def async_log_failure_event(self, kwargs: Any, response_obj: Any, *_: Any) -> None:
            heard.append(f"failure {kwargs} {response_obj}")

        def log_success_event(self, kwargs: Any, response_obj: Any, *_: Any) -> None:
            heard.append(f"success {kwargs} {response_obj}")

    litellm.callbacks = [Curious()]
    litellm.success_callback = [lambda *args: heard.append(str(args))]
    litellm.failure_callback = [lambda *args: heard.append(str(args))]
    litellm.cache = litellm.Cache()


def main(out: Path) -> None:
    """Run every scenario, then a call of the host's own, whose logs and callbacks must still come."""
    _listen(out / "log")
    import litellm  # noqa: PLC0415

    from druqa import ModelSettings, Settings, check  # noqa: PLC0415
    from druqa.cascade_files import load_cascade  # noqa: PLC0415
    from tests.support.cascades import write_cascade  # noqa: PLC0415
    from tests.support.loopback import Loopback, serve  # noqa: PLC0415

    heard: list[str] = []
    _hang_on(litellm, heard)
    litellm.set_verbose = True
    key = os.environ["CANARY_VARIABLE"]
    echo = f"Incorrect API key provided: {key}"
    slow: Callable[[Any], Any] = lambda asked: time.sleep(1.5)  # noqa: E731
    scenarios: dict[str, dict[str, Any]] = {
        "success": {},
        "echo": {"says": lambda asked: f"your key is {key}"},
        "malformed": {"says": lambda asked: '{"outcome": "no_inter'},
        "timeout": {"says": slow},
        **{str(status): {"status": lambda asked, s=status: (s, {}, echo)} for status in (400, 401, 500)},
    }
    path = write_cascade(out / "small", evaluators=1, auditors=1)
    lines = ["wwyzplex", "Mrs Quillfeather 00123456 takes vorbluxine"]
    reports = {}
    for name, behaviour in scenarios.items():
        with serve(Loopback(cascade=load_cascade(path), **behaviour)) as server:
            patience = 0.5 if name == "timeout" else 60
            model = ModelSettings(api_base=server.base, api_key_env="CANARY_VARIABLE", timeout_s=patience)
            deadline = 1.5 if name in ("timeout", "500") else None
            bound = Settings(
                roles={"screener": (f"openai/{name}",)}, models={f"openai/{name}": model}, deadline_s=deadline
            )
            reports[name] = check(lines, cascade=path, settings=bound)
    cached = len(litellm.cache.cache.cache_dict)
    heard_of_ours = list(heard)
    with serve(Loopback(cascade=load_cascade(path), status=lambda asked: (200, {}))) as server:
        asyncio.run(_of_the_host(litellm, server.base))
    texts = {name: report.model_dump(mode="json") for name, report in reports.items()}
    (out / "result.json").write_text(
        json.dumps({"reports": texts, "ours": heard_of_ours, "host": heard, "cached": cached})
    )


async def _of_the_host(litellm: Any, base: str) -> None:
    messages = [{"role": "user", "content": HOST}]
    try:
        await litellm.acompletion(model="openai/own", messages=messages, api_base=base, api_key="host", max_retries=0)
    except Exception as error:
        print(type(error).__name__, file=sys.stderr)
    await asyncio.sleep(0.3)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
