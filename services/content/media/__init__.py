"""Recordings: editors upload them to S3, people hear them by signed URLs of CloudFront."""
