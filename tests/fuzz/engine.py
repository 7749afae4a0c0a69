"""Runs a fuzzer: atheris, guided by which lines of druqa an input reaches, from the corpus that is kept here.

What it finds beyond the corpus is written to a folder of its own; nothing in the checkout changes.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, NamedTuple

ABSENT = 75
"""Exit code where atheris is not installed."""
CORPUS = Path(__file__).parent / "corpus"


class Target(NamedTuple):
    """What is fuzzed: where its oracle is, how a case is written as bytes, and how one is changed."""

    name: str
    oracle: str
    instrumented: Sequence[str]
    pack: Callable[[dict[str, Any]], bytes]
    unpack: Callable[[bytes], dict[str, Any]]
    mutate: Callable[[dict[str, Any], Random], dict[str, Any]]
    longest: int


def corpus(name: str) -> list[dict[str, Any]]:
    """The cases that are kept for a fuzzer: each with a name that says what it is for.

    A text is a list of parts; a part that stands often is written once, with how often.
    """
    lines = (CORPUS / f"{name}.jsonl").read_text(encoding="ascii").splitlines()
    return [{**case, "text": "".join(map(_repeated, case["text"]))} for case in map(json.loads, lines)]


def _repeated(part: str | list[Any]) -> str:
    return part if isinstance(part, str) else part[0] * part[1]


def as_text(data: bytes) -> str:
    """Bytes as text, whatever they are. Lone surrogates are kept, since JSON brings them in; pairs are one letter."""
    try:
        text = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def as_bytes(text: str) -> bytes:
    """Text as bytes, lone surrogates included."""
    return text.encode("utf-8", "surrogatepass")


def run(target: Target) -> int:
    """Fuzz for some seconds; the exit code is 0 if nothing was found, 75 without atheris."""
    options = _options(target.name)
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        print(
            "atheris is not installed: it guides the search. "
            "Install it with: pip install --require-hashes --no-deps -r requirements/fuzz.txt",
            file=sys.stderr,
        )
        return ABSENT
    with atheris.instrument_imports(include=list(target.instrumented)):
        oracle = importlib.import_module(target.oracle)
    folder = options.out or Path(tempfile.mkdtemp(prefix=f"druqa-fuzz-{target.name}-"))
    (folder / "corpus").mkdir(parents=True, exist_ok=True)
    for place, kept in enumerate(corpus(target.name)):
        (folder / "corpus" / f"kept-{place:03}").write_bytes(target.pack(kept))
    print(f"what is found is written to {folder}")
    arguments = [
        f"-max_total_time={options.seconds}",
        f"-max_len={target.longest}",
        f"-artifact_prefix={folder}/",
        "-timeout=60",
        "-rss_limit_mb=4096",
        "-print_final_stats=1",
        str(folder / "corpus"),
    ]
    atheris.Setup([sys.argv[0], *arguments], _tester(target, oracle), custom_mutator=_mutator(target))
    atheris.Fuzz()
    return 0


def _options(name: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m tests.fuzz.{name}", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="how long to search (600)")
    parser.add_argument("--out", type=Path, help="folder for what is found; by default a new temporary one")
    return parser.parse_args()


def _tester(target: Target, oracle: ModuleType) -> Callable[[bytes], None]:
    def test(data: bytes) -> None:
        case = target.unpack(data)
        try:
            oracle.check(oracle.Case(**case))
        except BaseException:
            print(f"FOUND {json.dumps({'name': '', **case})[:4000]}", file=sys.stderr)
            raise

    return test


def _mutator(target: Target) -> Callable[[bytes, int, int], bytes]:
    def mutate(data: bytes | bytearray, longest: int, seed: int) -> bytes:
        random, data = Random(seed), bytes(data)
        if data and random.random() < 0.05:
            place = random.randrange(len(data))
            return (data[:place] + bytes([random.randrange(256)]) + data[place + random.randrange(2) :])[:longest]
        case = target.unpack(data)
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            case = target.mutate(case, random)
        return target.pack(case)[:longest]

    return mutate
