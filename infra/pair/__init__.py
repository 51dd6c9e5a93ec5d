"""What crosses the two regions: a component a noun, and which way it goes."""
