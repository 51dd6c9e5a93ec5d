"""Which paths of a service the gateway publishes, and by which route. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from contracts.auraservice import Route

HTTP = "http"
"""The port that an application serves; what a route to another port publishes is not in its document."""


class Declared(NamedTuple):
    """A route of a service."""

    service: str
    route: Route


def serving(host: str, path: str, declared: Sequence[Declared]) -> Declared | None:
    """The route that serves a path, in the form of OpenAPI (`/items/{item}`); None when no one does.

    The longest prefix is served, by whole segments (Gateway API, HTTPRouteRule.matches).
    """
    found = [one for one in declared if one.route.host == host and _within(path, one.route.path)]
    return max(found, key=lambda one: len(one.route.path), default=None)


def hosts(service: str, declared: Sequence[Declared]) -> list[str]:
    """Those at which something of the service is published, in the order of its routes."""
    return list(dict.fromkeys(one.route.host for one in declared if one.service == service and _is_http(one.route)))


def publishes(service: str, found: Declared) -> bool:
    """Whether what `serving` found leads to the service's application."""
    return found.service == service and _is_http(found.route)


def _is_http(route: Route) -> bool:
    return route.port in (None, HTTP)


def _within(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix.rstrip('/')}/")
