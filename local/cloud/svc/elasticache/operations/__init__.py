"""ElastiCache's operations, by what they are on."""
