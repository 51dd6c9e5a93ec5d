"""The process: settings, worker processes, health and metrics over HTTP."""
