"""Many medication lists at once."""
