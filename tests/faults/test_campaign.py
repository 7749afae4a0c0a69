"""Nothing that a model or its server does makes druqa say "none found" wrongly, or lose a flag: by the thousand.

The second half proves the campaign itself: for each promise a bug is planted that breaks it, and the campaign says so.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from druqa import Settings, check, decide, flow
from druqa.cascade_files import load_cascade
from druqa.models import asker, base
from druqa.models.replies import UnparsedReplyError, VerdictReply
from druqa.records import Outcome, Severity
from druqa.report import DecisionKind
from druqa.stages import vote as vote_module
from druqa.stages.proposals import Proposals
from tests.faults import campaign as module
from tests.faults.campaign import INSIDE, Tally, campaign
from tests.faults.hostile.content import CONTENT
from tests.faults.hostile.direct import FAULTS
from tests.faults.hostile.doors import KEY, web
from tests.faults.hostile.judge import CLOCK, Judge
from tests.faults.hostile.ledger import Ledger
from tests.faults.hostile.models import MODEL, SLOW
from tests.faults.hostile.streams import STREAM, StreamFault
from tests.faults.hostile.wire import WIRE, WireFault
from tests.faults.hostile.words import CANARY, Means
from tests.faults.hostile.world import Shape, make_world
from tests.support.cascades import write_cascade
from tests.support.script import ScriptedModel

ROOT = Path(__file__).parents[2]


def names(*groups: Any) -> set[str]:
    return {fault.name for group in groups for fault in group}


def safe(tally: Tally) -> None:
    assert tally.broken == [], tally.broken[:5]


def test_faults_by_the_thousand_straight_into_the_vote() -> None:
    with campaign(1) as running:
        tally = running.direct(12_000)
    safe(tally)
    assert set(tally.kinds) == names(FAULTS)
    assert len(tally.decisions) == 3


def test_faults_by_the_thousand_through_the_flow() -> None:
    with campaign(2) as running:
        tally = running.run(8_000)
    safe(tally)
    assert set(tally.kinds) == names(INSIDE, MODEL, SLOW)
    assert len(tally.decisions) == 3


def test_faults_over_http() -> None:
    with campaign(3, http=True) as running:
        running.http_deadline_s = 4.0
        for index in range(module.EACH_KIND):
            running.world(index)
    safe(running.tally)
    assert running.tally.dealt > 300
    assert names(CONTENT, WIRE, STREAM) - set(running.tally.kinds) == set()


# One pair, one fault of the transport, met by every request.
@pytest.mark.parametrize(
    ("fault", "stream"),
    [(fault, False) for fault in WIRE] + [(fault, True) for fault in STREAM],
    ids=lambda value: value.name if hasattr(value, "name") else "",
)
def test_a_fault_of_the_transport_stands_in_the_report(
    tmp_path: Path, fault: WireFault | StreamFault, stream: bool
) -> None:
    shape = Shape(evaluators=1, auditors=1, rivals=0, name_prompts=0, answer=False)
    world = make_world(fault.name, tmp_path, drugs=2, shape=shape)
    world.peace = 1
    ledger = Ledger(world, 0, CONTENT)
    with module.short_waits(0.01), web(ledger, timeout_s=0.4) as site:
        site.server.only = fault.name
        outcome = site.check(ledger, 8.0, stream=stream)
    (report,) = outcome.reports
    (pair,) = report.pairs
    judge = Judge(ledger, outcome.screeners, outcome.rivals, excused=CLOCK)
    assert list(judge.broken(outcome.reports)) == []
    assert outcome.took_s < 8 + 2
    if fault.means is Means.NOTHING:
        assert pair.decision is DecisionKind.NOT_CHECKED
        assert not report.complete
        assert re.search(fault.says, " ".join(pair.reasons)), pair.reasons
    if fault.means is Means.SAME:
        assert pair.decision is DecisionKind.NONE_FOUND


def test_with_the_server_down_the_command_ends_in_time_and_says_what_was_not_checked(
    tmp_path: Path, home_of_its_own: Path
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    model = f'api_base = "http://127.0.0.1:{port}/v1"\napi_key_env = "{KEY}"\n'
    (tmp_path / "druqa.toml").write_text(
        f'[roles]\nscreener = "openai/alpha"\nrival = "openai/beta"\n[models."openai/alpha"]\n{model}'
        f'[models."openai/beta"]\n{model}'
    )
    environment = {**os.environ, KEY: CANARY, "PYTHONPATH": str(ROOT)}
    drugs = ["warfarin", "aspirin", "metformin", "zzqadrine"]
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import druqa.cli, litellm"], env=environment, check=True)
    start_s = time.monotonic() - began
    command = [sys.executable, "-m", "druqa", "check", *drugs, "--deadline", "10", "--json"]
    began = time.monotonic()
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert time.monotonic() - began < 10 + 2 + 2 * start_s, "the deadline, the grace, and the start of the process"
    report = json.loads(done.stdout)
    decided = {tuple(pair["drugs"]): pair for pair in report["pairs"]}
    assert decided["aspirin", "warfarin"]["decision"] == "flagged"
    rest = [pair for drugs, pair in decided.items() if pair["decision"] != "flagged"]
    assert rest
    for pair in rest:
        assert pair["decision"] == "not_checked"
        assert re.search("openai/alpha|deadline", " ".join(pair["reasons"]))
    assert CANARY not in done.stdout + done.stderr


def test_a_model_that_cancels_itself_is_a_failed_question(tmp_path: Path) -> None:
    class Cancelled(ScriptedModel):
        async def complete(self, *_: Any) -> Any:
            raise asyncio.CancelledError

    path = write_cascade(tmp_path / "small")
    model = Cancelled(cascade=load_cascade(path))
    report = check(["zzqadrine", "qqvorblux"], cascade=path, models={"screener": model}, settings=Settings())
    assert len(report.of(DecisionKind.NOT_CHECKED)) == 1


# Each promise can be seen to fail.
def planted(faults: int = 1_500, *, direct: bool = False, rare: bool = False) -> set[str]:
    """The promises that a campaign finds broken: the words before the colon or the pair."""
    with campaign(4) as running:
        running.rates = (0.05,) if rare else running.rates
        tally = running.direct(faults) if direct else running.run(faults)
    return {re.split(r" on \(|:", said)[0] for _, said in tally.broken}


def repairing(real: Callable[..., Any]) -> Callable[..., Any]:
    """A reader that makes a no of whatever it cannot read."""

    def read(reply: Any, expected: Any, echo: Any) -> Any:
        try:
            return real(reply, expected, echo)
        except UnparsedReplyError:
            if expected is not VerdictReply:
                raise
            return VerdictReply(
                **echo, outcome="no_interaction", severity=None, mechanism="", reason="made up by the reader"
            )

    return read


@pytest.mark.parametrize("direct", [False, True])
def test_a_reader_that_repairs_is_found(monkeypatch: pytest.MonkeyPatch, direct: bool) -> None:
    monkeypatch.setattr(asker, "read_reply", repairing(asker.read_reply))
    assert "NONE FOUND" in planted(direct=direct)


LOST = (Outcome.UNPARSED, Outcome.FAILED)


def test_a_vote_that_forgets_what_failed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(pair: Any, verdicts: Any, planned: int, rule: Any, **more: Any) -> Any:
        kept = [verdict for verdict in verdicts if verdict.outcome not in LOST]
        return vote_module.vote(pair, kept, len({verdict.question for verdict in kept}), rule, **more)

    monkeypatch.setattr(decide, "vote", forgetful)
    assert "NONE FOUND" in planted(rare=True)


def test_names_that_were_not_to_be_had_and_are_forgotten_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Proposals, "lost_of", lambda self, pair: ())
    assert "NONE FOUND" in planted(rare=True)


def test_a_lost_yes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = decide.evaluate

    async def deaf(*args: Any) -> Any:
        verdicts = await real(*args)
        return tuple(verdict for verdict in verdicts if verdict.outcome is not Outcome.INTERACTION)

    monkeypatch.setattr(decide, "evaluate", deaf)
    assert "LOST FLAG" in planted(rare=True)


def test_a_lowered_flag_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def mild(*args: Any, **more: Any) -> Any:
        decision = vote_module.vote(*args, **more)
        return decision.model_copy(update={"severity": Severity.UNKNOWN}) if decision.severity else decision

    monkeypatch.setattr(decide, "vote", mild)
    assert "LOWERED FLAG" in planted()


def test_a_flag_out_of_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def jumpy(pair: Any, verdicts: Any, *args: Any, **more: Any) -> Any:
        heard = [v.model_copy(update={"outcome": Outcome.UNCLEAR}) if v.outcome in LOST else v for v in verdicts]
        return vote_module.vote(pair, heard, *args, **more)

    monkeypatch.setattr(decide, "vote", jumpy)
    assert "FLAG OUT OF NOTHING" in planted()


def test_a_pair_that_is_missing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = flow.assemble
    monkeypatch.setattr(flow, "assemble", lambda s, a, r, pairs, *rest: real(s, a, r, pairs[1:], *rest))
    assert "CONSERVATION" in planted()


def test_an_answer_that_nobody_gave_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = asker.Tally.count
    monkeypatch.setattr(asker.Tally, "count", lambda self, status: real(self, asker.Status.ANSWERED))
    assert "CONSERVATION" in planted()


def test_an_exception_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asker, "read_reply", lambda reply, expected, echo: expected(**json.loads(reply.text)))
    assert "EXCEPTION" in planted()


def test_a_leak_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "scrub", lambda text: text.encode("utf-8", "backslashreplace").decode())
    assert "LEAK" in planted()


def test_a_late_run_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEADLINES", {**module.DEADLINES, "straight": -2.0})
    assert "LATE" in planted(200)


def test_the_command_ends_with_1_and_says_how_to_see_it_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert module.main(["--faults", "300", "--direct"]) == 0
    assert "unsafe results: 0" in capsys.readouterr().out
    monkeypatch.setattr(asker, "read_reply", repairing(asker.read_reply))
    assert module.main(["--faults", "3000", "--direct", "--seed", "5"]) == 1
    said = capsys.readouterr().out
    (first, *_) = re.findall(r"again: (--seed 5 --first \d+ --faults 1 --direct)", said)
    assert module.main(first.split()) == 1
