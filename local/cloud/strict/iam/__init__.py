"""What IAM refuses and moto does not."""
