"""Only the exact JSON asked for, about the question asked, is read; everything else is no vote."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from druqa.models.base import Reply
from druqa.models.replies import (
    AnswerReply,
    ModelReply,
    NamesReply,
    ReviewReply,
    UnparsedReplyError,
    VerdictReply,
    json_schema,
    read_reply,
)

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
        (f"Here you go:\n{json.dumps(NO)}\n```", "not one JSON object"),
        (f"```json\n{json.dumps(NO)}", "not one JSON object"),
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
    assert json_schema(expected)["strict"] is True
    assert json_schema(expected)["name"] == expected.__name__
    schema = json_schema(expected)["schema"]
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == set(schema["properties"])


@pytest.mark.parametrize("blank", [" ", "\n\t", "\u200b", "...", "-"])
def test_a_no_says_why_and_a_yes_need_not(blank: str) -> None:
    with pytest.raises(UnparsedReplyError, match="a no without a reason"):
        read(json.dumps({**NO, "reason": blank}))
    for outcome in ("interaction", "unclear"):
        assert read(json.dumps({**YES, "outcome": outcome, "reason": blank})).outcome == outcome


@pytest.mark.parametrize("severity", [None, "unknown"])
@pytest.mark.parametrize(("view", "is_read"), [("confirms", False), ("disputes", True), ("adds", True)])
def test_a_rival_that_confirms_says_why(view: str, is_read: bool, severity: str | None) -> None:
    text = json.dumps({**ECHO, "view": view, "severity": severity, "reason": " "})
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


ANSWER = {"question_id": "q1", "severity": "major", "mechanism": "m", "management": "m", "text": "t"}
REVIEW = {**ECHO, "view": "confirms", "severity": None, "reason": "r"}


@pytest.mark.parametrize(
    ("form", "said", "field", "shortest"),
    [
        (VerdictReply, NO, "mechanism", 0),
        (VerdictReply, NO, "reason", 1),
        (ReviewReply, REVIEW, "reason", 1),
        (AnswerReply, ANSWER, "mechanism", 0),
        (AnswerReply, ANSWER, "management", 0),
        (AnswerReply, ANSWER, "text", 1),
    ],
)
def test_a_text_has_its_shortest_and_its_longest_length(
    form: type[ModelReply], said: dict[str, object], field: str, shortest: int
) -> None:
    echo = {key: value for key, value in ECHO.items() if key in said}
    replies = {length: Reply(text=json.dumps({**said, field: "x" * length})) for length in (0, 1, 4000, 4001)}
    for length in (shortest, 4000):
        assert len(getattr(read_reply(replies[length], form, echo), field)) == length
    for length in (*range(shortest), 4001):
        with pytest.raises(UnparsedReplyError, match=f"^{field}: String should have"):
            read_reply(replies[length], form, echo)


def test_a_reply_may_be_so_long_and_no_longer() -> None:
    text = json.dumps(NO)
    padded = text[:-1] + " " * (50_000 - len(text)) + "}"
    assert read(padded).outcome == "no_interaction"
    with pytest.raises(UnparsedReplyError, match="more than 50000 characters long"):
        read(padded[:-1] + " }")


@pytest.mark.parametrize(("asked", "longest"), [("warfarin", 1000), ("x" * 600, 2400), ("x" * 249, 1000)])
def test_an_echo_may_be_so_long_and_no_longer(asked: str, longest: int) -> None:
    echo = {**ECHO, "drug_1": asked}

    def echoed(length: int) -> VerdictReply:
        reply = Reply(text=json.dumps({**NO, "drug_1": asked + " " * (length - len(asked))}))
        return read_reply(reply, VerdictReply, echo)

    assert echoed(longest).outcome == "no_interaction"
    with pytest.raises(UnparsedReplyError, match="another question: drug_1 is"):
        echoed(longest + 1)


def test_what_is_said_of_a_reply_is_short_and_on_one_line() -> None:
    for key, shown in (("x" * 41, "x" * 40), ("a\nb", r"a\\nb"), ("\u200b", r"\\u200b")):
        with pytest.raises(UnparsedReplyError, match=rf"^{shown}: Extra inputs are not permitted$"):
            read(json.dumps({**NO, key: 1}))
    with pytest.raises(UnparsedReplyError, match=r"did not finish: x{40}$"):
        read("", "x" * 41)
    with pytest.raises(UnparsedReplyError, match=r"drug_1 is 'y{40}'$"):
        read(json.dumps({**NO, "drug_1": "y" * 41}))
    with pytest.raises(UnparsedReplyError, match="k0: Extra inputs"):
        read(json.dumps({**NO, **{f"k{number}": 1 for number in range(600)}}))


@pytest.mark.parametrize("lines", [1, 2, 40_000])
def test_a_fence_is_taken_off_whatever_blank_lines_are_in_it(lines: int) -> None:
    assert read("```json" + "\n" * lines + json.dumps(NO) + "\n```").outcome == "no_interaction"
    with pytest.raises(UnparsedReplyError, match="not one JSON object"):
        read("```" + "\n" * lines + "x")


@pytest.mark.parametrize("opening", ["```JSON", "``` json", "````", "```python", "```json x", "``"])
def test_another_fence_is_left_on(opening: str) -> None:
    with pytest.raises(UnparsedReplyError, match="not one JSON object"):
        read(f"{opening}\n{json.dumps(NO)}\n```")


def test_a_reply_that_was_read_cannot_be_changed() -> None:
    reply = read(json.dumps(NO))
    with pytest.raises(ValidationError, match="frozen"):
        reply.outcome = "interaction"  # type: ignore[misc]


@pytest.mark.parametrize(("form", "said"), [(AnswerReply, ANSWER), (NamesReply, {"question_id": "q1", "names": []})])
def test_a_reply_that_is_no_verdict_contradicts_nothing(form: type[ModelReply], said: dict[str, object]) -> None:
    assert read_reply(Reply(text=json.dumps(said)), form, {"question_id": "q1"}).contradiction == ""
