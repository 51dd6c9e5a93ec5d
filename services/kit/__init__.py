"""Shared by all services: settings, logs, trace ids, tokens, health checks, metrics and server configuration."""
