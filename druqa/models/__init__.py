"""Language models as interchangeable utilities: one door, one journal of paid replies."""
