"""What AWS KMS refuses and moto does not."""
