"""Gateways, HTTPRoutes and KongPlugins compiled to one plan, with the conditions of each object."""

from __future__ import annotations

from contracts.gateway import CONTROLLER_NAME, UNMANAGED_ANNOTATION
from local.gateway.cache import ObjectCache
from local.gateway.objects import GatewayClass, NamespacedName
from local.gateway.routing import credentials, hostnames, shadowing
from local.gateway.routing.listeners import GatewayListener, gateway_listener, listener_conditions
from local.gateway.routing.plan import Backend, Compiled, Condition, Frontend, ListenerStatus, Plan, RouteMatch
from local.gateway.routing.routes import RouteNotAccepted, attach


def is_ours(item: GatewayClass) -> bool:
    """KIC serves the classes that name it and whose Gateways it does not have to make a Kong for."""
    return item.spec.controller_name == CONTROLLER_NAME and bool(item.metadata.annotations.get(UNMANAGED_ANNOTATION))


def compile_objects(cache: ObjectCache, publish_service: NamespacedName) -> Compiled:
    """The plan of all Gateways of our classes. `publish_service` is the Service in front of the gateway's Pods."""
    classes = {item.key[1] for item in cache.classes.values() if is_ours(item)}
    proxy = cache.services.get(publish_service)
    verifying = credentials.collect(cache.consumers.values(), cache.secrets)
    gateways = {key: item for key, item in cache.gateways.items() if item.spec.gateway_class_name in classes}
    conditions = {
        gateway_listener(gateway, listener): listener_conditions(gateway, listener, cache.secrets, proxy)
        for _, gateway in sorted(gateways.items())
        for listener in gateway.spec.listeners
    }
    usable = [item for item, pair in conditions.items() if all(condition.status for condition in pair)]
    matches: dict[GatewayListener, list[RouteMatch]] = {item: [] for item in usable}
    attached_routes: dict[GatewayListener, int] = dict.fromkeys(usable, 0)
    backends: dict[Backend, None] = {}
    claims = shadowing.Claims()
    routes: dict[NamespacedName, dict[int, tuple[Condition, ...]]] = {}
    for route in sorted(cache.routes.values(), key=shadowing.age):
        for index, parent in enumerate(route.parent_refs()):
            if parent.kind != "Gateway" or (parent.namespace or route.key[0], parent.name) not in gateways:
                continue
            parents = routes.setdefault(route.key, {})
            try:
                attached = attach(route, parent, usable, cache)
            except RouteNotAccepted as error:
                parents[index] = (Condition("Accepted", False, error.reason, str(error)),)
                continue
            shadowed: dict[RouteMatch, NamespacedName] = {}
            served: set[str] = set()
            for listener, found in attached.matches.items():
                for match in found:
                    winner = claims.winner(route.key, listener.listener.port, match)
                    if winner == route.key:
                        matches[listener].append(match)
                        served.add(match.backend)
                    else:
                        shadowed[match] = winner
                attached_routes[listener] += 1
            backends |= dict.fromkeys(backend for backend in attached.backends if backend.name in served)
            further = shadowing.conditions(shadowed, bool(served))
            parents[index] = (Condition("Accepted", True, "Accepted"), attached.resolved_refs, *further)
    listeners = {
        key: tuple(
            ListenerStatus(item.listener.name, attached_routes.get(item, 0), pair)
            for item, pair in conditions.items()
            if item.gateway == key
        )
        for key in gateways
    }
    plan = Plan(_frontends(usable, matches), tuple(backends), verifying.usable)
    return Compiled(plan, listeners, routes, verifying.problems)


def _frontends(usable: list[GatewayListener], matches: dict[GatewayListener, list[RouteMatch]]) -> tuple[Frontend, ...]:
    """Listeners with the same port share a frontend. Matches are in order of precedence."""
    frontends: list[Frontend] = []
    for port in sorted({item.listener.port for item in usable}):
        sharing = [item for item in usable if item.listener.port == port]
        certificates = dict.fromkeys(name for item in sharing for name in item.certificates)
        found = dict.fromkeys(match for item in sharing for match in matches[item])
        frontends.append(Frontend(port, tuple(certificates), tuple(sorted(found, key=_precedence))))
    return tuple(frontends)


def _precedence(match: RouteMatch) -> tuple[tuple[int, int], bool, int, bool]:
    """Host, exact path, longest prefix, method (Gateway API, HTTPRouteRule.matches)."""
    return hostnames.precedence(match.host), match.path_type != "Exact", -len(match.path), match.method is None
