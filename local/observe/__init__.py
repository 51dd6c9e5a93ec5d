"""What the platform says of itself, read from its own APIs: AWS, Kubernetes and the time-series store."""
