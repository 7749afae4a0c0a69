"""Which column of a table holds what: a wrong header stops the run, for a misread column would be a silent miss."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from druqa.errors import UsageError
from druqa.records import writable

LIST_ID, MEDICATION, MEDICATIONS, RXCUI, ATC = "list_id", "medication", "medications", "rxcui", "atc"
_NUMBERED = re.compile(r"(medication|med|drug)[ _-]?[0-9]+")
_DIGITS = re.compile("[0-9]+")
_UNNUMBERED = frozenset((MEDICATION, "med", "drug"))
_NEAR = 75.0
"""rapidfuzz ratio from which a column is taken for a misspelt one."""
_VERY_NEAR = 90.0
"""The same for a column beside others that are spelt right: `medication_id` beside `medication_1` is another thing."""
_SHOWN = 200


@dataclass(frozen=True)
class Layout:
    """The places of the columns that are read, from 0."""

    width: int
    list_id: int | None
    medications: tuple[int, ...]
    """One where a row is one medication, or holds all of them in one cell; several where each has its own column."""
    wide: bool
    nested: bool
    rxcui: int | None
    atc: int | None
    passed_over: tuple[str, ...]

    @property
    def note(self) -> str:
        """What is said of the columns that are not read; empty if there are none."""
        names = ", ".join(f"`{name}`" for name in self.passed_over)
        return f"columns not read: {names}" if names else ""


def layout_of(header: Sequence[str], where: str, *, nested: bool = False) -> Layout:
    """How a table with these columns is read; case and surrounding blanks do not matter.

    Args:
        header: the names of its columns.
        where: the file, for the error.
        nested: whether a column `medications` may hold a whole list.

    Raises:
        UsageError: if a column is missing or stands twice; says which are near.

    """
    columns = [name.strip().casefold() for name in header]
    wide = [name for name in columns if _NUMBERED.fullmatch(name)]
    if wide:
        kind, read = "wide", [name for name in columns if name in _UNNUMBERED or name in wide]
        _check_wide(columns, wide, where)
    elif nested and MEDICATIONS in columns:
        kind, read = "nested", [MEDICATIONS]
    elif MEDICATION in columns and LIST_ID in columns:
        kind, read = "long", [MEDICATION]
    else:
        raise _wrong(columns, [name for name in (LIST_ID, MEDICATION) if name not in columns], where, nested=nested)
    codes = [RXCUI, ATC] if kind == "long" else []
    used = [LIST_ID, *read, *codes]
    if twice := next((name for name in used if columns.count(name) > 1), ""):
        raise UsageError(f"the column `{twice}` stands twice", where=where, mend="give each column a name of its own")
    return Layout(
        width=len(columns),
        list_id=_place(columns, LIST_ID),
        medications=tuple(columns.index(name) for name in read),
        wide=kind == "wide",
        nested=kind == "nested",
        rxcui=_place(columns, RXCUI) if codes else None,
        atc=_place(columns, ATC) if codes else None,
        passed_over=tuple(_shown(name) for name in columns if name not in used),
    )


def near(name: str, known: Iterable[str], least: float = _NEAR) -> str:
    """The known name that a name is most like; empty if none is."""
    from rapidfuzz import fuzz, process  # noqa: PLC0415 - only a name that is not known needs it

    found = process.extractOne(name, list(known), scorer=fuzz.ratio, score_cutoff=least)
    return found[0] if found else ""


def _check_wide(columns: Sequence[str], wide: Sequence[str], where: str) -> None:
    """A column of medications with a slip in its name would be lost with all that stands in it."""
    numberless = {_DIGITS.sub("1", name): name for name in (*wide, LIST_ID)}
    for name in columns:
        known = name in (*wide, LIST_ID, *_UNNUMBERED)
        if right := "" if known else near(_DIGITS.sub("1", name), numberless, _VERY_NEAR):
            raise UsageError(
                f"the column `{_shown(name)}` is nearly `{numberless[right]}`, and would not be read",
                where=where,
                mend="write medication_1, medication_2 ..., or give it a name that is not so near",
            )


def _wrong(columns: Sequence[str], missing: Sequence[str], where: str, *, nested: bool) -> UsageError:
    guesses = ((name, near(name, [column for column in columns if column])) for name in missing)
    meant = [f"`{name}` for `{_shown(column)}`" for name, column in guesses if column]
    found = ", ".join(f"`{_shown(name)}`" for name in columns)
    ways = f"{LIST_ID} and {MEDICATION}, or {LIST_ID}, {MEDICATION}_1, {MEDICATION}_2 ..."
    ways += f", or {LIST_ID} and {MEDICATIONS}" if nested else ""
    return UsageError(
        f"no column {' and no column '.join(f'`{name}`' for name in missing)}; found: {found[:_SHOWN]}",
        where=where,
        mend=(f"did you mean {' and '.join(meant)}? " if meant else "") + f"name the columns {ways}",
    )


def _place(columns: Sequence[str], name: str) -> int | None:
    return columns.index(name) if name in columns else None


def _shown(name: str) -> str:
    return writable(name[:_SHOWN])
