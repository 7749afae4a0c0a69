"""Reads medication lists from whatever people have: nothing is lost, and what could not be read is named."""

from druqa.batch.reading.inputs import read_frame, read_lists

__all__ = ["read_frame", "read_lists"]
