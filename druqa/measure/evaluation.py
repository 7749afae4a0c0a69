"""What a run comes to, as one record: everything that a report of it shows, and nothing that must be computed again."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from druqa.measure.circular import Standing
from druqa.measure.results import LostAt
from druqa.measure.statistics.capture import StillMissed
from druqa.measure.statistics.clusters import Clustered
from druqa.measure.statistics.joint import JointMisses
from druqa.measure.statistics.paired import Change
from druqa.measure.statistics.proportions import Proportion
from druqa.records import NonEmpty, Record, Severity
from druqa.report import CascadeUse, Cost, DataUse, DecisionKind, ModelUse

SCHEMA_VERSION = "1.0"


class Provenance(Record):
    """What a run was made with. Nothing in it varies between two runs of the same."""

    druqa_version: str
    suite: str
    suite_sha256: str
    cascade: CascadeUse
    tables: bool
    """Whether reference tables were looked up."""
    vote: dict[str, object]
    evaluators: tuple[str, ...]
    auditors: tuple[str, ...]
    forms: tuple[str, ...]
    gold: tuple[tuple[str, str], ...]
    """Name and sha256 of each part of the gold."""
    sample: int | None = None
    """At most so many pairs of each part, where the command said so."""
    models: dict[str, ModelUse]
    parameters: dict[str, dict[str, object]]
    """By model what else shapes its replies."""
    data: DataUse

    @property
    def simulated(self) -> bool:
        """Whether a model was simulated: no figure is then one of a real model."""
        names = (name for use in self.models.values() for name in (*use.requested, *use.answered_as))
        return any(part.startswith("simulated") for name in names for part in name.casefold().split("/"))


class Part(Record):
    """Recall on a part of the interacting pairs."""

    kind: NonEmpty
    """What tells the part from the others: severity, source, form, group, standing."""
    name: NonEmpty
    recall: Proportion
    not_checked: int
    """How many of the missed were not checked; the others were called none found."""
    clustered: Clustered | None
    """The interval that allows for pairs that share a drug; None without pairs."""


class Negatives(Record):
    """What became of pairs that are known not to interact."""

    specificity: Proportion
    """Not flagged, of all; a pair that was not checked raised no alarm either."""
    not_checked: int
    graver: Proportion
    """Flagged major or contraindicated, of all."""
    ppv: Proportion
    """Truly interacting, of the flagged pairs of all standings: holds for this mix of pairs and no other."""
    parts: tuple[tuple[str, Proportion], ...]
    """Specificity by the kind of negative."""


class Burden(Record):
    """Flags on whole medication lists: what a reader must look at, true or not."""

    lists: int
    medications: int
    pairs: int
    mean: float
    """Flags per list."""
    median: float
    most: int
    by_severity: dict[str, float]
    """Flags per list."""
    by_tier: dict[str, float]
    by_kind: dict[str, float]
    without: int
    """Lists on which nothing is flagged."""


class Bill(Record):
    """What the run cost, journaled replies included."""

    cost: Cost
    questions: int
    failed: int
    not_asked: int
    beside: int = 0
    """Calls for whole lists and for asking again, which are in none of the other figures."""
    calls_per_catch: float | None
    usd_per_catch: float | None
    """For each interacting pair that was flagged; None without a catch, or without a price."""


class Lost(Record):
    """An interacting pair that was not flagged, or a flagged pair that does not interact."""

    case: NonEmpty
    drugs: tuple[str, str]
    written: tuple[str, str]
    form: str
    severity: Severity | None
    """What the gold says; for a false alarm what druqa said."""
    sources: tuple[str, ...]
    standing: Standing
    decision: DecisionKind
    lost_at: LostAt | None
    said: tuple[str, ...]
    """Who said what, in short."""


class Variant(Record):
    """The same run, counted as if less had been asked or the votes counted otherwise."""

    name: NonEmpty
    without: str
    """What it leaves out, in words."""
    recall: Proportion
    specificity: Proportion | None
    questions: float
    """Questions to models for each pair."""


class EvaluatorScore(Record):
    """What one evaluator, auditor or rival prompt earns."""

    name: NonEmpty
    stage: NonEmpty
    caught: Proportion
    """Interacting pairs of which it said yes, of those that it was asked about."""
    unique: int
    """Interacting pairs that are flagged only because of it."""
    alarms: Proportion | None
    """Negatives of which it said yes."""
    unique_alarms: int
    questions: int
    invalid: int
    """Questions to which no valid reply came."""
    usd: float | None
    order_flips: Proportion | None
    """Name pairs of which it said otherwise when they were turned round."""
    repeat_flips: Proportion | None
    """Questions that it answered otherwise when asked the same again."""


class Point(Record):
    """Recall after so many questions to models a pair, when evaluators are added one at a time."""

    added: NonEmpty
    questions: float
    recall: float


class Independence(Record):
    """Whether the evaluators miss the same pairs."""

    joint: JointMisses
    p: float
    """How often misses so bunched come about if the evaluators are independent (permutation test)."""
    names: tuple[str, ...]
    double_faults: tuple[tuple[float | None, ...], ...]
    """Share of pairs that both miss; own miss rate on the diagonal; None where both were never asked."""


class Unseen(Record):
    """How many interacting pairs no evaluator saw, by their agreement alone, beside what the gold says."""

    estimates: tuple[StillMissed, ...]
    truly: int
    """How many of the gold's interacting pairs no evaluator saw: the estimates do not know this."""
    of: int


class Floor(Record):
    """A figure that the project holds itself to."""

    name: NonEmpty
    wanted: float
    found: float | None
    held: bool


class Evaluation(Record):
    """Everything that a run comes to."""

    schema_version: str = SCHEMA_VERSION
    title: NonEmpty
    caution: str
    provenance: Provenance
    notes: tuple[str, ...]
    headline: Part
    pairs: int
    """Different pairs of drugs in the gold, interacting or not."""
    circular: Annotated[int, Field(ge=0)]
    """Interacting pairs apart from the headline: the tables were built from what lists them, or may have been."""
    zero_missed: str
    """The bound that holds where nothing was missed, in words; empty where something was."""
    parts: tuple[Part, ...]
    forms: tuple[Change, ...]
    """Each other spelling against the generic names, on the same pairs."""
    other_names: Change | None
    """Models asked by other names than the generic ones, against the same evaluators asked by these, on the same pairs;
    None where none were."""
    negatives: Negatives | None
    burden: Burden | None
    bill: Bill
    missed: tuple[Lost, ...]
    alarms: tuple[Lost, ...]
    variants: tuple[Variant, ...]
    evaluators: tuple[EvaluatorScore, ...]
    curve: tuple[Point, ...]
    independence: Independence | None
    rival_rescues: Proportion | None
    """Interacting pairs that the rival caught, of those that the cascade had missed before it."""
    unseen: Unseen | None
    floors: tuple[Floor, ...] = ()

    @property
    def simulated(self) -> bool:
        """Whether a model of the run was simulated."""
        return self.provenance.simulated
