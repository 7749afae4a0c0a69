"""What the distinct texts of a batch come to: drugs, and each of them as it may stand on a list."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from druqa.batch.workspace import insert
from druqa.records import Drug, Medication, ResolvedMedication, Verdict
from druqa.setup import Setup
from druqa.stages.names import resolve
from druqa.stages.pairs import ListedDrug, listed_drugs
from druqa.stages.proposals import Proposals

if TYPE_CHECKING:
    import duckdb

Ints = NDArray[np.int64]
_BLOCK = 10_000
NOTHING_PROPOSED = Proposals(said={}, fresh={}, names={}, notes=())


class Variant(NamedTuple):
    """A drug as it stands on some lists: the names it is asked about under, and whether it is only a guess."""

    listed: ListedDrug
    widened: bool
    """Whether models were asked for further names of it, as they are for what was written and not for what they add."""


class Read(NamedTuple):
    """A text as it was read, and as models' proposals of names leave it."""

    plain: ResolvedMedication
    medication: ResolvedMedication


class Catalog:
    """Every drug and variant of a batch, numbered, and which of them each distinct text holds.

    A drug's number is its place in the order of ids, so that a pair of numbers in order is a `DrugPair`.
    """

    def __init__(self, db: duckdb.DuckDBPyConnection, setup: Setup, proposals: Proposals = NOTHING_PROPOSED) -> None:
        """Read every text, and keep what each comes to in the table `read(text_id, recognised, drugs, doubts)`."""
        import pandas as pd  # noqa: PLC0415 - half a second to import

        self._db, self._setup, self._proposals = db, setup, proposals
        self._numbers: dict[tuple[str, tuple[str, ...], bool, bool], int] = {}
        self._together: dict[tuple[int, tuple[int, ...]], int] = {}
        self.variants: list[Variant] = []
        self.guessed: list[bool] = []
        """Of each variant, whether it is only a guess."""
        self.names_lost: list[bool] = []
        """Of each variant, whether a question for further names brought none."""
        starts, found, variants, apart = [0], list[Drug](), list[int](), list[tuple[int, str, str]]()
        db.execute("CREATE TABLE read(text_id INTEGER, recognised BOOLEAN, drugs VARCHAR, doubts VARCHAR)")
        for block in self._blocks():
            rows = []
            for text_id, read in block:
                here = self._variants_of([read])
                found += [self.variants[variant].listed.drug for variant in here]
                variants += here
                starts.append(len(found))
                groups = {tuple(sorted(set(group))) for group in read.medication.alternatives}
                apart += [(text_id, one, other) for group in groups for one in group for other in group if one < other]
                rows.append(_row(text_id, read.medication))
            insert(db, "read", pd.DataFrame(rows, columns=["text_id", "recognised", "drugs", "doubts"]))
        self.drugs = sorted({drug.id: drug for drug in found}.values(), key=lambda drug: drug.id)
        number = {drug.id: no for no, drug in enumerate(self.drugs)}
        self.starts: Ints = np.array(starts, dtype=np.int64)
        """Where in `drug` and `variant` each text begins."""
        self.drug: Ints = np.array([number[drug.id] for drug in found], dtype=np.int64)
        self.variant: Ints = np.array(variants, dtype=np.int64)
        readings = [self.alternatives(text, number[one], number[other]) for text, one, other in apart]
        self.apart: Ints = np.unique(np.array(readings, dtype=np.int64))
        """Two drugs of one text of which only one is meant, each as `alternatives` writes it."""

    def alternatives(self, text: Ints | int, one: Ints | int, other: Ints | int) -> Ints | int:
        """Two drugs of a text as one number."""
        return (text * len(self.drugs) + one) * len(self.drugs) + other

    def together(self, drug: int, texts: Iterable[int]) -> int:
        """The variant of a drug that several texts of a list hold."""
        key = drug, tuple(sorted(set(texts)))
        if key not in self._together:
            read = [self._one(text) for text in key[1]]
            wanted = self.drugs[drug].id
            numbers = self._variants_of(read)
            self._together[key] = next(no for no in numbers if self.variants[no].listed.drug.id == wanted)
        return self._together[key]

    def lost(self, variant: Variant) -> tuple[Verdict | None, ...]:
        """The questions for further names that brought none, where the drug stands so."""
        return self._proposals.lost.get(variant.listed.drug.id, ()) if variant.widened else ()

    def written(self, text_ids: Collection[int]) -> dict[int, str]:
        """Texts as they were written, by number."""
        query = "SELECT text_id, text FROM texts WHERE text_id IN (SELECT unnest(?))"
        return dict(self._db.execute(query, [sorted(text_ids)]).fetchall())

    def _variants_of(self, texts: Sequence[Read]) -> list[int]:
        """The numbers of the drugs that some texts hold when they stand on one list, by the order of ids."""
        written = {drug.id for read in texts for drug in read.plain.drugs}
        names = {id_: names for id_, names in self._proposals.names.items() if id_ in written}
        drugs = listed_drugs([read.medication for read in texts], self._setup.cascade.names, names)
        return [self._number(listed, widened=listed.drug.id in written) for listed in drugs]

    def _number(self, listed: ListedDrug, *, widened: bool) -> int:
        if not self._setup.cascade.prompt_evaluators:
            # Tables are looked up by drug: where no model is asked, under which names it was written is all the same.
            listed = listed.model_copy(update={"names": (listed.drug.name,)})
        key = listed.drug.id, listed.names, listed.guessed, widened
        if key not in self._numbers:
            self._numbers[key] = len(self.variants)
            variant = Variant(listed.model_copy(update={"medications": ()}), widened)
            self.variants.append(variant)
            self.guessed.append(listed.guessed)
            self.names_lost.append(bool(self.lost(variant)))
        return self._numbers[key]

    def _blocks(self) -> Iterator[Iterator[tuple[int, Read]]]:
        for medications in text_blocks(self._db):
            plain = resolve([medication for _, medication in medications], self._setup.synonyms)
            yield ((id_, self._added(read)) for (id_, _), read in zip(medications, plain, strict=True))

    def _added(self, plain: ResolvedMedication) -> Read:
        added = self._proposals.added_to(plain, self._setup.synonyms) if self._proposals.said else plain
        return Read(plain, added)

    @lru_cache(maxsize=50_000)  # noqa: B019 - a catalog lives as long as its batch
    def _one(self, text_id: int) -> Read:
        (row,) = self._db.execute("SELECT text, rxcui, atc FROM texts WHERE text_id = ?", [text_id]).fetchall()
        return self._added(resolve([_medication(*row)], self._setup.synonyms)[0])


