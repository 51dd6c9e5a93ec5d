"""Builds, fetches and caches the programs that the local platform runs."""
