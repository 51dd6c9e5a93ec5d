"""Components of a region, one per module."""
