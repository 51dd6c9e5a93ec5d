"""What ElastiCache offers: node types, engine versions and parameters. Tables only."""