def text_blocks(db: duckdb.DuckDBPyConnection) -> Iterator[list[tuple[int, Medication]]]:
    """The distinct texts by number, some thousands at a time."""
    (count,) = db.execute("SELECT count(*) FROM texts").fetchall()[0]
    for start in range(0, count, _BLOCK):
        rows = db.execute(
            "SELECT text_id, text, rxcui, atc FROM texts WHERE text_id >= ? AND text_id < ? ORDER BY text_id",
            [start, start + _BLOCK],
        ).fetchall()
        yield [(text_id, _medication(text, rxcui, atc)) for text_id, text, rxcui, atc in rows]


def drugs_in(db: duckdb.DuckDBPyConnection, setup: Setup) -> dict[str, Drug]:
    """Every distinct drug that the texts hold, by id, before any model is asked for names."""
    found: dict[str, Drug] = {}
    for block in text_blocks(db):
        for medication in resolve([medication for _, medication in block], setup.synonyms):
            found.update((drug.id, drug) for drug in medication.drugs)
    return found


def _medication(text: str, rxcui: str | None, atc: str | None) -> Medication:
    return Medication(text=text, rxcui=rxcui, atc=atc)


def _row(text_id: int, medication: ResolvedMedication) -> tuple[int, bool, str, str]:
    drugs = "; ".join(drug.name for drug in medication.drugs)
    return text_id, medication.recognised, drugs, "\n".join(medication.doubts)
