"""One HTTPRoute to the branches and backends that serve it, or the reason why it can't be served (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from contracts.gateway import PLUGINS_ANNOTATION
from local.gateway.objects import HTTPRoute, HTTPRouteSpec, KongPlugin, ParentReference
from local.gateway.routing import hostnames
from local.gateway.routing.listeners import Open
from local.gateway.routing.plan import Backend, Branch, Condition, Key, World
from local.gateway.routing.plugins import Policy, Unsupported, described, policy

_STRIP_PATH = "konghq.com/strip-path"


class Refused(Exception):
    """The route is not served through this parent; `reason` as the Gateway API names it."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Served:
    """What serves a route through one parent: branches by listener."""

    branches: dict[Open, tuple[Branch, ...]]
    backends: tuple[Backend, ...]
    resolved: Condition


def serve(route: HTTPRoute, parent: ParentReference, opened: Iterable[Open], world: World) -> Served:
    """Raises Refused. A route with anything not implemented here is not served at all: without one of its plugins it
    would be open to everybody."""
    spec = _read(route)
    demanded = _policy(route, world)
    hosts = _hosts(route.key[0], parent, spec, opened)
    backends = _backends(route, spec, demanded)
    missing = [f"{b.service[1]}:{b.port}" for b in backends if not _known(b, world)]
    return Served(
        {listener: _branches(spec, names, backends) for listener, names in hosts.items()},
        backends,
        Condition("ResolvedRefs", False, "BackendNotFound", f"no Service has {', '.join(missing)}")
        if missing
        else Condition("ResolvedRefs", True, "ResolvedRefs"),
    )


def _read(route: HTTPRoute) -> HTTPRouteSpec:
    try:
        spec = HTTPRouteSpec.model_validate(route.spec)
    except ValidationError as error:
        raise Refused("UnsupportedValue", f"not implemented here: {described(error)}") from error
    for rule in spec.rules:
        for reference in rule.backend_refs:
            if reference.namespace not in (None, route.key[0]):
                raise Refused("UnsupportedValue", f"Service {reference.name} is in another namespace")
    return spec


def _policy(route: HTTPRoute, world: World) -> Policy:
    annotations = route.metadata.annotations
    for name, value in annotations.items():
        if name.startswith("konghq.com/") and name != PLUGINS_ANNOTATION and (name, value) != (_STRIP_PATH, "false"):
            raise Refused("UnsupportedValue", f"the annotation {name}: {value} is not implemented here")
    plugins: list[KongPlugin] = []
    for name in filter(None, map(str.strip, annotations.get(PLUGINS_ANNOTATION, "").split(","))):
        plugin = world.plugins.get((route.key[0], name))
        if plugin is None:
            raise Refused("UnsupportedValue", f"KongPlugin {name} does not exist")
        plugins.append(plugin)
    try:
        return policy(plugins)
    except Unsupported as error:
        raise Refused("UnsupportedValue", str(error)) from error


def _hosts(
    namespace: str, parent: ParentReference, spec: HTTPRouteSpec, opened: Iterable[Open]
) -> dict[Open, list[str]]:
    """Hosts of the route on each listener of this parent."""
    gateway: Key = (parent.namespace or namespace, parent.name)
    mine = [
        item
        for item in opened
        if item.gateway == gateway
        and parent.section_name in (None, item.listener.name)
        and parent.port in (None, item.listener.port)
    ]
    if not mine:
        raise Refused("NoMatchingParent", f"Gateway {parent.name} has no such listener that can be served")
    found: dict[Open, list[str]] = {}
    for item in mine:
        names = [hostnames.common(item.listener.hostname, host) for host in spec.hostnames or [""]]
        if kept := [name for name in names if name is not None]:
            found[item] = kept
    if not found:
        raise Refused("NoMatchingListenerHostname", f"{', '.join(spec.hostnames)} is served by no listener")
    return found


def _backends(route: HTTPRoute, spec: HTTPRouteSpec, demanded: Policy) -> tuple[Backend, ...]:
    """One a rule, in order; a rule without a Service gets one that has no server, and answers 503."""
    namespace, name = route.key
    made: list[Backend] = []
    for index, rule in enumerate(spec.rules):
        service, port = (rule.backend_refs[0].name, rule.backend_refs[0].port) if rule.backend_refs else ("", 0)
        made.append(Backend(f"{namespace}.{name}.{index}", (namespace, service), port, demanded, f"{namespace}.{name}"))
    return tuple(made)


def _branches(spec: HTTPRouteSpec, hosts: Sequence[str], backends: Sequence[Backend]) -> tuple[Branch, ...]:
    return tuple(
        Branch(host, match.path.type, match.path.value, match.method, backend.name)
        for rule, backend in zip(spec.rules, backends, strict=True)
        for match in rule.matches
        for host in hosts
    )


def _known(backend: Backend, world: World) -> bool:
    service = world.services.get(backend.service)
    return service is not None and any(port.port == backend.port for port in service.spec.ports)
