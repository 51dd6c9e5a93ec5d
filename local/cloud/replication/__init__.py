"""S3 replication: new versions of objects are copied to the bucket that a replication configuration names."""
