"""Attaches an HTTPRoute to listeners: the matches and backends that serve it, or the reason why it is not accepted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from contracts.gateway import DEFAULT_TIMEOUT_MS, PLUGINS_ANNOTATION, READ_TIMEOUT_ANNOTATION
from local.gateway.cache import ObjectCache
from local.gateway.objects import HTTPRoute, HTTPRouteSpec, KongPlugin, NamespacedName, ParentReference, Service
from local.gateway.routing import hostnames
from local.gateway.routing.listeners import GatewayListener
from local.gateway.routing.plan import Backend, Condition, RouteMatch
from local.gateway.routing.plugins import Policy, UnsupportedPlugin, compile_policy, configured, describe

_MAX_TIMEOUT_MS = 2**31 - 2
_STRIP_PATH = "konghq.com/strip-path"


class RouteNotAccepted(Exception):
    """The route is not accepted by this parent; `reason` is one of the Gateway API."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class AttachedRoute:
    """A route attached to the listeners of one parent: its matches by listener."""

    matches: dict[GatewayListener, tuple[RouteMatch, ...]]
    backends: tuple[Backend, ...]
    resolved_refs: Condition


def attach(
    route: HTTPRoute, parent: ParentReference, listeners: Iterable[GatewayListener], cache: ObjectCache
) -> AttachedRoute:
    """Raises RouteNotAccepted. A route with anything unsupported is not served at all: without one of its plugins it
    could be open to everybody."""
    spec = _parse_spec(route)
    policy = _policy(route, cache)
    hosts = _hosts(route.key[0], parent, spec, listeners)
    backends = _backends(route, spec, policy, cache)
    missing = [f"{b.service[1]}:{b.port}" for b in backends if not _has_service_port(b, cache)]
    return AttachedRoute(
        {listener: _matches(spec, names, backends) for listener, names in hosts.items()},
        backends,
        Condition("ResolvedRefs", False, "BackendNotFound", f"no such Service and port: {', '.join(missing)}")
        if missing
        else Condition("ResolvedRefs", True, "ResolvedRefs"),
    )


def _parse_spec(route: HTTPRoute) -> HTTPRouteSpec:
    try:
        spec = HTTPRouteSpec.model_validate(route.spec)
    except ValidationError as error:
        raise RouteNotAccepted("UnsupportedValue", f"not supported: {describe(error)}") from error
    for rule in spec.rules:
        for reference in rule.backend_refs:
            if reference.namespace not in (None, route.key[0]):
                raise RouteNotAccepted("UnsupportedValue", f"Service {reference.name} is in another namespace")
    return spec


def _policy(route: HTTPRoute, cache: ObjectCache) -> Policy:
    annotations = route.metadata.annotations
    for name, value in annotations.items():
        if name.startswith("konghq.com/") and name != PLUGINS_ANNOTATION and (name, value) != (_STRIP_PATH, "false"):
            raise RouteNotAccepted("UnsupportedValue", f"the annotation {name}: {value} is not supported")
    plugins: list[KongPlugin] = []
    for name in filter(None, map(str.strip, annotations.get(PLUGINS_ANNOTATION, "").split(","))):
        plugin = cache.plugins.get((route.key[0], name))
        if plugin is None:
            raise RouteNotAccepted("UnsupportedValue", f"KongPlugin {name} does not exist")
        plugins.append(plugin)
    try:
        return compile_policy(configured(plugin, cache.secrets) for plugin in plugins)
    except UnsupportedPlugin as error:
        raise RouteNotAccepted("UnsupportedValue", str(error)) from error


def _hosts(
    namespace: str, parent: ParentReference, spec: HTTPRouteSpec, listeners: Iterable[GatewayListener]
) -> dict[GatewayListener, list[str]]:
    """Hosts of the route on each listener of this parent that it attaches to."""
    gateway: NamespacedName = (parent.namespace or namespace, parent.name)
    selected = [
        item
        for item in listeners
        if item.gateway == gateway
        and parent.section_name in (None, item.listener.name)
        and parent.port in (None, item.listener.port)
    ]
    if not selected:
        raise RouteNotAccepted("NoMatchingParent", f"Gateway {parent.name} has no usable listener for this parentRef")
    found: dict[GatewayListener, list[str]] = {}
    for item in selected:
        names = [hostnames.intersection(item.listener.hostname, host) for host in spec.hostnames or [""]]
        if kept := [name for name in names if name is not None]:
            found[item] = kept
    if not found:
        raise RouteNotAccepted(
            "NoMatchingListenerHostname", f"no listener has the hostname {', '.join(spec.hostnames)}"
        )
    return found


def _backends(route: HTTPRoute, spec: HTTPRouteSpec, policy: Policy, cache: ObjectCache) -> tuple[Backend, ...]:
    """One per rule, in order. That of a rule without backendRef has no server and answers 503."""
    namespace, name = route.key
    backends: list[Backend] = []
    for index, rule in enumerate(spec.rules):
        service, port = (rule.backend_refs[0].name, rule.backend_refs[0].port) if rule.backend_refs else ("", 0)
        silence = _silence_ms(cache.services.get((namespace, service)))
        backends.append(
            Backend(f"{namespace}.{name}.{index}", (namespace, service), port, policy, f"{namespace}.{name}", silence)
        )
    return tuple(backends)


def _silence_ms(service: Service | None) -> int:
    """Kong's read timeout. KIC ignores one that is no number, and Kong one that is out of range."""
    text = service.metadata.annotations.get(READ_TIMEOUT_ANNOTATION, "") if service else ""
    valid = text.isascii() and text.isdigit() and 1 <= int(text) <= _MAX_TIMEOUT_MS
    return int(text) if valid else DEFAULT_TIMEOUT_MS


def _matches(spec: HTTPRouteSpec, hosts: Sequence[str], backends: Sequence[Backend]) -> tuple[RouteMatch, ...]:
    return tuple(
        RouteMatch(host, match.path.type, match.path.value, match.method, backend.name)
        for rule, backend in zip(spec.rules, backends, strict=True)
        for match in rule.matches
        for host in hosts
    )


def _has_service_port(backend: Backend, cache: ObjectCache) -> bool:
    service = cache.services.get(backend.service)
    return service is not None and any(port.port == backend.port for port in service.spec.ports)
