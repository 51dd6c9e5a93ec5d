"""A candidate: another image that computes the live topic beside the running one, to be compared with it."""
