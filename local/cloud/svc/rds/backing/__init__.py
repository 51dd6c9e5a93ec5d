"""What is behind the resources: PostgreSQL servers, base backups, archived WAL."""
