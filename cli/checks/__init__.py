"""Checks of the platform's results."""
