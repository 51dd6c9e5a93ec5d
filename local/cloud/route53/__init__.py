"""The engine of Route 53: one DNS server, with the health checkers, for all hosted zones."""
