"""The persons' states: a log on local disk, which is a cache, and snapshots in S3."""
