"""What is known locally: names of drugs, and reference tables of interactions."""
