"""Hostnames of listeners and routes (Gateway API, HTTPRouteSpec.hostnames)."""

from __future__ import annotations


def intersection(listener: str, route: str) -> str | None:
    """Hosts that match both: "" is any host, "*.example.com" any host below example.com. None if there are none."""
    if not listener or listener == route:
        return route
    if not route:
        return listener
    if listener.startswith("*") and route.removeprefix("*").endswith(listener[1:]):
        return route
    if route.startswith("*") and listener.removeprefix("*").endswith(route[1:]):
        return listener
    return None


def precedence(host: str) -> tuple[int, int]:
    """Sorts the more specific first: whole names, then wildcards by length, then any host."""
    if not host:
        return (2, 0)
    return (1 if host.startswith("*") else 0, -len(host))
