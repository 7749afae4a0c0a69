"""druqa checks medication lists for drug-drug interactions and never misses quietly."""
