"""Requests a CPU-second and latencies of the services that apps and services ask, directly and through the gateway."""
