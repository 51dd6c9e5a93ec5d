"""Minimal Kubernetes objects for tests."""

from __future__ import annotations

import base64
from typing import Any

from contracts.gateway import GATEWAY_CLASS, SUBJECT_TO_HEADER
from local.gateway.cache import ObjectCache
from local.gateway.certificate import IssuedCertificate
from local.gateway.objects import Gateway, GatewayClass, HTTPRoute, KongPlugin, Object, Pod, Secret, Service
from local.gateway.routing.compile import CONTROLLER_NAME

NAMESPACE = "aura"
HOST = "api.aurawellness.com"
STREAM = "stream.aurawellness.com"
PORT = 8443


def cache(*items: Object) -> ObjectCache:
    made = ObjectCache()
    by_kind = {
        GatewayClass: made.classes, Gateway: made.gateways, HTTPRoute: made.routes, KongPlugin: made.plugins,
        Service: made.services, Pod: made.pods, Secret: made.secrets,
    }  # fmt: skip
    for item in items:
        by_kind[type(item)][item.key] = item  # type: ignore[index]
    return made


def metadata(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "namespace": NAMESPACE, "generation": 3, "resourceVersion": "7", **more}


def gateway_class(controller: str = CONTROLLER_NAME) -> GatewayClass:
    return GatewayClass.model_validate(
        {"metadata": {"name": GATEWAY_CLASS, "generation": 1}, "spec": {"controllerName": controller}}
    )


def gateway(port: int = PORT, hostname: str = "*.aurawellness.com", **listener: Any) -> Gateway:
    tls = {"mode": "Terminate", "certificateRefs": [{"name": "gateway-tls"}]}
    listeners = [{"name": "https", "port": port, "protocol": "HTTPS", "hostname": hostname, "tls": tls, **listener}]
    spec = {"gatewayClassName": GATEWAY_CLASS, "listeners": listeners}
    return Gateway.model_validate({"metadata": metadata("aura"), "spec": spec})


def secret(issued: IssuedCertificate) -> Secret:
    return secret_of("gateway-tls", **{"tls.crt": issued.certificate, "tls.key": issued.key})


def secret_of(name: str, **values: str) -> Secret:
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in values.items()}
    return Secret.model_validate({"metadata": metadata(name), "data": encoded})


def route(
    name: str, path: str, service: str = "echo", plugins: str = "", host: str = HOST, kind: str = "PathPrefix",
    created: str = "2030-01-01T00:00:00Z", **rule: Any,
) -> HTTPRoute:  # fmt: skip
    rules = [
        {
            "matches": [{"path": {"type": kind, "value": path}}],
            "backendRefs": [{"group": "", "kind": "Service", "name": service, "port": 8080, "weight": 1}],
            **rule,
        }
    ]
    spec = {"parentRefs": [{"name": "aura"}], "hostnames": [host], "rules": rules}
    annotations = {"konghq.com/plugins": plugins} if plugins else {}
    about = metadata(name, annotations=annotations, creationTimestamp=created)
    return HTTPRoute.model_validate({"metadata": about, "spec": spec})


def plugin(name: str, plugin: str, **config: Any) -> KongPlugin:
    return KongPlugin.model_validate({"metadata": metadata(name), "plugin": plugin, "config": config})


def plugin_from(name: str, plugin: str, secret: str, key: str, **more: Any) -> KongPlugin:
    """One whose configuration is in a Secret."""
    source = {"secretKeyRef": {"name": secret, "key": key}}
    return KongPlugin.model_validate({"metadata": metadata(name), "plugin": plugin, "configFrom": source, **more})


def plugins(per_minute: int = 1000) -> tuple[KongPlugin, ...]:
    """The plugins of a route with `auth: jwt` and a limit by user, named "user", "token" and "limit"."""
    return (
        plugin("user", "pre-function", access=[SUBJECT_TO_HEADER]),
        plugin("token", "jwt", key_claim_name="kid", claims_to_verify=["exp"]),
        plugin("limit", "rate-limiting", minute=per_minute, limit_by="header", header_name="X-User-Id", policy="local"),
    )


def service(name: str = "echo", port: int = 8080) -> Service:
    spec = {"selector": {"app": name}, "ports": [{"name": "http", "port": port, "targetPort": "http"}]}
    return Service.model_validate({"metadata": metadata(name), "spec": spec})


def pod(name: str, address: str, port: int, ready: bool = True, service: str = "echo", **more: Any) -> Pod:
    return Pod.model_validate(
        {
            "metadata": metadata(name, labels={"app": service, "other": "label"}, **more),
            "spec": {"containers": [{"ports": [{"name": "http", "containerPort": port}]}]},
            "status": {"podIP": address, "conditions": [{"type": "Ready", "status": str(ready)}]},
        }
    )
