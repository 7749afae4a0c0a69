"""Holds HTML files against axe-core's accessibility rules, in a headless Chromium: python -m tests.support.axe FILE...

Each file is looked at wide and light, wide and dark, and narrow, with every `details` open. Exit code 0: no violation;
1: violations; 2: no file given; 75: Chromium or axe-core is missing. AXE_CORE names another axe.min.js, CHROMIUM
another browser.
"""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

VERSION = "4.10.3"
SHA256 = "880970c081707360e64f34cea25ff91892f5bc95675b0776925b9709dd8a68bb"
EXIT_MISSING = 75
_HOME = Path.home() / ".cache" / "druqa-tests" / "axe"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_LOOKS = {
    "wide, light": ("--window-size=1280,900", "--blink-settings=preferredColorScheme=1"),
    "wide, dark": ("--window-size=1280,900", "--blink-settings=preferredColorScheme=0"),
    "narrow, light": ("--window-size=500,900", "--blink-settings=preferredColorScheme=1"),
}
_RUN = """
const tell = said => {
  const place = document.createElement("pre");
  place.id = "axe-said";
  place.textContent = JSON.stringify(said);
  document.body.append(place);
};
document.querySelectorAll("details").forEach(details => { details.open = true; });
axe.run({resultTypes: ["violations", "incomplete"]}).then(
  found => tell({violations: found.violations, incomplete: found.incomplete.map(rule => rule.id),
                 passes: found.passes.length}),
  error => tell({error: String(error)}));
"""
# A page that forbids every script would forbid axe as well.
_POLICY = re.compile(r"<meta[^>]*Content-Security-Policy[^>]*>", re.IGNORECASE)


class MissingError(Exception):
    """What is needed to look at a page is not on this machine."""


def main(files: Sequence[str]) -> int:
    """Print what axe finds in each file; the exit code says whether it found anything."""
    if not files:
        print(__doc__)
        return 2
    try:
        browser, axe = _browser(), _axe()
    except MissingError as missing:
        print(f"axe: {missing}", file=sys.stderr)
        return EXIT_MISSING
    wrong = 0
    for file in files:
        page = Path(file).read_text(encoding="utf-8")
        for look, flags in _LOOKS.items():
            said = look_at(page, flags, browser, axe)
            wrong += len(said["violations"])
            unsure = f"; to be judged by eye: {', '.join(said['incomplete'])}" if said["incomplete"] else ""
            print(f"{file}, {look}: {len(said['violations'])} violations, {said['passes']} rules passed{unsure}")
            for line in _told(said["violations"]):
                print(line)
    return 1 if wrong else 0


def look_at(page: str, flags: Sequence[str], browser: str, axe: str) -> dict[str, Any]:
    """What axe says of a page.

    Raises:
        RuntimeError: if it says nothing, or that it failed.

    """
    scripts = "".join(f"<script>{code}</script>" for code in (axe.replace("</script", r"<\/script"), _RUN))
    watched = _POLICY.sub("", page).replace("</body>", f"{scripts}</body>")
    with tempfile.TemporaryDirectory(prefix="axe-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / "page.html"
        copy.write_text(watched, encoding="utf-8")
        done = subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--no-first-run", f"--user-data-dir={folder}/profile",
             "--virtual-time-budget=20000", *flags, "--dump-dom", copy.as_uri()],
            capture_output=True, text=True, encoding="utf-8", timeout=300, check=False,
        )  # fmt: skip
    found = re.search(r'<pre id="axe-said">(.*?)</pre>', done.stdout, re.DOTALL)
    if not found:
        raise RuntimeError(f"axe said nothing; Chromium ended with {done.returncode}: {done.stderr[-500:]}")
    said: dict[str, Any] = json.loads(html.unescape(found[1]))
    if "error" in said:
        raise RuntimeError(f"axe failed: {said['error']}")
    return said


def _told(violations: Sequence[dict[str, Any]]) -> Iterator[str]:
    for rule in violations:
        yield f"  {rule['id']} ({rule['impact']}): {rule['help']}"
        for node in rule["nodes"][:5]:
            yield f"    {' '.join(map(str, node['target']))}: {node['html'][:160]}"
        if len(rule["nodes"]) > 5:
            yield f"    and {len(rule['nodes']) - 5} more"


def _browser() -> str:
    wanted = (os.environ["CHROMIUM"],) if "CHROMIUM" in os.environ else _BROWSERS
    for name in wanted:
        if found := shutil.which(name):
            return found
    raise MissingError(f"no browser ({', '.join(wanted)}): install Chromium, or set CHROMIUM")


def _axe() -> str:
    """axe-core as text: the copy that was pinned, unless another was named."""
    file = Path(os.environ.get("AXE_CORE", _HOME / "node_modules" / "axe-core" / "axe.min.js"))
    if not file.is_file():
        raise MissingError(f"no {file}: npm install --prefix {_HOME} axe-core@{VERSION}, or set AXE_CORE")
    text = file.read_text(encoding="utf-8")
    if "AXE_CORE" not in os.environ and hashlib.sha256(text.encode()).hexdigest() != SHA256:
        raise MissingError(f"{file} is not axe-core {VERSION}: install it again, or set AXE_CORE")
    return text


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
