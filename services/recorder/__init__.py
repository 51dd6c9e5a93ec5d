"""Writes the recovery point of its own region to the witness, every few seconds. Runs in each region of a pair."""
