"""What ElastiCache refuses: tables of rules, each with AWS's error and its source."""
