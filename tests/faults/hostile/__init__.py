"""A hostile model: what it may say, what its server may do, what was dealt, and what may come of it."""
