"""Measurements of a run: resource usage, reconnects, and verification of what was stored."""
