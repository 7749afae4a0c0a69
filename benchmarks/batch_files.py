"""How fast questions go into files of requests and results come back, and in how much memory.

    python benchmarks/batch_files.py [QUESTIONS]

The provider is simulated, and what it takes to simulate it is not counted.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
from pathlib import Path
from time import monotonic

from druqa.batch.provider import import_files
from druqa.batch.provider.index import opened
from druqa.batch.provider.request_files import RequestFiles
from druqa.batch.provider.wanted import Wants
from druqa.models.collector import Wanted
from druqa.models.journal import reply_key
from druqa.models.replies import VerdictReply, json_schema
from druqa.prompts import PromptText
from druqa.records import question_id
from tests.support.batch_provider import FiledModel
from tests.support.loopback import completion

MODEL = FiledModel("openai/simulated", "simulated")
INSTRUCTION = "Look at both drugs. " * 75
REASON = "Both raise the level of the other by a common way, and this is watched for. " * 3


def wanted(number: int) -> Wanted:
    data = f'question_id: "{question_id(str(number))}"\nDrug 1: "warfarin"\nDrug 2: "drug {number}"'
    prompt = PromptText(instruction=INSTRUCTION, data=data)
    return Wanted(reply_key(MODEL.name, MODEL.parameters, prompt), MODEL, prompt, json_schema(VerdictReply))


def export(folder: Path, questions: int) -> float:
    wants = (wanted(number) for number in range(questions))
    took = 0.0
    with opened(folder) as (db, _):
        collected = Wants(db)
        for want in wants:
            began = monotonic()
            collected.add(want)
            took += monotonic() - began
        began = monotonic()
        collected.number()
        RequestFiles(folder, 1).write(collected.requests(), {MODEL.name: MODEL})
        db.execute("INSERT INTO idx.asked SELECT custom_id, key, model, 1, 'file' FROM numbered")
        return took + monotonic() - began


def answer(folder: Path, results: Path) -> None:
    said = json.dumps({"outcome": "interaction", "reason": REASON})
    with results.open("w", encoding="ascii") as stream:
        for file in sorted(folder.glob("*.jsonl")):
            with file.open("rb") as requests:
                for line in requests:
                    response = {"status_code": 200, "request_id": "r", "body": completion("simulated", said)}
                    stream.write(json.dumps({"custom_id": json.loads(line)["custom_id"], "response": response}) + "\n")


def main() -> None:
    questions = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory(prefix="druqa-bench-") as home:
        os.environ["DRUQA_HOME"] = home
        folder = Path(home) / "requests"
        took = export(folder, questions)
        size = sum(file.stat().st_size for file in folder.glob("*.jsonl"))
        print(
            f"export: {questions / took:,.0f} questions/s, {size / took / 1e6:,.0f} MB/s, {memory():,.0f} MiB at most"
        )
        answer(folder, Path(home) / "results.jsonl")
        began = monotonic()
        account = import_files([str(Path(home) / "results.jsonl")], folder, lambda _: MODEL)
        took = monotonic() - began
        assert account.answered == questions  # noqa: S101
        print(f"import: {questions / took:,.0f} results/s, {memory():,.0f} MiB at most")


def memory() -> float:
    """The most that this process ever held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
