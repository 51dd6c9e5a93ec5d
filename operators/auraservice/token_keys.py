"""The gateway's credentials for the keys that sign access tokens: a KongConsumer with one Secret a key. Pure.

Kong's plugin `jwt` knows no JWKS: it looks for a credential whose `key` is the token's `kid`. The public keys are those
of the secrets in `tokenKeys`, from which the service publishes its JWKS too. So the gateway needs no running Pod to
know them. It has a new key as soon as the Pods are given it, and forgets one when the secret no longer has it.
https://developer.konghq.com/plugins/jwt/
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping

from contracts.auraservice import AuraServiceSpec
from contracts.gateway import CREDENTIAL_LABEL, INGRESS_CLASS, INGRESS_CLASS_ANNOTATION, JWT_CREDENTIAL
from contracts.signing_keys import ALGORITHM, load_all
from operators.kubernetes.conditions import Finding, broken, good, waiting
from operators.kubernetes.kinds import KONG_CONSUMER
from operators.kubernetes.manifest import Manifest, Owner, derived_name

TOKEN_KEYS = "TokenKeys"
_PENDING = "Pending"
"""KIC's reason for what it has not given to Kong yet; the status is False then too."""


def invalid(spec: AuraServiceSpec, secrets: Mapping[str, str]) -> Finding | None:
    """Why the current key is none; None if it is one. A previous value that is none has signed nothing."""
    try:
        _public_keys(spec, secrets)
    except ValueError as error:
        current = spec.token_keys[0]
        message = f"secret {spec.secrets[current]} of variable {current} has no key that signs tokens: {error}"
        return broken(TOKEN_KEYS, "KeyInvalid", f"{message}; the Pods and the gateway keep their keys")
    return None


def credentials(owner: Owner, spec: AuraServiceSpec, secrets: Mapping[str, str]) -> list[Manifest]:
    """The Secrets of all keys, then the KongConsumer that names them; nothing without `tokenKeys`."""
    found = [_credential(owner, kid, pem) for kid, pem in _public_keys(spec, secrets)]
    if not found:
        return []
    content = {
        "metadata": {"annotations": {INGRESS_CLASS_ANNOTATION: INGRESS_CLASS}},
        "username": owner.name,
        "credentials": sorted(one["metadata"]["name"] for one in found),
    }
    return [*found, owner.manifest(KONG_CONSUMER.api_version, KONG_CONSUMER.name, owner.name, content)]


def programmed(live: Iterable[Manifest], served: bool) -> Finding:
    """Whether the gateway has the credentials: it reports this in the KongConsumer's status."""
    if not served:
        what = f"{KONG_CONSUMER.api_version} {KONG_CONSUMER.name}"
        return broken(TOKEN_KEYS, "NoKong", f"the cluster does not serve {what}: no gateway can know the keys")
    consumer = next((one for one in live if one["kind"] == KONG_CONSUMER.name), None)
    if consumer is None:
        return waiting(TOKEN_KEYS, "ConsumerMissing", "the KongConsumer does not exist yet")
    generation = consumer["metadata"].get("generation", 0)
    for condition in consumer.get("status", {}).get("conditions", []):
        if condition["type"] != "Programmed" or condition.get("observedGeneration", 0) < generation:
            continue
        if condition["status"] == "True":
            return good(TOKEN_KEYS, "Programmed", f"the gateway has {len(consumer['credentials'])} keys")
        reason = condition.get("reason", "Refused")
        if condition["status"] == "False" and reason != _PENDING:
            message = condition.get("message", "")
            return broken(TOKEN_KEYS, reason, f"KongConsumer {consumer['metadata']['name']}: {message}")
    return waiting(TOKEN_KEYS, "NoGatewayYet", "no gateway has reported on the newest KongConsumer yet")


def _public_keys(spec: AuraServiceSpec, secrets: Mapping[str, str]) -> list[tuple[str, str]]:
    """Key id and PEM; raises ValueError if the current key is none."""
    if not spec.token_keys:
        return []
    keys = load_all(*(secrets.get(name, "") for name in spec.token_keys))
    return [(key.thumbprint(), key.as_pem(private=False).decode()) for key in keys]


def _credential(owner: Owner, kid: str, pem: str) -> Manifest:
    data = {"key": kid, "algorithm": ALGORITHM, "rsa_public_key": pem}  # of that name for an EC key too
    content = {
        "metadata": {"labels": {**owner.labels, CREDENTIAL_LABEL: JWT_CREDENTIAL}},
        "type": "Opaque",
        "data": {name: base64.b64encode(text.encode()).decode() for name, text in data.items()},
    }
    return owner.manifest("v1", "Secret", derived_name(f"{owner.name}-token-key", owner.name, kid), content)
