"""Amazon RDS for PostgreSQL: an instance is a PostgreSQL server."""
