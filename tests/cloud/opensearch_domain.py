"""A domain as the program declares it."""

from __future__ import annotations

from typing import Any

from tests.fixtures.cloud import Cloud

USER, PASSWORD = "aura", "Some-Password-1"


def declaration(cloud: Cloud, name: str) -> dict[str, Any]:
    """Parameters of CreateDomain."""
    return {
        "DomainName": name,
        "EngineVersion": "OpenSearch_2.19",
        "ClusterConfig": {
            "InstanceType": "t3.small.search",
            "InstanceCount": 3,
            "ZoneAwarenessEnabled": True,
            "ZoneAwarenessConfig": {"AvailabilityZoneCount": 3},
        },
        "EBSOptions": {"EBSEnabled": True, "VolumeType": "gp3", "VolumeSize": 10},
        "VPCOptions": {"SubnetIds": cloud.subnets},
        "EncryptionAtRestOptions": {"Enabled": True, "KmsKeyId": cloud.key},
        "NodeToNodeEncryptionOptions": {"Enabled": True},
        "DomainEndpointOptions": {"EnforceHTTPS": True, "TLSSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10"},
        "AdvancedSecurityOptions": {
            "Enabled": True,
            "InternalUserDatabaseEnabled": True,
            "MasterUserOptions": {"MasterUserName": USER, "MasterUserPassword": PASSWORD},
        },
    }
