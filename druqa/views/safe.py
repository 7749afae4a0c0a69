"""Makes text from outside harmless to a terminal: what a person cannot see is shown as its code."""

from __future__ import annotations


def safe(text: str) -> str:
    """The text with every control, format and bidirectional character shown as its code in hexadecimal."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _code(c) for c in text)


def _code(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"
