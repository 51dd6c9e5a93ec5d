"""TLS 1.3 where clients of ours arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from infra.policies.declared import UNKNOWN, Deployment, Resource
from infra.policies.rule import ResourceRule

_TLS_1_3_ONLY = "ELBSecurityPolicy-TLS13-1-3-"
"""Prefix of the policies of load balancers with nothing older. https://docs.aws.amazon.com/elasticloadbalancing/latest/
application/describe-ssl-policies.html"""

_STRICTEST_OF_SEARCH = "Policy-Min-TLS-1-2-PFS-2023-10"
"""OpenSearch Service has none with TLS 1.3 alone; this one has it, and TLS 1.2 with forward secrecy.
https://docs.aws.amazon.com/opensearch-service/latest/APIReference/API_DomainEndpointOptions.html"""


def _distribution(resource: Resource) -> Iterator[str]:
    minimum = resource.at("viewerCertificate.minimumProtocolVersion")
    if minimum is not UNKNOWN and not str(minimum).startswith("TLSv1.3"):
        yield f"viewerCertificate.minimumProtocolVersion is {minimum}; the one with TLS 1.3 alone is TLSv1.3_2025"
    for behaviour in (*resource.items("defaultCacheBehavior"), *resource.items("orderedCacheBehaviors")):
        if behaviour.get("viewerProtocolPolicy") not in ("https-only", "redirect-to-https", UNKNOWN):
            yield f"viewerProtocolPolicy of {behaviour.get('pathPattern', 'all else')} lets viewers use HTTP"
    for origin in resource.items("origins"):
        custom = origin.get("customOriginConfig")
        if isinstance(custom, Mapping) and custom.get("originProtocolPolicy") != "https-only":
            yield f"originProtocolPolicy of {origin.get('originId')} lets CloudFront use HTTP"


def _domain(resource: Resource) -> Iterator[str]:
    policy = resource.at("domainEndpointOptions.tlsSecurityPolicy")
    if policy not in (_STRICTEST_OF_SEARCH, UNKNOWN):
        yield f"domainEndpointOptions.tlsSecurityPolicy is {policy}; the strictest is {_STRICTEST_OF_SEARCH}"


def _listener(resource: Resource) -> Iterator[str]:
    """TCP passes the bytes on to who ends TLS behind it; this cannot be judged here."""
    protocol, policy = resource.at("protocol"), resource.at("sslPolicy")
    if protocol in ("HTTPS", "TLS") and policy is not UNKNOWN and not str(policy).startswith(_TLS_1_3_ONLY):
        yield f"sslPolicy is {policy}; those with TLS 1.3 alone begin with {_TLS_1_3_ONLY}"
    if protocol == "HTTP" and not all(_to_https(action) for action in resource.items("defaultActions")):
        yield "answers over HTTP; it may only redirect to HTTPS"


def _to_https(action: Mapping[str, Any]) -> bool:
    return action.get("type") == "redirect" and (action.get("redirect") or {}).get("protocol") == "HTTPS"


def _release(resource: Resource) -> Iterator[str]:
    """Kong's chart: of Kong's cipher suites, `modern` is the one with TLS 1.3 alone.

    https://developer.konghq.com/gateway/configuration/#ssl-cipher-suite
    """
    if resource.at("chart") != "ingress" or resource.at("name") not in ("kong", UNKNOWN):
        return
    suite = resource.at("values.gateway.env.ssl_cipher_suite")
    if suite not in ("modern", UNKNOWN):
        yield f"values.gateway.env.ssl_cipher_suite is {suite}; TLS 1.3 alone is `modern`"
    if resource.at("values.gateway.proxy.http.enabled") is not False:
        yield "values.gateway.proxy.http is enabled"


_CHECKS: Mapping[str, Callable[[Resource], Iterator[str]]] = {
    "aws:alb/listener:Listener": _listener,
    "aws:cloudfront/distribution:Distribution": _distribution,
    "aws:lb/listener:Listener": _listener,
    "aws:opensearch/domain:Domain": _domain,
    "kubernetes:helm.sh/v3:Release": _release,
}


def _check(resource: Resource, _: Deployment) -> Iterable[str]:
    check = _CHECKS.get(resource.type)
    return check(resource) if check else ()


RULE = ResourceRule(
    "tls-1-3",
    "Every listener and distribution, and the gateway, take TLS 1.3 and nothing older; search, the next best.",
    "All clients are ours and know TLS 1.3; older versions have weak ciphers, and can be downgraded to.",
    _check,
)
