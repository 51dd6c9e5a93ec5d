"""The object cache: the last known state of every object that the gateway watches."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.gateway.objects import (
    Gateway,
    GatewayClass,
    HTTPRoute,
    KongConsumer,
    KongPlugin,
    NamespacedName,
    Pod,
    Secret,
    Service,
)


@dataclass
class ObjectCache:
    """Objects by namespace and name."""

    classes: dict[NamespacedName, GatewayClass] = field(default_factory=dict)
    gateways: dict[NamespacedName, Gateway] = field(default_factory=dict)
    routes: dict[NamespacedName, HTTPRoute] = field(default_factory=dict)
    plugins: dict[NamespacedName, KongPlugin] = field(default_factory=dict)
    consumers: dict[NamespacedName, KongConsumer] = field(default_factory=dict)
    services: dict[NamespacedName, Service] = field(default_factory=dict)
    pods: dict[NamespacedName, Pod] = field(default_factory=dict)
    secrets: dict[NamespacedName, Secret] = field(default_factory=dict)
