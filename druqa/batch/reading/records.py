"""Lists given as objects, such as lines of JSON, to medications: what is no medication is refused, piece by piece."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from numbers import Real
from typing import Any

from druqa.batch.reading.columns import ATC, LIST_ID, MEDICATION, MEDICATIONS, RXCUI, near
from druqa.batch.reading.tables import NO_ID, Tables
from druqa.records import writable

_KNOWN = frozenset((LIST_ID, MEDICATION, MEDICATIONS, RXCUI, ATC))
_IN_LIST = frozenset(("text", RXCUI, ATC))
_MOST_NAMED = 20
_SHAPE = 'write {"list_id": "1", "medications": ["warfarin 5 mg"]}, or {"list_id": "1", "medication": "warfarin 5 mg"}'
_KINDS = {
    bool: "true or false",
    dict: "an object",
    list: "a list",
    str: "a text",
    Real: "a number",
    Decimal: "a number",
}


class _WrongShapeError(Exception):
    """Says what stands where."""


class RecordReader:
    """Reads objects that hold a medication of a list, or a whole list."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._passed_over: dict[str, None] = {}

    def read(self, record: Any, line: int) -> None:
        """Read one object."""
        list_id = ""
        try:
            fields = self._fields(record, _KNOWN, "the line")
            list_id = _short(fields.get(LIST_ID), LIST_ID)
            if not list_id:
                self._tables.refuse(line, *NO_ID)
                return
            self._medications(list_id, fields, line)
        except _WrongShapeError as error:
            self._tables.refuse(line, str(error), _SHAPE, list_id)

    def tell(self) -> None:
        """Note what was passed over."""
        if self._passed_over:
            self._tables.note(f"keys not read: {', '.join(f'`{name}`' for name in self._passed_over)}")

    def _fields(self, record: Any, known: frozenset[str], what: str) -> Mapping[str, Any]:
        if not isinstance(record, dict):
            raise _WrongShapeError(f"{what} is {_kind(record)}, and no object")
        if record.keys() <= known:
            return record
        names = [name.strip().casefold() for name in record]
        if twice := next((name for name in known if names.count(name) > 1), ""):
            raise _WrongShapeError(f"{what} has `{twice}` twice")
        fields = dict(zip(names, record.values(), strict=True))
        for name in fields:
            if name not in known and len(self._passed_over) < _MOST_NAMED:
                self._passed_over[writable(name[:100])] = None
        return fields

    def _medications(self, list_id: str, fields: Mapping[str, Any], line: int) -> None:
        if not {MEDICATION, MEDICATIONS} & fields.keys():
            raise _WrongShapeError(_without_medication(fields))
        if MEDICATION in fields:
            self._medication(list_id, fields[MEDICATION], fields, line)
        if MEDICATIONS in fields:
            self._list(list_id, fields[MEDICATIONS], line)

    def _list(self, list_id: str, medications: Any, line: int) -> None:
        if medications is not None and not isinstance(medications, list):
            raise _WrongShapeError(f"`medications` is {_kind(medications)}, and no list")
        if not medications:
            self._tables.empty_list(list_id, line)
        for place, medication in enumerate(medications or (), start=1):
            try:
                self._of_list(list_id, medication, line)
            except _WrongShapeError as error:
                self._tables.refuse(line, f"medication {place}: {error}", _SHAPE, list_id)

    def _of_list(self, list_id: str, medication: Any, line: int) -> None:
        fields: Mapping[str, Any] = {"text": medication}
        if isinstance(medication, dict):
            fields = self._fields(medication, _IN_LIST, "the medication")
            if not _IN_LIST & fields.keys():
                raise _WrongShapeError("it has neither text nor a code")
        self._medication(list_id, fields.get("text"), fields, line)

    def _medication(self, list_id: str, text: Any, fields: Mapping[str, Any], line: int) -> None:
        if text is not None and not isinstance(text, str):
            raise _WrongShapeError(f"{_kind(text)} stands where the text of a medication is due")
        rxcui, atc = _short(fields.get(RXCUI), RXCUI), _short(fields.get(ATC), ATC)
        self._tables.medication(list_id, _whole(text or ""), rxcui, atc, line)


def _short(value: Any, name: str) -> str:
    """An id or a code as text: a column of whole numbers with gaps comes as 7.0, and is 7."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _whole(value.strip())
    if isinstance(value, bool) or not isinstance(value, Real | Decimal):
        raise _WrongShapeError(f"`{name}` is {_kind(value)}")
    number = Decimal(str(value))
    if not number.is_finite():
        return ""
    return str(int(number)) if number == number.to_integral_value() else str(value)


def _whole(text: str) -> str:
    if "\0" in text:
        raise _WrongShapeError("a NUL character stands in it")
    return text if text.isascii() else writable(text)


def _without_medication(fields: Mapping[str, Any]) -> str:
    meant = next(((name, known) for name in fields if name not in _KNOWN and (known := near(name, _KNOWN))), None)
    hint = f"; did you mean `{meant[1]}` where `{writable(meant[0][:100])}` stands?" if meant else ""
    return f"there is neither `medication` nor `medications`{hint}"


def _kind(value: Any) -> str:
    return next((words for kind, words in _KINDS.items() if isinstance(value, kind)), f"a {type(value).__name__}")
