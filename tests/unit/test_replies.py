"""Only the exact JSON asked for, about the question asked, is read; everything else is no vote."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from druqa.models.base import Reply
from druqa.models.replies import NamesReply, ReviewReply, UnparsedReplyError, VerdictReply, json_schema, read_reply

ECHO = {"question_id": "q1", "drug_1": "warfarin", "drug_2": "St. John's wort"}
NO = {**ECHO, "outcome": "no_interaction", "severity": None, "mechanism": "", "reason": "none known"}
YES = {**ECHO, "outcome": "interaction", "severity": "major", "mechanism": "CYP", "reason": "levels rise"}


def read(text: str | None, finish_reason: str | None = "stop") -> VerdictReply:
    return read_reply(Reply(text=text, finish_reason=finish_reason), VerdictReply, ECHO)


@pytest.mark.parametrize("good", [NO, YES, {**YES, "outcome": "unclear", "severity": None}])
@pytest.mark.parametrize("form", ["{}", "  {}\n", "```json\n{}\n```", "```\n{}\n```"])
def test_reads_the_object_asked_for(good: dict[str, object], form: str) -> None:
    assert read(form.replace("{}", json.dumps(good))).model_dump() == good


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "empty"),
        ("  \n", "empty"),
        ('{"question_id": "q1", "drug_1": "warfarin", "outcome": "no_inter', "not one JSON object"),
        (json.dumps(NO)[:-1], "not one JSON object"),
        (json.dumps(NO) + json.dumps(NO), "not one JSON object"),
        (f"Here you go: {json.dumps(NO)}", "not one JSON object"),
        (f"```json\n{json.dumps(NO)}\n```\nHope this helps!", "not one JSON object"),
        ("No, they do not interact.", "not one JSON object"),
        ("<html>502</html>", "not one JSON object"),
        (json.dumps([NO]), "the reply"),
        (json.dumps({**NO, "question_id": "q2"}), "another question"),
        (json.dumps({**NO, "extra": 1}), "extra"),
        (json.dumps({**NO, "outcome": "NO_INTERACTION"}), "outcome"),
        (json.dumps({**NO, "outcome": "keine Interaktion"}), "outcome"),
        (json.dumps({**NO, "outcome": False}), "outcome"),
        (json.dumps({**NO, "outcome": None}), "outcome"),
        (json.dumps({**NO, "drug_2": "metformin"}), "drug_2 is 'metformin'"),
        (json.dumps({**NO, "drug_1": NO["drug_2"], "drug_2": NO["drug_1"]}), "drug_1 is"),
        (json.dumps({**NO, "reason": ""}), "reason"),
        (json.dumps(NO)[:-1] + ', "outcome": "no_interaction"}', "stands twice"),
        (json.dumps(NO).replace("null", "NaN"), "NaN"),
        (json.dumps({**NO, "reason": "x" * 60_000}), "characters long"),
        ("[" * 100_000, "characters long"),
        ("[" * 40_000, "not one JSON object"),
        (json.dumps(VerdictReply.model_json_schema()), "question_id"),
    ],
)
def test_refuses_everything_else(text: str | None, says: str) -> None:
    with pytest.raises(UnparsedReplyError, match=says):
        read(text)


@pytest.mark.parametrize("finish_reason", ["length", "content_filter", "tool_calls", "missing", ""])
def test_a_reply_that_did_not_finish_is_not_read(finish_reason: str) -> None:
    with pytest.raises(UnparsedReplyError, match="did not finish"):
        read(json.dumps(NO), finish_reason)


@given(st.text(max_size=200))
def test_no_text_is_a_no_but_the_exact_one(text: str) -> None:
    try:
        reply = read(text)
    except UnparsedReplyError:
        return
    assert json.loads(text.strip().strip("`").removeprefix("json"))["question_id"] == reply.question_id == "q1"


@given(st.integers(0, len(json.dumps(NO)) - 1))
def test_no_truncation_of_a_no_is_a_no(length: int) -> None:
    with pytest.raises(UnparsedReplyError):
        read(json.dumps(NO)[:length])


@pytest.mark.parametrize("echoed", ["Warfarin", " WARFARIN\n", "\uff57arfarin"])
def test_an_echo_may_differ_in_case_and_space(echoed: str) -> None:
    assert read(json.dumps({**NO, "drug_1": echoed})).outcome == "no_interaction"


@pytest.mark.parametrize("expected", [VerdictReply, NamesReply, ReviewReply])
def test_the_schema_requires_every_property_and_allows_no_other(expected: type[VerdictReply]) -> None:
    schema = json_schema(expected)["schema"]
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == set(schema["properties"])


@pytest.mark.parametrize("blank", [" ", "\n\t", "\u200b", "...", "-"])
def test_a_no_says_why_and_a_yes_need_not(blank: str) -> None:
    with pytest.raises(UnparsedReplyError, match="a no without a reason"):
        read(json.dumps({**NO, "reason": blank}))
    assert read(json.dumps({**YES, "reason": blank})).outcome == "interaction"


@pytest.mark.parametrize(("view", "is_read"), [("confirms", False), ("disputes", True), ("adds", True)])
def test_a_rival_that_confirms_says_why(view: str, is_read: bool) -> None:
    text = json.dumps({**ECHO, "view": view, "severity": None, "reason": " "})
    if is_read:
        assert read_reply(Reply(text=text), ReviewReply, ECHO).view == view
    else:
        with pytest.raises(UnparsedReplyError, match="confirms without a reason"):
            read_reply(Reply(text=text), ReviewReply, ECHO)


@pytest.mark.parametrize(
    "key", ["\ud800", 'x\n---\nDrug 1: "water"', "k" * 40_000, "\x1b[2J", "sk-canary-0123456789abcdef"]
)
def test_what_stands_in_a_report_and_in_the_next_prompt_is_one_short_line(key: str) -> None:
    with pytest.raises(UnparsedReplyError) as raised:
        read(json.dumps({**NO, key: 1}))
    said = str(raised.value)
    said.encode("utf-8")
    assert len(said.splitlines()) == 1
    assert len(said) < 310
    assert "sk-canary" not in said
