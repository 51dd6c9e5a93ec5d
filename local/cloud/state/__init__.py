"""Persistence: the state of moto and of our services on disk."""
