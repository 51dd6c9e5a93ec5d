"""Domains as the Describe operations return them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from local.cloud.context import ACCOUNT
from local.cloud.service.base import Output
from local.cloud.svc.opensearch.model import Domain

PORT = 9200
"""Of every domain here. AWS's have 443, which an endpoint need not name; here it is part of it."""
_CONFIGURED = (
    *("EngineVersion", "ClusterConfig", "EBSOptions", "AccessPolicies", "SnapshotOptions", "VPCOptions"),
    *("EncryptionAtRestOptions", "NodeToNodeEncryptionOptions", "AdvancedOptions", "LogPublishingOptions"),
    *("DomainEndpointOptions", "AdvancedSecurityOptions", "OffPeakWindowOptions", "SoftwareUpdateOptions"),
    *("CognitoOptions", "IPAddressType"),
)


def status(domain: Domain) -> Output:
    """DomainStatus. It names an endpoint once there is one."""
    created, deleted = domain.state != "Creating", domain.state == "Deleting"
    return {
        **domain.options,
        "DomainId": f"{ACCOUNT}/{domain.name}",
        "DomainName": domain.name,
        "ARN": domain.arn,
        "Created": created or deleted,
        "Deleted": deleted,
        "Processing": domain.state != "Active",
        "UpgradeProcessing": False,
        "Endpoints": {"vpc": f"{domain.address}:{PORT}"} if created else None,
        "AutoTuneOptions": {"State": _auto_tune(domain)},
        "DomainProcessingStatus": domain.state,
    }


def config(domain: Domain) -> Output:
    """DomainConfig: each option with what is known of its last change."""
    state = "Active" if domain.state == "Active" else "Processing"
    known = {name: domain.options[name] for name in _CONFIGURED if name in domain.options}
    found: dict[str, Any] = {
        name: {"Options": value, "Status": _of_option(domain, name, state)} for name, value in known.items()
    }
    tuning = {"DesiredState": _auto_tune(domain), "MaintenanceSchedules": []}
    found["AutoTuneOptions"] = {
        "Options": tuning,
        "Status": {**_of_option(domain, "AutoTuneOptions", state), "State": _auto_tune(domain)},
    }
    return found


def _of_option(domain: Domain, name: str, state: str) -> dict[str, Any]:
    changed: datetime = domain.updated.get(name, domain.created)
    return {
        "CreationDate": domain.created,
        "UpdateDate": changed,
        "UpdateVersion": domain.version,
        "State": state,
        "PendingDeletion": domain.state == "Deleting",
    }


def _auto_tune(domain: Domain) -> str:
    return domain.options.get("AutoTuneOptions", {}).get("DesiredState", "DISABLED")
