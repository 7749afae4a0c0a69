"""The flow on single, telling inputs: each of these once lost something, or could have."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from druqa.cascade_files import load_cascade
from druqa.errors import SettingsError
from druqa.flow import acheck
from druqa.models.base import Limits, ModelFailure, Reply
from druqa.models.interruption import Interruption
from druqa.report import DecisionKind, PairReport, Report
from druqa.settings import Settings
from tests.support.cascades import write_cascade
from tests.support.script import Asked, ScriptedModel, plain_no, yes


def run(medications: list[str], models: Any = None, cascade: Path | str = "embedded", **settings: Any) -> Report:
    return asyncio.run(acheck(medications, cascade=cascade, models=models, settings=Settings(**settings)))


def pair(report: Report, one: str, other: str) -> PairReport:
    return next(p for p in report.pairs if {one, other} == set(p.drugs))


def scripted(
    path: Path, says: Callable[[Asked], Any], name: str = "scripted/alpha", family: str = "a"
) -> ScriptedModel:
    return ScriptedModel(says, name=name, family=family, cascade=load_cascade(path))


@pytest.mark.parametrize(
    "line",
    ["lisinoprl, zzqadrine", "warfrin and zzqadrine", "metformin + zzqadrine", "metformin zzqadrine", "metformin, T3"],
)
def test_no_word_on_a_line_is_passed_over(line: str) -> None:
    (medication,) = run([line]).medications
    assert not medication.recognised
    left = "zzqadrine" if "zzqadrine" in line else "T"
    assert any(drug.name == left for drug in medication.drugs) or any(left in doubt for doubt in medication.doubts)


def test_a_class_beside_its_own_member_is_still_paired_with_it() -> None:
    report = run(["ibuprofen, NSAID"])
    assert pair(report, "ibuprofen", "ketorolac").decision is DecisionKind.FLAGGED
    assert not any(set(p.drugs) == {"naproxen", "ketorolac"} for p in report.pairs)


@pytest.mark.parametrize("line", ["warfarin, zzqadrine", "warfarin 5 mg, MRN Smith", "warfarin, hydroxyzin"])
def test_an_unknown_neighbour_lowers_no_flag_of_a_drug_that_is_sure(line: str) -> None:
    alone, beside = run(["warfarin", "aspirin"]), run([line, "aspirin"])
    assert pair(beside, "warfarin", "aspirin").tier == pair(alone, "warfarin", "aspirin").tier == "confirmed"


def test_a_flag_on_a_guess_is_possible() -> None:
    report = run(["qwarfarxn", "aspirin"])
    assert not report.medications[0].recognised
    assert pair(report, "warfarin", "aspirin").tier == "possible"


def test_spellings_of_an_unknown_name_are_one_drug_in_any_order(tmp_path: Path) -> None:
    path = write_cascade(tmp_path / "small")

    def capitals(asked: Asked) -> Any:
        return yes(asked) if any("ZZ" in name for name in asked.names) else None

    for spelled in (["ZZQADRINE", "zzqadrine"], ["zzqadrine", "ZZQADRINE"]):
        report = run([*spelled, "metformin"], {"screener": scripted(path, capitals)}, path)
        assert [p.drugs for p in report.pairs] == [("zzqadrine", "metformin")]
        assert report.pairs[0].decision is DecisionKind.NONE_FOUND


def test_long_unknown_lines_that_begin_alike_are_two_drugs() -> None:
    report = run(["zzqadrine " * 7 + "alpha", "zzqadrine " * 7 + "beta", "metformin"])
    assert len(report.pairs) == 3


@pytest.mark.parametrize(
    ("also", "says"),
    [({"severity": "contraindicated"}, "grades it contraindicated"), ({"reason": "May cause bleeding."}, "May cause")],
)
def test_a_rival_that_confirms_a_negative_and_names_a_harm_disputes_it(
    tmp_path: Path, also: dict[str, str], says: str
) -> None:
    path = write_cascade(tmp_path / "small", rivals=1)

    def torn(asked: Asked) -> Any:
        return {**plain_no(asked), **also} if asked.prompt == "rival_0" else None

    models = {"screener": scripted(path, lambda asked: None), "rival": scripted(path, torn, "scripted/beta", "b")}
    report = run(["metformin", "zzqadrine"], models, path)
    (pair,) = report.pairs
    assert (pair.decision, pair.tier) == (DecisionKind.FLAGGED, "possible")
    assert says in " ".join(pair.reasons)
    assert pair.review is not None
    assert pair.review.view == "disputes"


def proposing(names: list[str]) -> Callable[[Asked], Any]:
    def says(asked: Asked) -> Any:
        if asked.prompt.startswith("names_") and asked.data["Name"] == "zzqadrine":
            return {"question_id": asked.data["question_id"], "names": names}
        return yes(asked) if asked.prompt == "view_0" and "Fooblix" in asked.names else None

    return says


def test_a_proposed_name_is_asked_about_and_no_other_model_displaces_it(tmp_path: Path) -> None:
    path = write_cascade(tmp_path / "small", name_prompts=1, proposed_names=1)
    first = scripted(path, proposing(["Fooblix", "Quuxol"]))
    others = [scripted(path, proposing(["Barblix"]), f"scripted/{n}", n) for n in ("b", "c")]
    alone = run(["zzqadrine", "metformin"], {"screener": first}, path)
    together = run(["zzqadrine", "metformin"], {"screener": [first, *others]}, path)
    assert alone.pairs[0].decision is together.pairs[0].decision is DecisionKind.FLAGGED
    assert any("Quuxol" in note for note in alone.notes)
    assert {name.source for name in together.medications[0].names if name.text == "Barblix"} == {
        "proposed by scripted/b, scripted/c"
    }


def test_a_proposal_that_is_another_drug_is_a_doubt_and_for_an_unknown_name_a_candidate(tmp_path: Path) -> None:
    path = write_cascade(tmp_path / "small", name_prompts=1, proposed_names=1)
    report = run(["zzqadrine", "aspirin"], {"screener": scripted(path, proposing(["Coumadin"]))}, path)
    unknown = report.medications[0]
    assert not unknown.recognised
    assert {drug.name for drug in unknown.drugs} == {"zzqadrine", "warfarin"}
    assert "it is warfarin" in " ".join(unknown.doubts)
    assert pair(report, "warfarin", "aspirin").tier == "possible"
    assert not any(set(p.drugs) == {"warfarin", "zzqadrine"} for p in report.pairs)


def test_the_budget_ends_re_asks_too(tmp_path: Path) -> None:
    path = write_cascade(tmp_path / "small")
    garbled = scripted(path, lambda asked: "no")
    report = run(["metformin", "zzqadrine"], {"screener": garbled}, path, budget_calls=6)
    assert len(garbled.prompts) <= 6
    assert report.pairs[0].decision is DecisionKind.NOT_CHECKED
    assert report.questions.not_asked
    assert "budget" in " ".join(report.notes)


def test_two_models_of_one_name_are_refused_and_one_bound_twice_is_asked_once(tmp_path: Path) -> None:
    path = write_cascade(tmp_path / "small", rivals=1)
    first, second = (scripted(path, lambda asked: None) for _ in range(2))
    with pytest.raises(SettingsError, match="two different models are both named"):
        run(["metformin", "zzqadrine"], {"screener": [first, second]}, path)
    rival = scripted(path, lambda asked: None, "scripted/beta", "b")
    report = run(["metformin", "zzqadrine"], {"screener": [first, first], "rival": [rival, rival]}, path)
    assert report.pairs[0].decision is DecisionKind.NONE_FOUND


class Broken:
    """A model with a bug at the given place."""

    name, family, parameters, price = "broken/one", "broken", {}, None
    limits = Limits()

    def __init__(self, place: str) -> None:
        self.place = place

    def prepare(self) -> None:
        if self.place == "prepare":
            raise RuntimeError("oops")

    def complete(self, prompt: object, schema: object) -> Any:
        if self.place == "call":
            raise KeyError("oops")
        return self._reply()

    async def _reply(self) -> Any:
        return None if self.place == "none" else Reply(text="\udc80", finish_reason="stop")


@pytest.mark.parametrize("place", ["prepare", "call", "none", "surrogate"])
def test_a_bug_in_a_model_ends_nothing(tmp_path: Path, place: str) -> None:
    path = write_cascade(tmp_path / "small")
    report = run(["metformin", "zzqadrine", "warfarin", "aspirin"], {"screener": Broken(place)}, path)
    assert pair(report, "metformin", "zzqadrine").decision is DecisionKind.NOT_CHECKED
    assert pair(report, "warfarin", "aspirin").decision is DecisionKind.FLAGGED
    assert report.model_dump_json()


def test_replies_that_arrive_as_the_run_ends_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from druqa.models import journal  # noqa: PLC0415

    monkeypatch.setattr(journal, "_GATHER_S", 0.05)
    path = write_cascade(tmp_path / "small")
    stop = Interruption()
    model = scripted(path, lambda asked: stop.now("enough"))
    medications = ["metformin", "zzqadrine"]
    first = asyncio.run(
        acheck(medications, cascade=path, models={"screener": model}, settings=Settings(), interruption=stop)
    )
    bought = len(model.prompts)
    assert 0 < bought < 4 + 2
    assert first.ended_early == "enough"
    assert first.pairs[0].decision is DecisionKind.NOT_CHECKED
    run(medications, {"screener": model}, path)
    assert len(model.prompts) == 4 + 2


def test_models_without_a_screener_are_refused_unless_the_cascade_asks_none() -> None:
    with pytest.raises(SettingsError, match="none to the role screener"):
        asyncio.run(acheck(["metformin"], settings=Settings(roles={"rival": ("openai/x",)})))
    assert run(["metformin"], None, "embedded", roles={"rival": ("openai/x",)}).complete


def test_a_failure_is_told_by_its_reason(tmp_path: Path) -> None:
    path = write_cascade(tmp_path / "small")
    report = run(
        ["metformin", "zzqadrine"], {"screener": scripted(path, lambda a: ModelFailure("out of cheese"))}, path
    )
    assert "6 of 6 questions: no reply (out of cheese)" in " ".join(report.pairs[0].reasons)
