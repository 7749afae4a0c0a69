"""`python -m tests.faults.campaign --faults N --seed S [--http]`: worlds full of hostile models, every report judged.

In process, most worlds go straight into the stages and every tenth through exchange and journal. `--direct` leaves out
all but asker, parser, verdict and vote of single pairs, and is several times as fast; `--http` goes over real HTTP
through litellm. The truth of each world is known and every reply that was dealt is written down, so that a report is
judged without druqa's own reading. Exits with 1 if a promise broke, and says how to see it again.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from druqa.models import journal
from tests.faults.hostile.content import CONTENT
from tests.faults.hostile.direct import Table
from tests.faults.hostile.doors import Outcome, Web, in_process, short_waits, straight, web
from tests.faults.hostile.judge import CLOCK, Judge, in_time
from tests.faults.hostile.ledger import Ledger
from tests.faults.hostile.models import MODEL, SLOW
from tests.faults.hostile.streams import STREAM
from tests.faults.hostile.wire import WIRE
from tests.faults.hostile.world import World, make_world

INSIDE = tuple(fault for fault in CONTENT if not fault.wire)
DEADLINES = {"straight": 30.0, "in process": 20.0, "http": 5.0}
RATES = (0.04, 0.15, 0.5, 0.9)
EACH_KIND = 12
"""The first worlds over HTTP deal each kind of fault; later ones leave it to chance, since some kinds eat time."""
Broken = list[tuple[int, str]]


ENOUGH = 100
"""Broken invariants after which a campaign stops: it has shown what it can."""


@dataclass
class Tally:
    """What a campaign came to."""

    kinds: Counter[str] = field(default_factory=Counter)
    became: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    decisions: Counter[str] = field(default_factory=Counter)
    runs: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    broken: Broken = field(default_factory=list)
    questions: int = 0
    out_of_time: int = 0

    @property
    def dealt(self) -> int:
        return sum(self.kinds.values())

    def add(self, index: int, door: str, ledger: Ledger, outcome: Outcome) -> None:
        """Judge a world and count what it came to."""
        judge = Judge(ledger, outcome.screeners, outcome.rivals, excused=CLOCK if door == "http" else None)
        self.broken += [(index, said) for said in judge.broken(outcome.reports)]
        self.broken += [(index, said) for said in in_time(outcome.took_s, outcome.deadline_s)]
        self.out_of_time += judge.out_of_time
        self.runs[door].append((outcome.took_s, outcome.deadline_s))
        self.kinds += ledger.kinds
        self.questions += len(ledger.book)
        decided = {frozenset(pair.drugs): str(pair.decision) for report in outcome.reports for pair in report.pairs}
        self.decisions.update(decided.values())
        for key, dealings in ledger.book.items():
            drugs = frozenset(ledger.world.drug(name) for name in key.names)
            for fault in {dealt.fault for dealt in dealings if dealt.fault}:
                self.became[fault][decided.get(drugs, "names") if key.prompt != "answer" else "answer"] += 1


class Campaign:
    """Worlds one after another, each following from the seed and its number."""

    def __init__(self, seed: int, folder: Path, site: Web | None = None) -> None:
        self.seed, self.folder, self.site = seed, folder, site
        self.rates, self.http_deadline_s = RATES, DEADLINES["http"]
        self.tally = Tally()
        self._left: dict[bool, list[str]] = {False: [], True: []}
        """Faults of the transport that were due in a world and not met there, for whole and for streamed replies."""

    def run(self, faults: int, first: int = 0, shown: Callable[[Tally], None] = lambda _: None) -> Tally:
        """Worlds from the first on, until so many faults were dealt."""
        index = first
        while self.tally.dealt < faults and len(self.tally.broken) < ENOUGH:
            self.world(index)
            index += 1
            shown(self.tally)
        return self.tally

    def direct(self, faults: int, first: int = 0) -> Tally:
        """Single pairs by the shortest way, until so many faults were dealt."""
        table, index, tally = Table(self.folder), first, self.tally
        while tally.dealt < faults and len(tally.broken) < ENOUGH:
            case = table.case(f"{self.seed} {index}")
            try:
                decision = case.decide()
                tally.broken += [(index, said) for said in case.broken(decision)]
                tally.decisions[str(decision.kind)] += 1
                for kind in case.kinds:
                    tally.became[kind][str(decision.kind)] += 1
            except Exception as error:
                tally.broken.append((index, f"EXCEPTION: {type(error).__name__}: {error}"))
            tally.kinds.update(case.kinds)
            tally.questions += len(case.dealt)
            index += 1
        return tally

    def world(self, index: int) -> None:
        """One world, judged."""
        door = "http" if self.site else "in process" if index % 10 == 0 else "straight"
        rng = Random(f"{self.seed} {index}")
        lists = rng.choice([1, 1, 2]) if door != "straight" else 1
        world = make_world(f"{self.seed}-{index}", self.folder, lists=lists, drugs=rng.choice([2, 3, 4]))
        ledger = self.ledger(world, door, index, rng.choice(self.rates))
        deadline_s = self.http_deadline_s if self.site else DEADLINES[door]
        try:
            outcome = self._through(door, ledger, deadline_s, index)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            self.tally.broken.append((index, f"EXCEPTION: {type(error).__name__}: {error}"))
            self.tally.kinds += ledger.kinds + Counter({"(a run that ended in an exception)": 1})
        else:
            self.tally.add(index, door, ledger, outcome)

    def ledger(self, world: World, door: str, index: int, rate: float) -> Ledger:
        """The ledger of a world: by turns each kind of fault is one that must be dealt."""
        if door == "http":
            names = [fault.name for fault in CONTENT]
            return Ledger(world, rate, CONTENT, due=_turn(names, index, 8) if index < EACH_KIND else [])
        faults = (*INSIDE, *MODEL, *(SLOW if door == "in process" else ()))
        names = [fault.name for fault in faults]
        return Ledger(world, rate, faults, due=_turn(names, index // 10 if door == "in process" else index, 8))

    def _through(self, door: str, ledger: Ledger, deadline_s: float, index: int) -> Outcome:
        if self.site:
            stream = index % 3 == 2
            kinds = [fault.name for fault in (STREAM if stream else WIRE)]
            self.site.server.due = [*self._left[stream], *_turn(kinds, index, 6)] if index < EACH_KIND else []
            try:
                return self.site.check(ledger, deadline_s, stream=stream)
            finally:
                self._left[stream] = list(self.site.server.due)
        if door == "straight":
            return straight(ledger, deadline_s)
        return in_process(ledger, deadline_s, budget=50_000 if index % 50 else 40)


def _turn(names: Sequence[str], index: int, count: int) -> list[str]:
    """The names whose turn it is: so many each time, round and round."""
    return [names[(index * count + place) % len(names)] for place in range(min(count, len(names)))]


@contextmanager
def campaign(seed: int, *, http: bool = False) -> Iterator[Campaign]:
    """A campaign with a home of its own: no journal of anybody else's is touched."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="druqa-campaign-")))
        before = os.environ.get("DRUQA_HOME")
        os.environ["DRUQA_HOME"] = str(folder / "home")
        stack.callback(lambda: os.environ.update(DRUQA_HOME=before) if before else os.environ.pop("DRUQA_HOME"))
        stack.enter_context(short_waits(0.02 if http else 0.001))
        site = None
        if http:
            ledger = Ledger(make_world("none", folder), 0, CONTENT)
            site = stack.enter_context(web(ledger))
        yield Campaign(seed, folder, site)


