"""Gateway API objects compiled to a plan of frontends and backends, and the status of each object (pure)."""
