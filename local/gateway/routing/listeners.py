"""Which listeners of a Gateway can be served, and what is wrong with the others (pure)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local.gateway.objects import Gateway, Listener, Secret
from local.gateway.routing.plan import Condition, Key


@dataclass(frozen=True)
class Open:
    """A listener that can be served, of `gateway`, with the Secrets of its certificates."""

    gateway: Key
    listener: Listener
    certificates: tuple[Key, ...]


def opened(gateway: Gateway, listener: Listener) -> Open:
    return Open(gateway.key, listener, certificates(gateway, listener))


def certificates(gateway: Gateway, listener: Listener) -> tuple[Key, ...]:
    references = listener.tls.certificate_refs if listener.tls else ()
    return tuple((reference.namespace or gateway.key[0], reference.name) for reference in references)


def judge(gateway: Gateway, listener: Listener, secrets: Mapping[Key, Secret]) -> tuple[Condition, Condition]:
    """Conditions Accepted and ResolvedRefs of a listener; it is served when both are true."""
    if listener.protocol != "HTTPS" or listener.tls is None or listener.tls.mode != "Terminate":
        accepted = Condition("Accepted", False, "UnsupportedProtocol", "only HTTPS that terminates TLS is served")
    else:
        accepted = Condition("Accepted", True, "Accepted")
    wanted = certificates(gateway, listener)
    fault = "" if wanted else "a listener needs a certificate"
    for key in wanted:
        if key[0] != gateway.key[0]:
            fault = f"Secret {key[1]} is in another namespace, {key[0]}"
        elif key not in secrets:
            fault = f"Secret {key[1]} does not exist or is not of type kubernetes.io/tls"
        elif not bundle(secrets[key]):
            fault = f"Secret {key[1]}: tls.crt and tls.key are no pair of a certificate and its key"
    if fault:
        return accepted, Condition("ResolvedRefs", False, "InvalidCertificateRef", fault)
    return accepted, Condition("ResolvedRefs", True, "ResolvedRefs")


def bundle(secret: Secret) -> bytes | None:
    """Certificate chain and key as one PEM file, or None when they don't belong together."""
    try:
        chain = base64.b64decode(secret.data["tls.crt"], validate=True)
        key = base64.b64decode(secret.data["tls.key"], validate=True)
        shown = x509.load_pem_x509_certificate(chain).public_key()
        held = serialization.load_pem_private_key(key, None).public_key()
    except (KeyError, ValueError, TypeError, binascii.Error):
        return None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return chain.rstrip() + b"\n" + key if shown.public_bytes(*form) == held.public_bytes(*form) else None
