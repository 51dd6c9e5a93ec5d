"""What Amazon Route 53 refuses and moto does not."""
