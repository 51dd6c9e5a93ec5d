"""Outcomes of pushes: the queue in Redis and the writer to the time-series store."""
