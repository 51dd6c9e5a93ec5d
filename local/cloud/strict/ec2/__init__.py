"""What Amazon EC2 refuses and moto does not."""
