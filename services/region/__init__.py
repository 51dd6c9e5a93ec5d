"""Holds the lease of the active region, and says whether its region may serve."""
