"""What commands wait for, and what they hold the platform's results against."""
