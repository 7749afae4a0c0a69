"""Many lists at once: every distinct name, pair and question once, joined back to the lists on disk."""
