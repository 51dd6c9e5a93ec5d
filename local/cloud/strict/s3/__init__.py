"""What Amazon S3 refuses and moto does not, and what it answers otherwise."""
