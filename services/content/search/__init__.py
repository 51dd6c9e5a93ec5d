"""Full-text search over the published items, on OpenSearch."""
