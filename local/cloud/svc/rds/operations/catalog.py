"""What RDS offers, what has happened, and lists of what this cloud does not have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.rds import version
from local.cloud.svc.rds.classes import CLASSES
from local.cloud.svc.rds.filters import filtered
from local.cloud.svc.rds.model import Event, RdsState
from local.site import REGIONS

_SOURCES = (
    "db-instance",
    "db-parameter-group",
    "db-security-group",
    "db-snapshot",
    "db-cluster",
    "db-cluster-snapshot",
    "custom-engine-version",
    "db-proxy",
    "blue-green-deployment",
    "db-shard-group",
    "zero-etl",
)
_FILTERS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "db-parameter-group-family": lambda v: [v["DBParameterGroupFamily"]],
    "engine": lambda v: [v["Engine"]],
    "engine-mode": lambda v: ["provisioned"],
    "engine-version": lambda v: [v["EngineVersion"]],
    "status": lambda v: [v["Status"]],
}
"""Of DescribeDBEngineVersions."""
_MOST_MINUTES = 20160
"""14 days, for which RDS keeps events."""


class CatalogOperations(Service[RdsState]):
    def describe_db_engine_versions(self, state: RdsState, inputs: Inputs) -> Output:
        family = inputs.get("DBParameterGroupFamily", version.family())
        here = (
            inputs.get("Engine", "postgres") == "postgres"
            and family == version.family()
            and version.resolve(inputs.get("EngineVersion"))
        )
        known = {
            "Engine": "postgres",
            "EngineVersion": here,
            "MajorEngineVersion": version.installed().split(".")[0],
            "DBParameterGroupFamily": version.family(),
            "DBEngineDescription": "PostgreSQL",
            "DBEngineVersionDescription": f"PostgreSQL {here}",
            "ValidUpgradeTarget": [],
            "ExportableLogTypes": ["postgresql", "upgrade", "iam-db-auth-error"],
            "SupportsLogExportsToCloudwatchLogs": True,
            "SupportsReadReplica": True,
            "SupportedFeatureNames": [],
            "Status": "available",
        }
        return {"DBEngineVersions": filtered([known] if here else [], inputs.get("Filters", []), _FILTERS)}

    def describe_orderable_db_instance_options(self, state: RdsState, inputs: Inputs) -> Output:
        here = inputs["Engine"] == "postgres" and version.resolve(inputs.get("EngineVersion"))
        wanted = inputs.get("DBInstanceClass")
        return {
            "OrderableDBInstanceOptions": [
                {
                    "Engine": "postgres",
                    "EngineVersion": here,
                    "DBInstanceClass": name,
                    "LicenseModel": "postgresql-license",
                    "AvailabilityZones": [{"Name": f"{state.region}{zone}"} for zone in "abc"],
                    "MultiAZCapable": True,
                    "ReadReplicaCapable": True,
                    "Vpc": True,
                    "SupportsStorageEncryption": True,
                    "StorageType": "gp3",
                    "SupportsIops": True,
                    "SupportsStorageAutoscaling": True,
                    "SupportsIAMDatabaseAuthentication": False,
                    "MinStorageSize": 20,
                    "MaxStorageSize": 65536,
                    "SupportedNetworkTypes": ["IPV4"],
                }
                for name in sorted(CLASSES)
                if here and wanted in (None, name)
            ]
        }

    def describe_events(self, state: RdsState, inputs: Inputs) -> Output:
        type, source = inputs.get("SourceType"), inputs.get("SourceIdentifier")
        if source is not None and type is None:
            raise AwsError("InvalidParameterCombination", "SourceIdentifier needs a SourceType.")
        if type is not None and type not in _SOURCES:
            raise AwsError("InvalidParameterValue", f"Invalid SourceType {type}: {', '.join(_SOURCES)} are valid.")
        start, end = _period(inputs, datetime.now(UTC))
        categories = set(inputs.get("EventCategories", []))
        return {
            "Events": [
                _event(event)
                for event in state.events
                if start <= event.at <= end
                and type in (None, event.source_type)
                and (source is None or source.lower() == event.source)
                and (not categories or categories & set(event.categories))
            ]
        }

    def describe_certificates(self, state: RdsState, inputs: Inputs) -> Output:
        """The authority's, under the name of RDS's default one."""
        wanted = inputs.get("CertificateIdentifier", "rds-ca-rsa2048-g1")
        if wanted != "rds-ca-rsa2048-g1":
            raise AwsError("CertificateNotFound", f"Certificate {wanted} not found.")
        certificate = x509.load_pem_x509_certificate(self.context.authority.certificate.read_bytes())
        found = {
            "CertificateIdentifier": wanted,
            "CertificateType": "CA",
            "Thumbprint": certificate.fingerprint(hashes.SHA1()).hex(),
            "ValidFrom": certificate.not_valid_before_utc,
            "ValidTill": certificate.not_valid_after_utc,
            "CertificateArn": f"arn:aws:rds:{state.region}::cert:{wanted}",
            "CustomerOverride": False,
        }
        return {"Certificates": [found], "DefaultCertificateForNewLaunches": wanted}

    def describe_source_regions(self, state: RdsState, inputs: Inputs) -> Output:
        others = [region for region in REGIONS if region != state.region]
        wanted = inputs.get("RegionName")
        listed = [
            {"RegionName": region, "Status": "available", "Endpoint": f"https://rds.{region}.amazonaws.com"}
            for region in others
            if wanted in (None, region)
        ]
        return {"SourceRegions": listed}


def _period(inputs: Inputs, now: datetime) -> tuple[datetime, datetime]:
    minutes = inputs.get("Duration", 60)
    if not 1 <= minutes <= _MOST_MINUTES:
        raise AwsError("InvalidParameterValue", f"Duration is {minutes}; 1 to {_MOST_MINUTES} minutes are valid.")
    start, end = inputs.get("StartTime"), inputs.get("EndTime")
    length = timedelta(minutes=minutes)
    end = end or (start + length if start and "Duration" in inputs else now)
    start = start or end - length
    if end < start:
        raise AwsError("InvalidParameterCombination", "EndTime is before StartTime.")
    if start < now - timedelta(minutes=_MOST_MINUTES, hours=1):
        raise AwsError("InvalidParameterValue", "StartTime is more than 14 days ago; older events are not kept.")
    return start, end


def _event(event: Event) -> Output:
    return {
        "SourceIdentifier": event.source,
        "SourceType": event.source_type,
        "SourceArn": event.arn,
        "Message": event.message,
        "EventCategories": list(event.categories),
        "Date": event.at,
    }
