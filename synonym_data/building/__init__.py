"""Reads the pinned sources and puts the tables of names together. Run by ../build.py."""
