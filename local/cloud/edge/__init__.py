"""CloudFront's data plane: gives viewers the objects of a distribution's buckets."""
