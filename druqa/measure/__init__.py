"""Measures what druqa misses: gold, suites, runs, and what the runs come to."""
