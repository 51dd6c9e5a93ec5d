"""Who a caller is in a cluster: bearer tokens, the TokenReview webhook, access entries."""
