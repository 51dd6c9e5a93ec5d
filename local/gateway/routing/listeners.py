"""Conditions of a Gateway's listeners, and their certificates."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from contracts.gateway import TLS_PORT_NAME
from local.gateway.objects import Gateway, Listener, NamespacedName, Secret, Service
from local.gateway.routing.plan import Condition


@dataclass(frozen=True)
class GatewayListener:
    """A listener of `gateway`, with the names of the Secrets of its certificates."""

    gateway: NamespacedName
    listener: Listener
    certificates: tuple[NamespacedName, ...]


def gateway_listener(gateway: Gateway, listener: Listener) -> GatewayListener:
    return GatewayListener(gateway.key, listener, certificate_secrets(gateway, listener))


def certificate_secrets(gateway: Gateway, listener: Listener) -> tuple[NamespacedName, ...]:
    references = listener.tls.certificate_refs if listener.tls else ()
    return tuple((reference.namespace or gateway.key[0], reference.name) for reference in references)


def listener_conditions(
    gateway: Gateway, listener: Listener, secrets: Mapping[NamespacedName, Secret], proxy: Service | None
) -> tuple[Condition, Condition]:
    """Conditions Accepted and ResolvedRefs of a listener; it is usable when both are true. `proxy` is the Service in
    front of the gateway's Pods: KIC takes its ports for those that are open, not the ports of the Pods."""
    if listener.protocol != "HTTPS" or listener.tls is None or listener.tls.mode != "Terminate":
        accepted = Condition(
            "Accepted", False, "UnsupportedProtocol", "only HTTPS with TLS mode Terminate is supported"
        )
    elif listener.port not in tls_ports(proxy):
        accepted = Condition(
            "Accepted",
            False,
            "PortUnavailable",
            "no Kong listen with the requested protocol is configured for the requested port",
        )
    else:
        accepted = Condition("Accepted", True, "Accepted")
    names = certificate_secrets(gateway, listener)
    error = "" if names else "a listener needs a certificate"
    for key in names:
        if key[0] != gateway.key[0]:
            error = f"Secret {key[1]} is in another namespace, {key[0]}"
        elif key not in secrets:
            error = f"Secret {key[1]} does not exist or is not of type kubernetes.io/tls"
        elif not pem_bundle(secrets[key]):
            error = f"Secret {key[1]}: tls.key is not the private key of tls.crt, or one of them is invalid"
    if error:
        return accepted, Condition("ResolvedRefs", False, "InvalidCertificateRef", error)
    return accepted, Condition("ResolvedRefs", True, "ResolvedRefs")


def tls_ports(proxy: Service | None) -> set[int]:
    """The ports of the gateway's Service behind which its Pods speak TLS."""
    return {port.port for port in proxy.spec.ports if port.name == TLS_PORT_NAME} if proxy else set()


def pem_bundle(secret: Secret) -> bytes | None:
    """Certificate chain and key as one PEM file; None if the key is not the certificate's."""
    try:
        chain = base64.b64decode(secret.data["tls.crt"], validate=True)
        key = base64.b64decode(secret.data["tls.key"], validate=True)
        of_certificate = x509.load_pem_x509_certificate(chain).public_key()
        of_key = serialization.load_pem_private_key(key, None).public_key()
    except (KeyError, ValueError, TypeError, binascii.Error):
        return None
    encoding = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    matches = of_certificate.public_bytes(*encoding) == of_key.public_bytes(*encoding)
    return chain.rstrip() + b"\n" + key if matches else None
