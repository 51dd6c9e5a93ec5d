"""Output of a run: statistics, table, JSON file and plot."""
