"""Encryption and authentication of Kafka clusters, whose inputs are flatter in Pulumi than at AWS."""

from __future__ import annotations

from typing import Any

from local.plugins.provider.values import Values

_TRANSIT = {"clientBroker": "ClientBroker", "inCluster": "InCluster"}
_CERTIFICATES = "certificateAuthorityArns"


def encryption(given: Values) -> Values:
    """The key's ARN is an input of its own."""
    api: Values = {}
    if "encryptionAtRestKmsKeyArn" in given:
        api["EncryptionAtRest"] = {"DataVolumeKMSKeyId": given["encryptionAtRestKmsKeyArn"]}
    if "encryptionInTransit" in given:
        api["EncryptionInTransit"] = {_TRANSIT[key]: value for key, value in given["encryptionInTransit"].items()}
    return api


def encryption_input(api: Values) -> Values:
    lower = {key[0].lower() + key[1:]: value for key, value in api.get("EncryptionInTransit", {}).items()}
    return {
        "encryptionAtRestKmsKeyArn": api.get("EncryptionAtRest", {}).get("DataVolumeKMSKeyId"),
        "encryptionInTransit": lower,
    }


def in_transit(inputs: Values) -> str:
    """How clients may speak to the brokers."""
    return ((inputs.get("encryptionInfo") or {}).get("encryptionInTransit") or {}).get("clientBroker", "TLS")


def authentication(given: Values) -> Values:
    """Every way is a switch: true and false here, a structure with `Enabled` at AWS."""
    api: Values = {}
    if "sasl" in given:
        api["Sasl"] = {way.capitalize(): {"Enabled": on} for way, on in given["sasl"].items()}
    if "tls" in given:
        arns = given["tls"].get(_CERTIFICATES) or []
        api["Tls"] = {"CertificateAuthorityArnList": arns, "Enabled": bool(arns)}
    if "unauthenticated" in given:
        api["Unauthenticated"] = {"Enabled": given["unauthenticated"]}
    return api


def authentication_input(api: Values) -> Values:
    found: dict[str, Any] = {}
    if "Sasl" in api:
        found["sasl"] = {way.lower(): value.get("Enabled", False) for way, value in api["Sasl"].items()}
    if "Tls" in api:
        found["tls"] = {_CERTIFICATES: api["Tls"].get("CertificateAuthorityArnList", [])}
    if "Unauthenticated" in api:
        found["unauthenticated"] = api["Unauthenticated"].get("Enabled", False)
    return found
