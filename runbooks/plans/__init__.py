"""Plans: which steps, in which order. Each is a function of the pair and of the two roles."""