def table(tally: Tally, took_s: float) -> str:
    """What was dealt, what became of it, what broke, and how long the runs took."""
    columns = ("flagged", "not_checked", "none_found", "names", "answer")
    lines = [f"{'fault':<42}{'dealt':>9}" + "".join(f"{column:>12}" for column in columns)]
    for kind, dealt in sorted(tally.kinds.items()):
        lines.append(f"{kind:<42}{dealt:>9,}" + "".join(f"{tally.became[kind][c] or '':>12}" for c in columns))
    lines += [
        f"\n{tally.dealt:,} faults of {len(tally.kinds)} kinds in {took_s:.0f} s ({tally.dealt / took_s:,.0f}/s),"
        f" {tally.questions:,} questions; pairs: {dict(tally.decisions)}",
        "(what became of the pair that was asked about; none_found only after a valid no on asking again)",
    ]
    for door, runs in tally.runs.items():
        slowest = max(runs)
        lines.append(f"{door}: {len(runs):,} runs, the slowest {slowest[0]:.2f} s with a deadline of {slowest[1]:g} s")
    if tally.out_of_time:
        lines.append(f"{tally.out_of_time} valid yes came when druqa had given the call up: not judged")
    lines.append(f"unsafe results: {len(tally.broken)}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.campaign", description=__doc__)
    parser.add_argument("--faults", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first world")
    parser.add_argument("--direct", action="store_true", help="single pairs without an event loop: for millions")
    parser.add_argument("--http", action="store_true", help="over HTTP through litellm")
    given = parser.parse_args(arguments)
    journal._GATHER_S = 0.0
    began = time.monotonic()
    with campaign(given.seed, http=given.http) as running:
        tally = (running.direct if given.direct else running.run)(given.faults, given.first)
    print(table(tally, time.monotonic() - began))
    for index, said in tally.broken[:20]:
        first = 0 if index < EACH_KIND and given.http else index
        mode = " --http" * given.http + " --direct" * given.direct
        again = f"--seed {given.seed} --first {first} --faults 1{mode}"
        print(f"BROKEN (again: {again}) {said}")
    return 1 if tally.broken else 0


if __name__ == "__main__":
    sys.exit(main())
