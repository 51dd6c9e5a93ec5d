"""What answers on AWS: RDS, ElastiCache, the witness's S3, Kubernetes, and looks from outside."""
