"""Authentication of callers of a cluster: bearer tokens, the TokenReview webhook, access entries."""
