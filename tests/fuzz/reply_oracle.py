"""What must hold for every text that a model may write, told without the parser's own code.

A reply is read only if it is one JSON object by RFC 8259, bare or in one code fence, with exactly the fields asked
for, about the question asked. Whatever it is, the check goes on to a report that can be written and read again.
"""

from __future__ import annotations

import tempfile
import unicodedata
from itertools import count
from pathlib import Path
from time import thread_time
from types import SimpleNamespace
from typing import Any, NamedTuple

from druqa.cascade import VoteRule
from druqa.knowledge.synonyms import Synonyms
from druqa.models.asker import Heard, Status
from druqa.models.base import Reply
from druqa.models.ledger import Ledger
from druqa.models.replies import (
    AnswerReply,
    ModelReply,
    NamesReply,
    ReviewReply,
    UnparsedReplyError,
    VerdictReply,
    read_reply,
)
from druqa.models.rows import row_of
from druqa.records import Drug, DrugPair, NameKind, Outcome, Question, Severity, Stage, Verdict
from druqa.report import (
    Answer,
    CascadeUse,
    DataUse,
    Decision,
    DecisionKind,
    ModelUse,
    PairReport,
    QuestionCounts,
    Report,
    View,
)
from druqa.stages import rival
from druqa.stages.evaluate import _verdict
from druqa.stages.proposals import _fresh, _read
from druqa.stages.vote import vote
from tests.fuzz import strict_json

LONGEST_S = 1.0
"""Seconds of computing that any reply may take to be read."""
LONGEST_SAID = 1000
"""Characters of what is said of a reply that cannot be read: it goes into a prompt and a report."""
ECHOES = (
    {"question_id": "q1", "drug_1": "warfarin", "drug_2": "St. John's wort"},
    {
        "question_id": "q1",
        "drug_1": "\u00e1cido acetilsalic\u00edlico",
        "drug_2": "\u30a2\u30b9\u30d4\u30ea\u30f3 wei\u00df",
    },
)
_GRADES = ("contraindicated", "major", "moderate", "minor", "unknown")
_ECHO = {"question_id": str, "drug_1": str, "drug_2": str}
_FORMS: dict[type[ModelReply], dict[str, Any]] = {
    VerdictReply: {**_ECHO, "outcome": ("interaction", "no_interaction", "unclear"), "severity": (*_GRADES, None),
                   "mechanism": 0, "reason": 1},
    NamesReply: {"question_id": str, "names": list},
    AnswerReply: {"question_id": str, "severity": _GRADES, "mechanism": 0, "management": 0, "text": 1},
    ReviewReply: {**_ECHO, "view": ("confirms", "adds", "escalates", "disputes"), "severity": (*_GRADES, None),
                  "reason": 1},
}  # fmt: skip
KEYS = count()
LEDGER = Ledger(Path(tempfile.mkdtemp(prefix="druqa-fuzz-")) / "journal.sqlite")
TABLE = Synonyms(["aspirin\taspirin\tgeneric\tmade up\t0\t1"], ["aspirin\t\t\tmade up"])
FORMS = {form.__name__: form for form in _FORMS}


class Case(NamedTuple):
    """A text that a model wrote, how it ended, and what was asked."""

    form: str
    finish: str | None
    echo: int
    text: str


def check(case: Case) -> str:
    """Hold one reply against everything that must be so; returns what it came to."""
    reply = Reply(text=case.text, finish_reason=case.finish, answered_as=case.text[:30], prompt_tokens=1)
    form = FORMS[case.form]
    echo = {field: said for field, said in ECHOES[case.echo].items() if field in _FORMS[form]}
    survives_the_journal(reply)
    began = thread_time()
    try:
        read, problem = read_reply(reply, form, echo), ""
    except UnparsedReplyError as error:
        read, problem = None, str(error)
    seconds = thread_time() - began
    assert seconds < LONGEST_S, f"{seconds:.1f} s for {len(case.text)} characters"
    meant = wanted(case, form, echo)
    if read is None:
        assert meant is None, f"refused, though it is what was asked for: {problem}"
        assert 0 < len(problem) <= LONGEST_SAID
        assert problem.isprintable(), "what is said of a reply goes into a prompt and a report"
    else:
        assert meant is not None, "read, though it is not what was asked for"
        assert read.model_dump() == meant
    status = Status.ANSWERED if read else Status.UNPARSED
    heard = Heard("m", "f", status, read, read.contradiction if read else problem)
    if form is VerdictReply:
        survives_the_report(heard, meant, reply)
    elif form is NamesReply:
        survives_the_names(read)
    elif form is ReviewReply:
        survives_the_review(heard, meant)
    return "refused" if read is None else getattr(read, "outcome", "read")


def survives_the_journal(reply: Reply) -> None:
    """A paid reply comes out of its row as it went in, and the row can be written."""
    key = f"k{next(KEYS)}"
    row = row_of(key, reply)
    assert row[1].isascii()
    assert LEDGER.settle([row], [], [])[1] is None
    assert LEDGER.settle([], [], [key])[0] == {key: reply}


