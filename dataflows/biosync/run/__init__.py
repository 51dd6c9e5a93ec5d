"""The process: settings, the worker, health and metrics over HTTP."""
