"""Pieces of terminal text that leave no blanks at the ends of their lines."""

from __future__ import annotations

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text


class Block:
    """A text that wraps under itself."""

    def __init__(self, text: Text, indent: int = 0, hang: int = 3) -> None:
        self._text, self._indent, self._hang = text, indent, hang

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Wrap to the console's width."""
        width = max(20, options.max_width - max(self._indent, self._hang))
        for number, line in enumerate(self._text.wrap(console, width)):
            line.rstrip()
            yield Text(" " * (self._hang if number else self._indent)) + line


class Ragged:
    """Something that rich fills up with blanks to a rectangle, such as a table, without them."""

    def __init__(self, inner: RenderableType) -> None:
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render, and cut off the blanks."""
        for segments in console.render_lines(self._inner, options, pad=False):
            line = Text.assemble(*((segment.text, segment.style or "") for segment in segments))
            line.rstrip()
            yield line
