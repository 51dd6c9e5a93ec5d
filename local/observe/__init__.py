"""The observed state of the platform, from its own APIs: AWS, Kubernetes and the time-series store."""
