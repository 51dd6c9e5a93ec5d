"""Encryption in transit and authentication of a cluster: rules, defaults, and the listeners that follow."""

from __future__ import annotations

from typing import Any

from local.cloud.service.base import Inputs
from local.cloud.service.errors import AwsError, unsupported
from local.engines.kafka import Listeners

_PLAINTEXT = {"ClientBroker": "PLAINTEXT", "InCluster": False}
"""Of clusters made before this record was always kept: only those without encryption were possible."""


def transit(inputs: Inputs) -> dict[str, Any]:
    """ClientBroker and InCluster of an existing cluster."""
    return {**_PLAINTEXT, **inputs.get("EncryptionInfo", {}).get("EncryptionInTransit", {})}


def default_transit(encryption: dict[str, Any]) -> dict[str, Any]:
    """EncryptionInfo of a request, completed: TLS everywhere unless the request says otherwise.

    https://docs.aws.amazon.com/msk/1.0/apireference/clusters.html#clusters-model-encryptionintransit
    """
    asked = encryption.get("EncryptionInTransit", {})
    return {**encryption, "EncryptionInTransit": {"ClientBroker": "TLS", "InCluster": True, **asked}}


def scram_enabled(inputs: Inputs) -> bool:
    return inputs.get("ClientAuthentication", {}).get("Sasl", {}).get("Scram", {}).get("Enabled", False)


def iam_enabled(inputs: Inputs) -> bool:
    """Replicators are the only clients that come with IAM here: there is no listener for others."""
    return inputs.get("ClientAuthentication", {}).get("Sasl", {}).get("Iam", {}).get("Enabled", False)


def vpc_connectivity(inputs: Inputs) -> dict[str, Any]:
    """How clients from other VPCs may come."""
    return inputs["BrokerNodeGroupInfo"].get("ConnectivityInfo", {}).get("VpcConnectivity", {})


def iam_from_other_vpcs(inputs: Inputs) -> bool:
    ways = vpc_connectivity(inputs).get("ClientAuthentication", {})
    return ways.get("Sasl", {}).get("Iam", {}).get("Enabled", False)


def unauthenticated(inputs: Inputs) -> bool:
    """Whether clients may come without a name. Unless said, they may when there is no other way."""
    methods = inputs.get("ClientAuthentication", {})
    named = scram_enabled(inputs) or iam_enabled(inputs)
    return methods.get("Unauthenticated", {}).get("Enabled", not named)


def listeners(inputs: Inputs) -> Listeners:
    encryption = transit(inputs)
    anonymous = unauthenticated(inputs)
    return Listeners(
        plaintext=anonymous and encryption["ClientBroker"] in ("PLAINTEXT", "TLS_PLAINTEXT"),
        tls=anonymous and encryption["ClientBroker"] in ("TLS", "TLS_PLAINTEXT"),
        scram=scram_enabled(inputs),
        in_cluster_tls=encryption["InCluster"],
    )


def check_security(inputs: Inputs) -> None:
    """Raises AwsError unless encryption and authentication fit each other. `inputs` have their defaults.

    https://docs.aws.amazon.com/msk/latest/developerguide/msk-update-security.html has the combinations.
    """
    methods = inputs.get("ClientAuthentication", {})
    if iam_enabled(inputs) and not scram_enabled(inputs) and not unauthenticated(inputs):
        raise unsupported("clients that come with IAM only, which are replicators here; enable SASL/SCRAM too")
    tls = methods.get("Tls", {})
    if tls.get("Enabled", bool(tls.get("CertificateAuthorityArnList"))):
        raise unsupported("mutual TLS authentication of Kafka clients; SASL/SCRAM is here")
    encryption, scram, anonymous = transit(inputs), scram_enabled(inputs), unauthenticated(inputs)
    if iam_enabled(inputs) and encryption["ClientBroker"] == "PLAINTEXT":
        raise AwsError("BadRequestException", "IAM access control needs TLS between clients and brokers.")
    if not scram and not anonymous:
        raise AwsError("BadRequestException", "At least one way of client authentication must be enabled.")
    if scram and encryption["ClientBroker"] == "PLAINTEXT":
        raise AwsError("BadRequestException", "SASL/SCRAM needs TLS between clients and brokers.")
    if scram and encryption["ClientBroker"] == "TLS_PLAINTEXT" and not anonymous:
        raise AwsError("BadRequestException", "TLS_PLAINTEXT with SASL needs unauthenticated access to be enabled.")
    if scram and not encryption["InCluster"]:
        raise AwsError("BadRequestException", "SASL/SCRAM needs encryption between brokers (InCluster).")


def check_connectivity(inputs: Inputs) -> None:
    """Raises AwsError unless clients from other VPCs can come as they are to come.

    https://docs.aws.amazon.com/msk/latest/developerguide/aws-access-mult-vpc.html
    """
    ways = vpc_connectivity(inputs).get("ClientAuthentication", {})
    sasl = ways.get("Sasl", {})
    asked = {name: sasl.get(name, {}).get("Enabled", False) for name in ("Iam", "Scram")}
    if ways.get("Tls", {}).get("Enabled"):
        raise unsupported("mutual TLS authentication of Kafka clients; SASL/SCRAM is here")
    if any(asked.values()) and unauthenticated(inputs):
        raise AwsError("BadRequestException", "Multi-VPC private connectivity needs unauthenticated access to be off.")
    for name, there in (("Iam", iam_enabled(inputs)), ("Scram", scram_enabled(inputs))):
        if asked[name] and not there:
            raise AwsError("BadRequestException", f"{name} must be enabled for the cluster's own clients first.")