def survives_the_report(heard: Heard[Any], meant: dict[str, Any] | None, reply: Reply) -> None:
    """One verdict, counted as a no only if it is one to the letter, in a report that can be written and read again."""
    asked = Question(id="q1", evaluator="e", stage=Stage.SCREEN, pair=("a", "b"), names=("a", "b"), role="r", model="m")
    verdict = _verdict(asked, heard)
    assert verdict is not None
    is_no = meant is not None and meant["outcome"] == "no_interaction" and meant["severity"] in (None, "unknown")
    if verdict.outcome is Outcome.NO_INTERACTION:
        assert is_no
        assert not heard.reply.contradiction
        assert verdict.severity is None
    elif meant is not None:
        assert verdict.outcome is (Outcome.INTERACTION if meant["outcome"] == "interaction" else Outcome.UNCLEAR)
        if meant["outcome"] == "interaction":
            assert verdict.severity is Severity(meant["severity"] or "unknown")
    else:
        assert verdict.outcome is Outcome.UNPARSED
    agreed = Verdict(question="q2", stage=Stage.SIGN_OFF, evaluator="s", outcome=Outcome.NO_INTERACTION,
                     names=("a", "b"), reason="agreed", model="m")  # fmt: skip
    decision = vote(("a", "b"), (verdict, agreed), 2, VoteRule())
    if meant is None:
        assert decision.kind is DecisionKind.NOT_CHECKED
    else:
        said_no = verdict.outcome is Outcome.NO_INTERACTION
        assert decision.kind is (DecisionKind.NONE_FOUND if said_no else DecisionKind.FLAGGED)
    report = _report(decision, reply)
    assert Report.model_validate_json(report.model_dump_json()) == report


def survives_the_names(read: NamesReply | None) -> None:
    """Proposed names can be asked about and written, whatever they are."""
    proposed, _ = _read(read, SimpleNamespace(kind=NameKind.BRAND), "m") if read else ([], 0)  # type: ignore[arg-type]
    for name in _fresh("aspirin", proposed, TABLE):
        name.model_dump_json()


def survives_the_review(heard: Heard[Any], meant: dict[str, Any] | None) -> None:
    """A rival that says anything but that it confirms raises a negative; one that cannot be read says nothing."""
    pair = DrugPair.of(Drug(id="a", name="a"), Drug(id="b", name="b"))
    negative = Answer(text="none", severity=None, mechanism="", management="", written_by="composed")
    prompt: Any = SimpleNamespace(name="rival", with_context=False)
    verdict, review = (
        rival._verdict(pair, negative, prompt, "m", heard),
        rival._view(negative, [(prompt, heard)], ["m"]),
    )
    assert verdict is not None
    if meant is None:
        assert (verdict.outcome, review.view) == (Outcome.UNPARSED, View.SILENT)
    elif verdict.outcome is Outcome.NO_INTERACTION:
        assert (meant["view"], review.view) == ("confirms", View.CONFIRMS)
        assert meant["severity"] in (None, "unknown")
    else:
        assert verdict.outcome is Outcome.INTERACTION
        assert review.view is not View.CONFIRMS
    verdict.model_dump_json()
    review.model_dump_json()


def _report(decision: Decision, reply: Reply) -> Report:
    pair = PairReport(
        drugs=decision.pair,
        medications=(0, 0),
        decision=decision.kind,
        severity=decision.severity,
        tier=decision.tier,
        reasons=decision.reasons,
        verdicts=decision.verdicts,
        planned=decision.planned,
    )
    return Report(
        druqa_version="0",
        cascade=CascadeUse(name="c", version="1", sha256="0"),
        medications=(),
        pairs=(pair,),
        questions=QuestionCounts(planned=2, answered=2, failed=0, not_asked=0),
        models={"screener": ModelUse(requested=("m",), answered_as=(reply.answered_as or "",))},
        data=DataUse(synonyms="0", evidence="0"),
    )


def wanted(case: Case, form: type[ModelReply], echo: dict[str, str]) -> dict[str, Any] | None:
    """What the reply says, if it is what was asked for; None if it is anything else."""
    text = case.text.strip()
    if case.finish not in (None, "stop") or len(text) > 50_000:
        return None
    try:
        value = strict_json.read(_unfenced(text))
    except strict_json.NotJSON:
        return None
    fields = _FORMS[form]
    if not isinstance(value, dict) or set(value) != set(fields):
        return None
    if not all(_fits(value[field], kind) for field, kind in fields.items()):
        return None
    confirms = value.get("view") == "confirms" and value["severity"] in (None, "unknown")
    finds_nothing = value.get("outcome") == "no_interaction" or confirms
    if finds_nothing and not any(char.isalnum() for char in value["reason"]):
        return None
    return value if all(_same(value[field], asked) for field, asked in echo.items()) else None


def _unfenced(text: str) -> str:
    """The inside of the one code fence that may stand around the whole reply; the text itself without one."""
    if not text.startswith("```"):
        return text
    opening, newline, rest = text.partition("\n")
    if not newline or opening[3:].rstrip() not in ("", "json"):
        return text
    body = rest.rstrip()
    return body[:-3].strip() if body.endswith("```") else text


def _fits(value: Any, kind: Any) -> bool:
    if isinstance(kind, tuple):
        return value in kind
    if kind is list:
        return isinstance(value, list) and all(isinstance(name, str) for name in value)
    if not isinstance(value, str):
        return False
    if kind is str:
        return True
    # A text that is shown: so long at least, 4000 at most, and such as a file can hold.
    return kind <= len(value) <= 4000 and not any("\ud800" <= char <= "\udfff" for char in value)


def _same(said: str, asked: str) -> bool:
    """Whether an echo differs from what was asked in nothing but case, kind of space and compatibility forms."""
    if len(said) > 1000:
        return False
    plain = [unicodedata.normalize("NFKC", text).casefold().split() for text in (said, asked)]
    return plain[0] == plain[1]
