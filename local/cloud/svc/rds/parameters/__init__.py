"""Parameters of parameter groups: PostgreSQL's own, and those that RDS adds."""
