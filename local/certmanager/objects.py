"""Certificates and ClusterIssuers of cert-manager.io/v1: what is served of them, and their statuses. No I/O."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509

from local.gateway.certificate import RENEW_BEFORE_DAYS, IssuedCertificate

Object = dict[str, Any]
_SERVED = {"secretName", "dnsNames", "issuerRef", "privateKey"}
_KEY = {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"}
"""What its `privateKey` may say: every certificate here has a new key of this kind."""


def unsupported(spec: Mapping[str, Any]) -> str:
    """What a Certificate demands that is not done here, "" for nothing. cert-manager itself would do it."""
    for field in spec:
        if field not in _SERVED:
            known = ", ".join(sorted(_SERVED))
            return f"spec.{field} is not served by the cert-manager of this machine, which knows {known}"
    if not spec.get("dnsNames"):
        return "spec.dnsNames is empty"
    issuer = spec["issuerRef"]
    if issuer.get("kind") != "ClusterIssuer" or issuer.get("group", "cert-manager.io") != "cert-manager.io":
        return "spec.issuerRef must name a ClusterIssuer: the cert-manager of this machine has no other issuers"
    for field, value in spec.get("privateKey", {}).items():
        if _KEY.get(field) != value:
            return f"spec.privateKey.{field}: {value} is not served by the cert-manager of this machine: see {_KEY}"
    return ""


def unsupported_issuer(spec: Mapping[str, Any]) -> str:
    """What is missing of a ClusterIssuer with which cert-manager could prove names in Route 53, "" for nothing."""
    solvers = spec.get("acme", {}).get("solvers", [])
    if not solvers:
        return "spec.acme.solvers is empty: the cert-manager of this machine stands in for ACME issuers"
    for number, solver in enumerate(solvers):
        route53 = solver.get("dns01", {}).get("route53")
        if route53 is None:
            return f"spec.acme.solvers[{number}] is not dns01.route53, which alone issues certificates for wildcards"
        if not route53.get("hostedZoneID"):
            return f"spec.acme.solvers[{number}].dns01.route53 has no hostedZoneID"
    return ""


def issued(secret: Object | None) -> IssuedCertificate | None:
    """The certificate in a Secret, None when there is none that can be read."""
    data = (secret or {}).get("data") or {}
    try:
        chain, key = (base64.b64decode(data[name], validate=True).decode() for name in ("tls.crt", "tls.key"))
    except (KeyError, binascii.Error, UnicodeDecodeError):
        return None
    return IssuedCertificate(chain, key)


def secret(certificate: Object, content: IssuedCertificate) -> Object:
    """The Secret of a Certificate, as cert-manager writes it."""
    metadata, spec = certificate["metadata"], certificate["spec"]
    values = {"tls.crt": content.certificate, "tls.key": content.key}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {
            "name": spec["secretName"],
            "namespace": metadata["namespace"],
            "labels": {"controller.cert-manager.io/fao": "true"},
            "annotations": {
                "cert-manager.io/certificate-name": metadata["name"],
                "cert-manager.io/issuer-name": spec["issuerRef"]["name"],
                "cert-manager.io/issuer-kind": spec["issuerRef"]["kind"],
            },
        },
        "data": {key: base64.b64encode(text.encode()).decode() for key, text in values.items()},
    }


def certificate_status(certificate: Object, content: IssuedCertificate | None, problem: str, now: datetime) -> Object:
    """The status of a Certificate: issued, or why not."""
    if content is None:
        return {"conditions": [_ready(certificate, "Pending" if not problem else "Failed", problem, False, now)]}
    leaf = x509.load_pem_x509_certificate(content.certificate.encode())
    renewal = leaf.not_valid_after_utc - timedelta(days=RENEW_BEFORE_DAYS)
    message = "Certificate is up to date and has not expired"
    return {
        "conditions": [_ready(certificate, "Ready", message, True, now)],
        "notBefore": _text(leaf.not_valid_before_utc),
        "notAfter": _text(leaf.not_valid_after_utc),
        "renewalTime": _text(renewal),
    }


def issuer_status(issuer: Object, problem: str, now: datetime) -> Object:
    message = problem or "no account is needed: the certificate authority of this machine answers in ACME's place"
    return {"conditions": [_ready(issuer, "Failed" if problem else "ACMEAccountRegistered", message, not problem, now)]}


def is_ready(item: Object | None) -> bool:
    conditions = ((item or {}).get("status") or {}).get("conditions") or []
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _ready(item: Object, reason: str, message: str, ready: bool, now: datetime) -> Object:
    """The condition Ready; its time is the last one's while its status stays the same."""
    status = "True" if ready else "False"
    before = ((item.get("status") or {}).get("conditions") or [{}])[0]
    since = before.get("lastTransitionTime") if before.get("status") == status else None
    return {
        "type": "Ready",
        "status": status,
        "reason": reason,
        "message": message,
        "observedGeneration": item["metadata"].get("generation", 0),
        "lastTransitionTime": since or _text(now),
    }


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
