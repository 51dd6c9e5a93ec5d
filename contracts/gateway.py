"""What the operators declare for Kong and its ingress controller (KIC), and what the local gateway reads of it.

Kong counts requests by consumer or by header, not by a token's claim. So a `pre-function` copies the subject of the
token, not yet verified, into USER_HEADER (overwriting what the client sent); `jwt` (priority 1450) refuses invalid
tokens before `request-size-limiting` (priority 951) looks at a body and `rate-limiting` (priority 910) counts by that
header. It copies only what contracts/tokens.py calls a
subject, and only from a token of that length; the services refuse the other forms by themselves. `cors` (priority 2000)
answers preflights before a token is asked for, because a browser sends none with them.
"""

from __future__ import annotations

from contracts.subjects import MAX_SUBJECT_LENGTH
from contracts.tokens import MAX_TOKEN_LENGTH

GATEWAY_CLASS = "kong"
CONTROLLER_NAME = "konghq.com/kic-gateway-controller"
"""What a GatewayClass of KIC names as its controller."""
UNMANAGED_ANNOTATION = "konghq.com/gatewayclass-unmanaged"
"""Annotation of a GatewayClass whose Gateways are served by a Kong that is already there. KIC leaves others alone."""
GATEWAY = "aura"
"""Name of the Gateway, in the platform's namespace, that is the parent of every route."""

ACTIVE_PATH = "/active"
"""Where a region answers 200 while it serves, and something else otherwise: at its gateway, and for Route 53's health
checks at `active_host`."""
ACTIVE_SERVICE = "region-active"
"""The Service of that load balancer."""
ACTIVE_PORT = 8081
"""Of `active_host`, without TLS. Route 53's health checkers speak TLS 1.0 to 1.2 (Route 53 API Reference,
HealthCheckConfig), the gateway only 1.3; and they check no certificate, so that TLS would prove nothing to them."""


def region_host(region: str, domain: str) -> str:
    """The name of one region's gateway; the platform's hosts are aliases of the one that serves."""
    return f"gateway.{region}.{domain}"


def active_host(region: str, domain: str) -> str:
    """The name of the load balancer that has ACTIVE_PATH of one region at ACTIVE_PORT, and nothing else."""
    return f"active.{region}.{domain}"


GATEWAY_NAMESPACE = "kong"
GATEWAY_PODS = {"app.kubernetes.io/name": "gateway"}
"""Labels of Kong's Pods: its chart `ingress` has the chart `kong` twice, as `gateway` and as `controller`."""
TLS_PORT_NAME = "kong-proxy-tls"
"""Name, in the same chart, of the TLS port of the proxy's Service. KIC compares the ports of listeners with it."""

INGRESS_CLASS_ANNOTATION = "kubernetes.io/ingress.class"
INGRESS_CLASS = "kong"
"""KIC ignores a KongConsumer that is not annotated with its class."""
CREDENTIAL_LABEL = "konghq.com/credential"
"""Label of a Secret with a credential; its value is the kind of credential."""
JWT_CREDENTIAL = "jwt"
KEY_CLAIM = "kid"
"""Where a token says which credential verifies it."""

READ_TIMEOUT_ANNOTATION = "konghq.com/read-timeout"
WRITE_TIMEOUT_ANNOTATION = "konghq.com/write-timeout"
"""Annotations of a Service: milliseconds without a byte from it, or without one that it takes, after which Kong ends a
request or a WebSocket."""
DEFAULT_TIMEOUT_MS = 60_000
"""KIC's, of a Service without these annotations."""

PLUGINS_ANNOTATION = "konghq.com/plugins"
"""Annotation of an HTTPRoute: names of KongPlugins of its namespace, separated by commas."""

USER_HEADER = "X-User-Id"

SUBJECT_TO_HEADER = f"""\
local token = (kong.request.get_header("Authorization") or ""):match("^[Bb][Ee][Aa][Rr][Ee][Rr] +(%S+) *$")
if not token and not kong.request.get_header("Authorization") then
  token = (kong.request.get_header("Sec-WebSocket-Protocol") or ""):match("^bearer%s*,%s*([^%s,]+)$")
  if token then kong.service.request.set_header("Authorization", "Bearer " .. token) end
end
kong.service.request.clear_header("{USER_HEADER}")
local payload = token and #token <= {MAX_TOKEN_LENGTH} and token:match("^[^.]+%.([^.]+)%.")
if payload then
  payload = payload:gsub("-", "+"):gsub("_", "/") .. ("="):rep(-#payload % 4)
  local subject = (ngx.decode_base64(payload) or ""):match('"sub"%s*:%s*"([]-~!#-[]+)"')
  if subject and #subject <= {MAX_SUBJECT_LENGTH} then kong.service.request.set_header("{USER_HEADER}", subject) end
end
"""
"""Lua for the `access` phase of `pre-function`. A token may also come as the WebSocket subprotocols `bearer, <token>`,
as a browser can set no header there."""

SECURITY_HEADERS = {
    "Strict-Transport-Security": "max-age=63072000",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
"""Headers of every response of a route, also of one that refuses, unless the service sends its own: nothing that an API
answers is a page (OWASP Cheat Sheet Series, REST Security). `response-transformer` adds them."""

CORS_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
CORS_HEADERS = ("Authorization", "Content-Type", "Idempotency-Key", "X-Trace-Id")
"""Request headers that a page of a declared origin may send."""
CORS_EXPOSED_HEADERS = (
    "X-Trace-Id", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After", "WWW-Authenticate",
)  # fmt: skip
"""Response headers that such a page may read."""
CORS_MAX_AGE_SECONDS = 600
"""How long a browser may reuse the answer to a preflight."""
