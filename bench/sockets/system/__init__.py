"""The system under test: services and engines as processes, and optionally the gateway in front."""
