"""What was dealt: the campaign's own record, by which a report is judged. It knows nothing of druqa's reading."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import NamedTuple

from tests.faults.hostile.models import ModelFault
from tests.faults.hostile.words import NEGATIVE, Fault, Honest, Means, Voice
from tests.faults.hostile.world import World
from tests.support.script import Asked

AGAIN = 0.8
"""How likely a question that met a fault meets one again when it is asked again."""
_OBJECT = re.compile(r"\{.*\}", re.DOTALL)


@dataclass(frozen=True)
class Key:
    """What is asked of whom: the same however often, and with whatever note about the last reply."""

    model: str
    prompt: str
    names: tuple[str, ...]
    negative: bool = True
    """False where a rival is shown an answer that flags."""

    @staticmethod
    def of(model: str, asked: Asked) -> Key:
        if asked.prompt.startswith("names_"):
            return Key(model, asked.prompt, (asked.data["Name"],))
        negative = NEGATIVE in asked.data["answer"] if "answer" in asked.data else True
        return Key(model, asked.prompt, (asked.data["Drug 1"], asked.data["Drug 2"]), negative)


@dataclass(frozen=True)
class Dealt:
    """One reply as it was dealt."""

    honest: Honest
    fault: str | None
    means: Means
    sure: bool = True
    """Whether it surely reached druqa: not so where the wire or the clock may have lost it."""

    @property
    def valid_no(self) -> bool:
        """Whether druqa may take it for a no; for a question for names, whether it may go on."""
        return self.means in (Means.SAME, Means.MAY) and self.honest.voice in (Voice.NO, Voice.NONE)

    @property
    def credible_yes(self) -> bool:
        """Whether druqa must take it for a yes or an unclear voice."""
        return self.means is Means.SAME and self.sure and self.honest.voice in (Voice.YES, Voice.UNCLEAR)

    @property
    def may_flag(self) -> bool:
        """Whether a flag may rest on it."""
        said = self.honest.voice in (Voice.YES, Voice.UNCLEAR) and self.means is not Means.NOTHING
        return said or self.means is Means.UNSURE


class Drawn(NamedTuple):
    """What a question gets: its honest reply, and the fault that it meets, if any."""

    key: Key
    honest: Honest
    fault: Fault | ModelFault | None
    rng: Random
    urgent: bool
    """Whether the fault had to be dealt now, so that each kind is met."""


@dataclass
class Ledger:
    """Deals faults by seed, and writes down every reply."""

    world: World
    rate: float
    faults: Sequence[Fault | ModelFault]
    due: list[str] = field(default_factory=list)
    """Faults to deal first, so that each kind is met."""
    book: dict[Key, list[Dealt]] = field(default_factory=lambda: defaultdict(list))
    kinds: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: Counter[Key] = Counter()
        self._weights = [fault.weight for fault in self.faults]

    def draw(self, model: str, asked: Asked) -> Drawn:
        """What to reply to a question: it follows from the seed, the question, and how often it was asked."""
        key = Key.of(model, asked)
        with self._lock:
            honest = self.world.honest(model, asked)
            times = self._asked[key]
            self._asked[key] += 1
            rng = Random(f"{self.world.seed} {key} {times}")
            if urgent := self._first_due(honest):
                return Drawn(key, honest, urgent, rng, urgent=True)
            afflicted = (rng if not times else Random(f"{self.world.seed} {key} 0")).random() < self.rate
            meets = afflicted and (not times or rng.random() < AGAIN)
            return Drawn(key, honest, self._choose(honest, rng) if meets else None, rng, urgent=False)

    def _first_due(self, honest: Honest) -> Fault | ModelFault | None:
        if not self.due:
            return None
        fault = next((fault for fault in self.faults if fault.name in self.due and fault.fits(honest)), None)
        if fault:
            self.due.remove(fault.name)
        return fault

    def _choose(self, honest: Honest, rng: Random) -> Fault | ModelFault | None:
        for _ in range(50):
            fault = rng.choices(self.faults, self._weights)[0]
            if fault.fits(honest):
                return fault
        return None

    def enter(self, key: Key, dealt: Dealt, text: str | None = None) -> None:
        """Write down what was dealt, before it is sent. The text is read for the names that it proposes."""
        with self._lock:
            self.book[key].append(dealt)
            if dealt.fault:
                self.kinds[dealt.fault] += 1
            if text and key.prompt.startswith("names_") and dealt.means is not Means.NOTHING:
                for name in _names_in(text):
                    self.world.owners[name] = key.names[0]

    def doubt(self, key: Key, dealt: Dealt) -> None:
        """What was dealt may not have reached druqa after all."""
        with self._lock:
            self.book[key] = [replace(one, sure=False) if one is dealt else one for one in self.book[key]]

    @property
    def dealt(self) -> int:
        return sum(self.kinds.values())


def _names_in(text: str) -> list[str]:
    """The names that a reply proposes, as druqa would ask about them: with single blanks."""
    found = _OBJECT.search(text)
    names = json.loads(found.group()).get("names", []) if found else []
    return [" ".join(name.split()) for name in names]
