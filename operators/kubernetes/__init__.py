"""Kubernetes objects: manifests, what a change of them needs, and the client of the API server."""
