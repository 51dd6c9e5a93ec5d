"""Random inputs against real engines: what is refused says why, and nobody else notices."""
