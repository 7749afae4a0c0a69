"""Lines of CSV to rows of cells: a quote that is never closed spoils its own line, and no other."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from druqa.batch.reading.lines import BAD
from druqa.batch.reading.tables import Tables

_MOST_LINES = 100
"""Lines of the longest record: a quote that is still open after so many was never meant to be."""
_OPEN = "unexpected end of data"
_LIMIT = "field larger than field limit"
_PROBLEMS = {
    _OPEN: ("a quote is opened here and not closed", 'close it, or write a quote that is part of the text as ""'),
    _LIMIT: ("a cell is too long", "write one medication to a cell; was a quote lost?"),
}
_AFTER_QUOTE = (
    "text follows a closed quote",
    'put the whole cell in quotes, and write a quote that is part of the text as ""',
)


def csv_records(
    blocks: Iterable[tuple[int, list[str]]], delimiter: str, tables: Tables
) -> Iterator[tuple[int, list[str]]]:
    """The rows of cells, each with the line on which it begins.

    A blank line is a row without cells. What cannot be read is refused, and is the row `[BAD]`.
    """
    records = _Records(delimiter, tables)
    for number, lines in blocks:
        yield from records.of_block(number, lines)
    yield from records.rest()
    records.tell()


class _Records:
    """Keeps a record that has begun for the block in which it ends."""

    def __init__(self, delimiter: str, tables: Tables) -> None:
        self._delimiter, self._tables = delimiter, tables
        self._begun: list[str] = []
        self._number = 1
        self._first_long, self._long = 0, 0

    def of_block(self, number: int, lines: list[str]) -> Iterator[tuple[int, list[str]]]:
        """The records of a block of lines; one by one from the first that is not a line of its own."""
        lines, number = self._begun + lines, number - len(self._begun)
        self._begun, self._number = [], number + len(lines)
        reader, place = csv.reader(lines, delimiter=self._delimiter, strict=True), 0
        try:
            for row in reader:
                if reader.line_num > place + 1:
                    break
                yield number + place, row
                place += 1
        except csv.Error:
            pass
        yield from self._one_by_one(number, lines, place)

    def rest(self) -> Iterator[tuple[int, list[str]]]:
        """The records of what was begun and goes no further."""
        lines, self._begun = self._begun, []
        yield from self._one_by_one(self._number - len(lines), lines, 0, last=True)

    def tell(self) -> None:
        """Note the records of several lines: one may be rows that a lost quote has joined."""
        if self._long:
            more = f", and {self._long - 1} more" if self._long > 1 else ""
            self._tables.note(
                f"a row that begins on line {self._first_long}{more}: read over several lines, for a quote"
            )

    def _one_by_one(
        self, number: int, lines: list[str], place: int, *, last: bool = False
    ) -> Iterator[tuple[int, list[str]]]:
        while place < len(lines):
            row, taken = self._record(lines, place, number + place, last=last)
            if not taken:
                self._begun = lines[place:]
                return
            yield number + place, row
            place += taken

    def _record(self, lines: list[str], place: int, number: int, *, last: bool) -> tuple[list[str], int]:
        """The record that begins at a place and how many lines it takes: none if the lines that follow may end it."""
        try:
            return next(csv.reader(lines[place : place + 1], delimiter=self._delimiter, strict=True)), 1
        except csv.Error as error:
            problem = next((key for key in _PROBLEMS if key in str(error)), "")
        if problem == _OPEN:
            following = lines[place : place + _MOST_LINES]
            reader = csv.reader((line + "\n" for line in following), delimiter=self._delimiter, strict=True)
            try:
                row = next(reader)
            except csv.Error as error:
                if not last and _OPEN in str(error) and len(following) < _MOST_LINES:
                    return [], 0
            else:
                if BAD not in following[: reader.line_num]:
                    self._first_long, self._long = self._first_long or number, self._long + 1
                    return row, reader.line_num
        self._tables.refuse(number, *_PROBLEMS.get(problem, _AFTER_QUOTE))
        return [BAD], 1
