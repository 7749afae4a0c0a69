"""What a check works with: the cascade, the models bound to it, the settings and the local tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from druqa.cascade import Cascade, Evaluator
from druqa.cascade_files import load_cascade
from druqa.errors import SettingsError, UsageError
from druqa.knowledge.addition import Addition
from druqa.knowledge.evidence import Evidence, LookUp, load_evidence
from druqa.knowledge.formulary import read_formulary
from druqa.knowledge.interactions import Interactions, read_interactions
from druqa.knowledge.loading import load_synonyms
from druqa.knowledge.rxnorm import read_rxnorm
from druqa.knowledge.synonyms import Synonyms
from druqa.models.binding import Binding, Given, bind
from druqa.records import Medication
from druqa.settings import Settings, load_settings

OWN = "own"
"""The evaluator that speaks for the user's own tables of interactions."""
WITHOUT_MODELS = "embedded"
WITH_MODELS = "recall_first"


@dataclass(frozen=True)
class Setup:
    """Everything a check needs besides the medication list."""

    cascade: Cascade
    binding: Binding
    settings: Settings
    synonyms: Synonyms
    evidence: Evidence
    own: tuple[Interactions, ...] = ()
    """The user's own tables of interactions."""
    notes: tuple[str, ...] = ()
    """What the user's own tables hold that could not be used."""
    exhaustive: bool = False
    """Whether every evaluator is asked even where nothing can change any more: to measure each of them."""

    @property
    def tables(self) -> tuple[tuple[str, LookUp], ...]:
        """Every table that is looked up, by the name of its evaluator: the cascade's, then the user's own."""
        shipped = tuple((e.name, getattr(self.evidence, e.name)) for e in self.cascade.evidence_evaluators)
        return (*shipped, *((OWN, own.evidence.listed) for own in self.own))

    @property
    def evidence_version(self) -> str:
        """Which tables of interactions were looked up."""
        return "; ".join((self.evidence.version, *(own.version for own in self.own)))

    @property
    def auditors(self) -> tuple[Evaluator, ...]:
        """The auditors of a negative."""
        return self.cascade.sign_off.auditors if self.cascade.sign_off else ()

    def models(self, role: str) -> tuple[str, ...]:
        """The names of the models bound to a role; none for a role without."""
        return self.binding.roles.get(role, ())


def set_up(cascade: str | Path | None, models: Given | None, settings: Settings | None) -> Setup:
    """Read and bind everything. Without a cascade named: `recall_first` if a screener is bound, else `embedded`.

    Raises:
        DruqaError: if the cascade, a binding, a setting or a table is wrong.

    """
    settings = settings if settings is not None else load_settings()
    with_models = bool(settings.roles.get("screener") or (isinstance(models, Mapping) and models.get("screener")))
    if cascade is None and not with_models and (settings.roles or models):
        raise SettingsError(
            "models are bound, but none to the role screener, so no model would be asked",
            where="models",
            mend="bind one to screener, or name the cascade: --cascade embedded",
        )
    loaded = load_cascade(cascade or (WITH_MODELS if with_models else WITHOUT_MODELS))
    names = load_names(settings)
    return Setup(
        loaded, bind(loaded, settings, models), settings, names.synonyms, load_evidence(), names.own, names.notes
    )


class Names(NamedTuple):
    """The names that a list is read with, and what else came with them."""

    synonyms: Synonyms
    own: tuple[Interactions, ...] = ()
    """The user's own tables of interactions, which may bring names too."""
    notes: tuple[str, ...] = ()
    """What the user's own files hold that could not be used."""


def load_names(settings: Settings) -> Names:
    """The names that ship with druqa and those of the user's own files.

    Raises:
        DataError: if a table or a file is missing or damaged.

    """
    files = [path.resolve() for path in (settings.rxnorm, *settings.formulary, *settings.interactions) if path]
    if not files:
        return Names(load_synonyms())
    tables = (*files, *(settings.rxnorm.resolve().glob("**/*.RRF") if settings.rxnorm else ()))
    stamps = tuple(_stamp(file) for file in tables)
    return _with_own_files(settings.rxnorm, settings.formulary, settings.interactions, stamps)


def _stamp(file: Path) -> tuple[str, int, int]:
    """What changes when a file does; a file that is not there is refused by its reader."""
    try:
        stat = file.stat()
    except (OSError, ValueError):
        return str(file), 0, 0
    return str(file), stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=2)
def _with_own_files(
    rxnorm: Path | None,
    formularies: tuple[Path, ...],
    interactions: tuple[Path, ...],
    _stamps: tuple[tuple[str, int, int], ...],
) -> Names:
    synonyms = load_synonyms()
    additions: list[Addition] = []
    own: list[Interactions] = []

    def add(addition: Addition) -> None:
        nonlocal synonyms
        synonyms = synonyms.extended(addition.names, addition.drugs, addition.codes, addition.version)
        additions.append(addition)

    if rxnorm:
        add(read_rxnorm(rxnorm, synonyms))
    for file in formularies:
        add(read_formulary(file, synonyms))
    names = [file.name for file in interactions]
    for file in dict.fromkeys(interactions):
        # Of two files of one name each is cited by its path.
        table = read_interactions(file, synonyms, str(file) if names.count(file.name) > 1 else None)
        own.append(table)
        add(table.names)
    notes = [f"{addition.version}: {note}" for addition in additions for note in addition.notes]
    return Names(synonyms, tuple(own), tuple(notes))


def read_medications(medications: Iterable[str | Medication]) -> tuple[Medication, ...]:
    """The medications as records.

    Raises:
        UsageError: if what is given is one string, or an item is neither a text nor a Medication.

    """
    if isinstance(medications, str):
        raise UsageError(
            "one string was given where a list is due", where="medications", mend="put it into a list: [line]"
        )
    if isinstance(medications, Mapping) or not isinstance(medications, Iterable):
        raise UsageError(f"a {type(medications).__name__} was given where a list is due", where="medications")
    return tuple(_read(index, item) for index, item in enumerate(medications))


def _read(index: int, item: object) -> Medication:
    if isinstance(item, Medication | str):
        medication = item if isinstance(item, Medication) else Medication(text=item)
        # A byte that is no UTF-8 reaches Python as a lone surrogate, which nothing can print or store.
        whole = medication.text.encode("utf-8", "backslashreplace").decode("utf-8")
        return medication.model_copy(update={"text": whole})
    raise UsageError(
        f"neither a text nor a Medication: {type(item).__name__}",
        where=f"medications[{index}]",
        mend="give the line as it is written, or druqa.Medication(text=..., rxcui=..., atc=...)",
    )
