"""HTTPRoutes of a service and the KongPlugins that guard them. Pure.

Plugins attach to a whole HTTPRoute, so every route of the spec becomes an HTTPRoute. contracts/gateway.py explains what
the plugins do in which order, and why a subject is copied before it is verified.
"""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import unquote, urlsplit

from contracts.auraservice import AuraServiceSpec, Auth, LimitBy, RateLimit, Route
from contracts.durations import milliseconds
from contracts.gateway import (
    CORS_EXPOSED_HEADERS,
    CORS_HEADERS,
    CORS_MAX_AGE_SECONDS,
    CORS_METHODS,
    GATEWAY,
    KEY_CLAIM,
    PLUGINS_ANNOTATION,
    READ_TIMEOUT_ANNOTATION,
    SECURITY_HEADERS,
    SUBJECT_TO_HEADER,
    USER_HEADER,
    WRITE_TIMEOUT_ANNOTATION,
)
from contracts.platform import NAMESPACE, REDIS_URL
from operators.auraservice.dependencies import Dependencies
from operators.kubernetes.manifest import Manifest, Owner, derived_name, digest

_KONG = "configuration.konghq.com/v1"


def routes(owner: Owner, spec: AuraServiceSpec, dependencies: Dependencies) -> list[Manifest]:
    """Plugins first, after what they read: a route that names one that does not exist would be served without it."""
    plugins: dict[str, Manifest] = {}
    attached: list[Manifest] = []
    configurations: dict[str, str] = {}
    for route in spec.routes:
        needed = _plugins(owner, route, dependencies)
        plugins |= needed
        attached.append(_route(owner, spec, route, sorted(needed)))
        if (limit := route.rate_limit) and (redis := _redis(dependencies)):
            config = json.dumps(_limit(limit) | {"policy": "redis", "redis": redis}, sort_keys=True)
            configurations[_limit_name(limit)] = base64.b64encode(config.encode()).decode()
    secret = owner.manifest("v1", "Secret", _secret_name(owner), {"type": "Opaque", "data": configurations})
    return [*([secret] if configurations else []), *(plugins[name] for name in sorted(plugins)), *attached]


def timeouts(spec: AuraServiceSpec) -> dict[str, str]:
    """Annotations of the service's Service: Kong's timeouts, which are of a Service and not of a route."""
    if spec.idle_timeout is None:
        return {}
    silence = str(milliseconds(spec.idle_timeout))
    return {READ_TIMEOUT_ANNOTATION: silence, WRITE_TIMEOUT_ANNOTATION: silence}


def route_name(owner: Owner, route: Route) -> str:
    """`auth-api-v1-auth-` and a digest for auth's api.aurawellness.com/v1/auth."""
    words = [route.host.partition(".")[0], *re.findall(r"[a-z0-9]+", route.path.lower())]
    return derived_name("-".join([owner.name, *words]), owner.name, route.host, route.path)


def _route(owner: Owner, spec: AuraServiceSpec, route: Route, plugins: list[str]) -> Manifest:
    backend = {"name": owner.name, "port": spec.ports[route.port or "http"]}
    rule = {"matches": [{"path": {"type": "PathPrefix", "value": route.path}}], "backendRefs": [backend]}
    content = {
        "metadata": {"annotations": {PLUGINS_ANNOTATION: ",".join(plugins)}},
        "spec": {
            "parentRefs": [{"name": GATEWAY, "namespace": NAMESPACE}],
            "hostnames": [route.host],
            "rules": [rule],
        },
    }
    return owner.manifest("gateway.networking.k8s.io/v1", "HTTPRoute", route_name(owner, route), content)


def _plugins(owner: Owner, route: Route, dependencies: Dependencies) -> dict[str, Manifest]:
    trace = {"header_name": "X-Trace-Id", "generator": "uuid", "echo_downstream": True}
    headers = {"add": {"headers": [f"{name}:{value}" for name, value in SECURITY_HEADERS.items()]}}
    size = {"allowed_payload_size": route.max_body_bytes, "size_unit": "bytes"}
    found = [
        _plugin(owner, "trace", "correlation-id", trace),
        _plugin(owner, "headers", "response-transformer", headers),
        _plugin(owner, f"body-{route.max_body.lower()}", "request-size-limiting", size),
    ]
    if route.auth is Auth.JWT:
        claims = {"key_claim_name": KEY_CLAIM, "claims_to_verify": ["exp"], "uri_param_names": []}
        found.append(_plugin(owner, "subject", "pre-function", {"access": [SUBJECT_TO_HEADER]}))
        found.append(_plugin(owner, "jwt", "jwt", claims))
    if route.origins:
        config = _cors(route.origins)
        found.append(_plugin(owner, f"cors-{digest(config)}", "cors", config))
    if limit := route.rate_limit:
        name = _limit_name(limit)
        source = {"secretKeyRef": {"name": _secret_name(owner), "key": name}}
        where = {"configFrom": source} if _redis(dependencies) else {"config": _limit(limit)}
        found.append(_plugin_from(owner, name, "rate-limiting", where))
    return {plugin["metadata"]["name"]: plugin for plugin in found}


def _cors(origins: list[str]) -> Manifest:
    return {
        "origins": sorted(set(origins)),
        "methods": list(CORS_METHODS),
        "headers": list(CORS_HEADERS),
        "exposed_headers": list(CORS_EXPOSED_HEADERS),
        "max_age": CORS_MAX_AGE_SECONDS,
        "credentials": False,
        "preflight_continue": False,
    }


def _plugin(owner: Owner, name: str, plugin: str, config: Manifest) -> Manifest:
    return _plugin_from(owner, name, plugin, {"config": config})


def _plugin_from(owner: Owner, name: str, plugin: str, configuration: Manifest) -> Manifest:
    return owner.manifest(_KONG, "KongPlugin", f"{owner.name}-{name}", {"plugin": plugin, **configuration})


def _limit_name(limit: RateLimit) -> str:
    return f"limit-{limit.per_minute}-{limit.by}"


def _secret_name(owner: Owner) -> str:
    """The Secret with the configurations of plugins that log in somewhere."""
    return f"{owner.name}-gateway"


def _limit(limit: RateLimit) -> Manifest:
    """Not limited while what counts is unavailable."""
    by: Manifest = {"limit_by": "ip"}
    if limit.by is LimitBy.USER:
        by = {"limit_by": "header", "header_name": USER_HEADER}
    return {"minute": limit.per_minute, **by, "policy": "local", "fault_tolerant": True}


def _redis(dependencies: Dependencies) -> Manifest | None:
    """Where all gateways count together, with its password; None before the region has a Redis."""
    address = urlsplit(dependencies.config.get(REDIS_URL, ""))
    if not address.hostname:
        return None
    tls = {"ssl": True, "ssl_verify": True, "server_name": address.hostname} if address.scheme == "rediss" else {}
    password = {"password": unquote(address.password)} if address.password else {}
    return {"host": address.hostname, "port": address.port or 6379, **tls, **password}
