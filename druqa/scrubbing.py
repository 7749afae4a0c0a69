"""What looks like a key, a token or a password, and how to take it out of a text before anyone sees it."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

HIDDEN = "[secret]"
_LONGEST_REASON = 300
_LONGEST_READ = 2_000
_SHORTEST = 6
_LONG = 16
"""Characters from which the beginning of a secret already says too much of it."""
_LONGEST_GAPPED = 512

KEY_VARIABLES: set[str] = set()
"""Environment variables that the settings name as holding a key, whatever they are called."""

_known: tuple[dict[Any, Any] | None, set[str], Sequence[str]] = (None, set(), ())
"""The environment and the names when its secrets were last read, and the secrets."""

_ENDS = ("KEY", "KEYS", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "CREDENTIALS", "COOKIE")
_WHOLE = frozenset(("PASS", "PAT", "AUTH", "AUTHORIZATION", "JWT", "PIN", "TOKENS", "SECRETS"))

# Shapes that nothing but a secret has: a setting that holds one is refused.
_SURE = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|r8|pplx|nvapi|glpat|xox[a-z]|hf|gh[pousr]|github_pat|AIza)[-_][\w\-*.\u2026\u2022]{6,}"
    r"|\bAIza[\w-]{10,}|\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\bya29\.\S+|\beyJ[\w-]{8,}(?:\.[\w-]*){0,2}"
    r"|\b(?:Bearer|Basic)\s+[\w+/=.~*\u2026-]{6,}",
    re.IGNORECASE,
)
# Shapes that a secret often has: in an error message they go, a word too many is no loss there.
_LIKELY = re.compile(
    r"\bkey[-_][\w\-*.]{6,}"
    r"|(?<=://)[^/\s@]+@"
    r"|(?<![\w])[0-9a-f]{32,}(?![\w])|(?<![\w/+])(?=[\w/+]*\d)(?=[\w/+]*[a-z])(?=[\w/+]*[A-Z])[\w/+]{36,}={0,2}"
    r"|[\w\-]*(?:\*{3,}|\u2022{2,})[\w\-*\u2022]*"
)
_NAMED = re.compile(
    r"((?:\bapi[-_ ]?key|\bx-api-key|\bauthorization|\bpassw(?:or)?d|\bsecret|\btoken"
    r"|[?&][\w.-]*(?:key|token|secret|sig|signature|password|code))"
    r"(?:\s+(?:provided|given|is|was))?[\"']?\s*[:=]\s*)[\"']?(?!\[secret\])[^\s\"'&,;)}\]]{3,}",
    re.IGNORECASE,
)
_MASKED = re.compile(r"([\w-]*)(?:\*+|\.{2,}|\u2026+|\u2022+|x{4,}|X{4,})([\w-]*)")
_SECRET_SETTING = re.compile(
    r"api[-_]?key|access[-_]?key|private[-_]?key|subscription[-_]?key|secret|passw|credential|authorization|bearer|cookie"
    r"|(?:^|[-_])(?:auth|token|key)$|^x-.*(?:key|token)",
    re.IGNORECASE,
)
_URL_SECRET = re.compile(
    r"://[^/\s]*@|[?&;#][\w.-]*(?:key|token|secret|sig|signature|password|code|auth)=", re.IGNORECASE
)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_NOT_A_SECRET = frozenset(("prompt_cache_key",))


def scrub(text: str) -> str:
    """A text from outside as it may stand in a report: one line, not long, that can be encoded, and holds no key.

    Keys are those of the environment, and whatever has the shape of one. Of a long text only the beginning is looked
    at: no more is kept, and a server may give a word of megabytes.
    """
    if len(text) > _LONGEST_REASON:
        return _scrubbed(text)
    return _scrubbed_before(text, tuple(_values()))


@lru_cache(maxsize=256)
def _scrubbed_before(text: str, _secrets: tuple[str, ...]) -> str:
    """The same few texts are scrubbed over and over: a model calls itself by the same name in each reply."""
    return _scrubbed(text)


def _scrubbed(text: str) -> str:
    text = _without_masked(conceal(" ".join(text.split())[:_LONGEST_READ]))
    for shape in (_SURE, _LIKELY):
        text = shape.sub(HIDDEN, text)
    # A lone surrogate is no character: nothing that holds one can be written down.
    text = _NAMED.sub(rf"\1{HIDDEN}", text).encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= _LONGEST_REASON else text[:_LONGEST_REASON] + " ..."


def conceal(text: str) -> str:
    """Remove the secrets of the environment from a text, in whichever coding they stand there; nothing else changes."""
    for value in _values():
        text = _forms(value).sub(HIDDEN, text)
    return text


def secret_in(settings: Mapping[str, Any], path: str = "") -> str:
    """Where settings hold a secret, by its name or its shape: `extra_headers.Authorization`; empty where none does."""
    for name, value in settings.items():
        where = f"{path}{name}"
        is_named = name not in _NOT_A_SECRET and _SECRET_SETTING.search(name)
        if value and ((is_named and isinstance(value, str)) or (isinstance(value, str) and _is_secret(value))):
            return where
        inner = value if isinstance(value, Mapping) else dict(enumerate(value)) if isinstance(value, list) else {}
        if found := secret_in({str(key): item for key, item in inner.items()}, f"{where}."):
            return found
    return ""


def has_credentials(url: str) -> bool:
    """Whether an address holds a password or a key, as in `https://user:password@host` or `?api_key=...`."""
    return bool(_URL_SECRET.search(url)) or _is_secret(url)


def is_variable(name: str) -> bool:
    """Whether this can be the name of an environment variable, and is not by mistake the key itself."""
    return bool(_VARIABLE.fullmatch(name)) and not _is_secret(name) and not _LIKELY.fullmatch(name)


def _is_secret(text: str) -> bool:
    return bool(_SURE.search(text)) or any(value in text for value in _values())


def _values() -> Sequence[str]:
    """The secrets in the environment, the longest first: one may begin with another."""
    global _known  # noqa: PLW0603 - the environment is the process's
    # To read the environment is to decode all of it, some three times for each reply. What it is stored in tells
    # whether it is still the same; on a Python that stores it elsewhere, it is read each time.
    stored = getattr(os.environ, "_data", None)
    seen, variables, values = _known
    if stored is None or stored != seen or variables != KEY_VARIABLES:
        values = _read_values()
        _known = (dict(stored) if stored is not None else None, set(KEY_VARIABLES), values)
    return values


def _read_values() -> Sequence[str]:
    found = {value for name, value in os.environ.items() if len(value) >= _SHORTEST and _names_a_secret(name)}
    return sorted(found, key=lambda value: (-len(value), value))


def _names_a_secret(name: str) -> bool:
    return name in KEY_VARIABLES or _sounds_secret(name)


@lru_cache(maxsize=1024)
def _sounds_secret(name: str) -> bool:
    return any(part.endswith(_ENDS) or part in _WHOLE for part in re.split(r"[^A-Z0-9]+", name.upper()))


@lru_cache(maxsize=64)
def _forms(value: str) -> re.Pattern[str]:
    """A secret as it may stand in a message: whole, cut by quotes or line ends, in a URL, in JSON, base64 or hex."""
    forms = {quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1], value.encode().hex(), value}
    forms |= {form for offset in range(3) if (form := _base64(value, offset))}
    if len(value) >= _LONG:
        forms |= {value[: _LONG // 2]}
    patterns = sorted(map(re.escape, forms), key=lambda form: -len(form))
    if len(value) <= _LONGEST_GAPPED:
        patterns.insert(0, r"[\s\"'\\+]{0,4}".join(map(re.escape, value)))
    return re.compile("(?:" + "|".join(patterns) + ")" + (r"[\w\-*.\u2026]*" if len(value) >= _LONG else ""), re.I)


def _base64(value: str, offset: int) -> str:
    """The characters that a secret always gives in base64 when so many bytes (as of `user:`) stand before it."""
    coded = base64.b64encode(b"\0" * offset + value.encode()).decode()
    kept = coded[(0, 2, 3)[offset] : len(coded.rstrip("=")) - 1]
    return kept if len(kept) >= _SHORTEST else ""


def _without_masked(text: str) -> str:
    """A text without secrets of the environment of which a provider shows only the ends: `abcd...wxyz`."""
    values = _values()

    def hide(match: re.Match[str]) -> str:
        head, tail = match.group(1), match.group(2)
        shows = any(
            (len(head) >= 3 and value.startswith(head)) or (len(tail) >= 3 and value.endswith(tail)) for value in values
        )
        return HIDDEN if shows else match.group()

    return _MASKED.sub(hide, text)
