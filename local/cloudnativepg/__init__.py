"""The local CloudNativePG: an operator that runs a PostgreSQL server on this machine for each `Cluster` object."""
