"""Recordings: editors upload them to S3, people play them by signed URLs of CloudFront."""
