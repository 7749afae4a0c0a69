"""The pure statistics of the evaluation: numbers in, records out; each formula names its source."""
