"""What Amazon CloudFront refuses and moto does not."""
