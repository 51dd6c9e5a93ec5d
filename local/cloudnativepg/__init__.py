"""The local stand-in for CloudNativePG: fulfils `Cluster` objects with a PostgreSQL server of this machine."""
