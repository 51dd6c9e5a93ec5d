"""Minimal Kubernetes objects for tests."""

from __future__ import annotations

import base64
from typing import Any

from joserfc.jwk import Key

from contracts.gateway import (
    CONTROLLER_NAME,
    CREDENTIAL_LABEL,
    GATEWAY_CLASS,
    INGRESS_CLASS,
    INGRESS_CLASS_ANNOTATION,
    JWT_CREDENTIAL,
    SUBJECT_TO_HEADER,
    TLS_PORT_NAME,
    UNMANAGED_ANNOTATION,
)
from local.gateway.cache import ObjectCache
from local.gateway.certificate import IssuedCertificate
from local.gateway.objects import (
    Gateway,
    GatewayClass,
    HTTPRoute,
    KongConsumer,
    KongPlugin,
    NamespacedName,
    Object,
    Pod,
    Secret,
    Service,
)
from local.gateway.routing import compile
from local.gateway.routing.plan import Compiled

NAMESPACE = "aura"
HOST = "api.aurawellness.com"
STREAM = "stream.aurawellness.com"
PORT = 8443
PROXY_SERVICE: NamespacedName = ("kong", "kong-gateway-proxy")


def cache(*items: Object) -> ObjectCache:
    made = ObjectCache()
    by_kind = {
        GatewayClass: made.classes, Gateway: made.gateways, HTTPRoute: made.routes, KongPlugin: made.plugins,
        KongConsumer: made.consumers, Service: made.services, Pod: made.pods, Secret: made.secrets,
    }  # fmt: skip
    for item in items:
        by_kind[type(item)][item.key] = item  # type: ignore[index]
    return made


def compile_objects(made: ObjectCache) -> Compiled:
    return compile.compile_objects(made, PROXY_SERVICE)


def metadata(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "namespace": NAMESPACE, "generation": 3, "resourceVersion": "7", **more}


def gateway_class(controller: str = CONTROLLER_NAME, unmanaged: str = "true") -> GatewayClass:
    about = {"name": GATEWAY_CLASS, "generation": 1, "annotations": {UNMANAGED_ANNOTATION: unmanaged}}
    return GatewayClass.model_validate({"metadata": about, "spec": {"controllerName": controller}})


def proxy_service(port: int = PORT, name: str = TLS_PORT_NAME) -> Service:
    namespace, service = PROXY_SERVICE
    spec = {"ports": [{"name": name, "port": port, "targetPort": 8443}]}
    return Service.model_validate({"metadata": metadata(service) | {"namespace": namespace}, "spec": spec})


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


def consumer(*credentials: Secret, name: str = "auth", ingress_class: str = INGRESS_CLASS) -> KongConsumer:
    """One with these credentials."""
    about = metadata(name, annotations={INGRESS_CLASS_ANNOTATION: ingress_class})
    names = [one.key[1] for one in credentials]
    return KongConsumer.model_validate({"metadata": about, "username": name, "credentials": names})


def credential(of: Key, algorithm: str = "ES256", /, **changed: str) -> Secret:
    """As the operators make it of a of."""
    assert of.kid
    pem = of.as_pem(private=False).decode()  # type: ignore[union-attr]
    fields = {"key": of.kid, "algorithm": algorithm, "rsa_public_key": pem} | changed
    made = secret_of(f"key-{of.thumbprint().lower().replace('_', '-')}", **fields)
    labels = {CREDENTIAL_LABEL: JWT_CREDENTIAL}
    return made.model_copy(update={"metadata": made.metadata.model_copy(update={"labels": labels})})


def credentials(*keys: Key) -> tuple[Object, ...]:
    """A consumer with these keys of ES256."""
    secrets = [credential(key) for key in keys]
    return (*secrets, consumer(*secrets))


def service(name: str = "echo", port: int = 8080, annotations: dict[str, str] | None = None) -> Service:
    spec = {"selector": {"app": name}, "ports": [{"name": "http", "port": port, "targetPort": "http"}]}
    return Service.model_validate({"metadata": metadata(name, annotations=annotations or {}), "spec": spec})


def pod(name: str, address: str, port: int, ready: bool = True, service: str = "echo", **more: Any) -> Pod:
    return Pod.model_validate(
        {
            "metadata": metadata(name, labels={"app": service, "other": "label"}, **more),
            "spec": {"containers": [{"ports": [{"name": "http", "containerPort": port}]}]},
            "status": {"podIP": address, "conditions": [{"type": "Ready", "status": str(ready)}]},
        }
    )
