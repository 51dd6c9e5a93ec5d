"""What Amazon S3 refuses and moto does not."""
