"""AWS: Secrets Manager and RDS."""
