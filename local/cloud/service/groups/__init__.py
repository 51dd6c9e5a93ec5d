"""Subnet groups and parameter groups, which RDS and ElastiCache have under different names."""
