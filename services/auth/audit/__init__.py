"""The audit log: who did what to whom, in a chain of hashes."""
