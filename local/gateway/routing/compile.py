"""Gateways, HTTPRoutes and KongPlugins compiled to one plan, with the conditions of each object."""

from __future__ import annotations

from local.gateway.cache import ObjectCache
from local.gateway.objects import NamespacedName
from local.gateway.routing import hostnames, shadowing
from local.gateway.routing.listeners import GatewayListener, gateway_listener, listener_conditions
from local.gateway.routing.plan import Backend, Compiled, Condition, Frontend, ListenerStatus, Plan, RouteMatch
from local.gateway.routing.routes import RouteNotAccepted, attach

CONTROLLER_NAME = "konghq.com/kic-gateway-controller"


def compile_objects(cache: ObjectCache) -> Compiled:
    """The plan of all Gateways whose class names CONTROLLER_NAME."""
    classes = {item.key[1] for item in cache.classes.values() if item.spec.controller_name == CONTROLLER_NAME}
    gateways = {key: item for key, item in cache.gateways.items() if item.spec.gateway_class_name in classes}
    conditions = {
        gateway_listener(gateway, listener): listener_conditions(gateway, listener, cache.secrets)
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
    return Compiled(Plan(_frontends(usable, matches), tuple(backends)), listeners, routes)


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
