"""S3 in moto, corrected: conditions of reads, retention that can be read, tags of new buckets."""
