"""Measurements of a run: resource usage, latencies, reconnects, and verification of what was stored."""
