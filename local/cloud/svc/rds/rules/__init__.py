"""What RDS refuses: `table` has the rules of values, `references` those of what a request names, `request` both."""
