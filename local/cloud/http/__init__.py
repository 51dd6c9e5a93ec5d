"""The HTTP front of the endpoint: AWS requests, and the paths that AWS does not have."""
