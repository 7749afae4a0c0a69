"""What texts are read as, for a terminal: input, ingredients, how each was found, and every doubt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from druqa.records import ResolvedMedication
from druqa.views.block import Block, Ragged
from druqa.views.safe import safe

_MOST_SHOWN = 12


def print_names(resolved: Sequence[ResolvedMedication], console: Console) -> None:
    """Print a table with a row for each text, its doubts below it."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", expand=False)
    for heading in ("", "AS WRITTEN", "INGREDIENTS", "HOW"):
        table.add_column(heading, overflow="fold")
    for number, medication in enumerate(resolved, 1):
        name, style = ("", "bold") if medication.recognised else ("NOT RECOGNISED ", "bold magenta")
        ingredients = Text.assemble((name, style), (", ".join(_ingredients(medication)) or "nothing", style))
        written = Text(safe(_short(medication.text)) or "(empty)")
        table.add_row(Text(str(number), style="dim"), written, ingredients, Text(how(medication), style="dim"))
    console.print(Ragged(table))
    doubts = [(number, doubt) for number, medication in enumerate(resolved, 1) for doubt in medication.doubts]
    if doubts:
        console.print()
        console.print(Text("DOUBTS", style="bold underline"))
    for number, doubt in doubts:
        line = Text.assemble((f"{number:<{len(str(len(resolved)))}}  ", "dim"), (safe(doubt), "yellow"))
        console.print(Block(line, hang=3))


def how(medication: ResolvedMedication) -> str:
    """How the drugs of a line were found: exact, alias, fuzzy with the likeness of the spelling, ..."""
    said = (_how(match.how, match.score) for match in medication.matches)
    return ", ".join(dict.fromkeys(said))


def _how(how: str, score: float) -> str:
    return f"{how} {score:.0f}" if how == "fuzzy" and score else how.replace("_", " ")


def _ingredients(medication: ResolvedMedication) -> Iterator[str]:
    names = [safe(drug.name) for drug in medication.drugs]
    yield from names[:_MOST_SHOWN]
    if len(names) > _MOST_SHOWN:
        yield f"and {len(names) - _MOST_SHOWN} more: see --json"


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."
