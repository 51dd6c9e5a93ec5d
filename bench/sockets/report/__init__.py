"""Output of a run: table, JSON file and plot."""
