"""Gateways, HTTPRoutes and KongPlugins to one plan, and a verdict on each of them (pure)."""

from __future__ import annotations

from local.gateway.routing import hostnames
from local.gateway.routing.listeners import Open, judge, opened
from local.gateway.routing.plan import Backend, Branch, Compiled, Condition, Door, Key, ListenerVerdict, Plan, World
from local.gateway.routing.routes import Refused, serve

CONTROLLER = "platform.aurawellness.com/local-gateway"


def compile_world(world: World) -> Compiled:
    """Everything that is to be served by Gateways whose class names CONTROLLER."""
    classes = {item.key[1] for item in world.classes.values() if item.spec.controller_name == CONTROLLER}
    gateways = {key: item for key, item in world.gateways.items() if item.spec.gateway_class_name in classes}
    judged = {
        opened(gateway, listener): judge(gateway, listener, world.secrets)
        for _, gateway in sorted(gateways.items())
        for listener in gateway.spec.listeners
    }
    usable = [item for item, conditions in judged.items() if all(condition.status for condition in conditions)]
    branches: dict[Open, list[Branch]] = {item: [] for item in usable}
    attached: dict[Open, int] = dict.fromkeys(usable, 0)
    backends: dict[Backend, None] = {}
    verdicts: dict[Key, dict[int, tuple[Condition, ...]]] = {}
    for route in sorted(world.routes.values(), key=lambda item: (item.metadata.creation_timestamp, item.key)):
        for index, parent in enumerate(route.parents()):
            if parent.kind != "Gateway" or (parent.namespace or route.key[0], parent.name) not in gateways:
                continue
            verdict = verdicts.setdefault(route.key, {})
            try:
                served = serve(route, parent, usable, world)
            except Refused as refusal:
                verdict[index] = (Condition("Accepted", False, refusal.reason, str(refusal)),)
                continue
            backends |= dict.fromkeys(served.backends)
            for listener, found in served.branches.items():
                branches[listener].extend(found)
                attached[listener] += 1
            verdict[index] = (Condition("Accepted", True, "Accepted"), served.resolved)
    listeners = {
        key: tuple(
            ListenerVerdict(item.listener.name, attached.get(item, 0), conditions)
            for item, conditions in judged.items()
            if item.gateway == key
        )
        for key in gateways
    }
    return Compiled(Plan(_doors(usable, branches), tuple(backends)), listeners, verdicts)


def _doors(usable: list[Open], branches: dict[Open, list[Branch]]) -> tuple[Door, ...]:
    """Listeners of the same port share a door. Branches in order of precedence, then of the routes' age."""
    doors: list[Door] = []
    for port in sorted({item.listener.port for item in usable}):
        here = [item for item in usable if item.listener.port == port]
        certificates = dict.fromkeys(name for item in here for name in item.certificates)
        found = dict.fromkeys(branch for item in here for branch in branches[item])
        doors.append(Door(port, tuple(certificates), tuple(sorted(found, key=_precedence))))
    return tuple(doors)


def _precedence(branch: Branch) -> tuple[tuple[int, int], bool, int, bool]:
    """Host, exact path, longest prefix, method (Gateway API, HTTPRouteRule.matches)."""
    return hostnames.precedence(branch.host), branch.kind != "Exact", -len(branch.path), branch.method is None
