"""Building the tools that are missing, in parallel lanes, with a progress display."""
