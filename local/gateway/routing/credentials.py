"""The credentials that verify tokens, from KongConsumers and the Secrets that they name.

As Kong's ingress controller reads them: https://developer.konghq.com/kubernetes-ingress-controller/reference/crds/
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from contracts.gateway import CREDENTIAL_LABEL, INGRESS_CLASS, INGRESS_CLASS_ANNOTATION, JWT_CREDENTIAL
from contracts.tokens import KEY_ID
from local.gateway.objects import KongConsumer, NamespacedName, Secret

MIN_RSA_BITS = 2048
"""RFC 7518, section 3.3. Kong takes shorter keys; none of ours is one."""


@dataclass(frozen=True, order=True)
class Credential:
    """Verifies tokens whose `kid` is `key`. It determines the algorithm, never the token."""

    key: str
    algorithm: str
    pem: bytes


@dataclass(frozen=True)
class Credentials:
    """What verifies tokens, and by KongConsumer of our class what is wrong with it: nothing where that is empty."""

    usable: tuple[Credential, ...]
    problems: Mapping[NamespacedName, tuple[str, ...]]


class _Unusable(ValueError):
    """Kong's ingress controller or Kong would refuse it; the text says why and never quotes the Secret."""


def collect(consumers: Iterable[KongConsumer], secrets: Mapping[NamespacedName, Secret]) -> Credentials:
    """A key belongs to the first consumer, by namespace and name, that has it: Kong has each but once."""
    found: dict[str, Credential] = {}
    problems: dict[NamespacedName, tuple[str, ...]] = {}
    usernames: set[str] = set()
    for consumer in sorted(consumers, key=lambda one: one.key):
        if consumer.metadata.annotations.get(INGRESS_CLASS_ANNOTATION) != INGRESS_CLASS:
            continue
        wrong: list[str] = []
        if consumer.username in usernames:
            wrong.append(f"another KongConsumer has the username {consumer.username}")
        usernames.add(consumer.username)
        for name in consumer.credentials if not wrong else ():
            try:
                credential = _credential(secrets.get((consumer.key[0], name)))
                if credential.key in found:
                    raise _Unusable("another credential has the same key")
                found[credential.key] = credential
            except _Unusable as error:
                wrong.append(f'credential "{name}" failure: {error}')
        problems[consumer.key] = tuple(wrong)
    return Credentials(tuple(sorted(found.values())), problems)


def _credential(secret: Secret | None) -> Credential:
    if secret is None:
        raise _Unusable("the Secret does not exist")
    kind = secret.metadata.labels.get(CREDENTIAL_LABEL, "")
    if kind != JWT_CREDENTIAL:
        raise _Unusable(f"the Secret needs the label {CREDENTIAL_LABEL}: {JWT_CREDENTIAL}, it has {kind or 'none'}")
    key, algorithm, pem = (_field(secret, name) for name in ("key", "algorithm", "rsa_public_key"))
    if re.search(KEY_ID, key) is None:
        raise _Unusable("key is no key id that a token can name")
    try:
        public = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _Unusable("rsa_public_key is not the PEM of a public key") from error
    match public:
        case ec.EllipticCurvePublicKey() if isinstance(public.curve, ec.SECP256R1):
            fitting = "ES256"
        case rsa.RSAPublicKey() if public.key_size >= MIN_RSA_BITS:
            fitting = "RS256"
        case _:
            raise _Unusable(f"rsa_public_key must be of P-256 or of RSA with {MIN_RSA_BITS} bits and more")
    if algorithm != fitting:
        raise _Unusable(f"algorithm must be {fitting} for this rsa_public_key")
    return Credential(key, algorithm, pem.encode())


def _field(secret: Secret, name: str) -> str:
    try:
        text = base64.b64decode(secret.data[name], validate=True).decode()
    except (KeyError, binascii.Error, UnicodeDecodeError):
        text = ""
    if not text:
        raise _Unusable(f"the field {name} is missing or has no text")
    return text
