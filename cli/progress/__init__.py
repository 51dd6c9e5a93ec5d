"""Commands that take long: numbered steps, their progress, and the programs that they run."""
