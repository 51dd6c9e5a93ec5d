"""Records and health checks that Route 53 refuses, and those that the DNS server here cannot answer by.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html and API_ResourceRecordSet.html
"""

from __future__ import annotations

from typing import Any

from local.cloud.service.errors import AwsError, unsupported
from local.cloud.strict.request import ServiceRequest

_INTERVALS = (10, 30)
_THRESHOLDS = range(1, 11)
_ELSEWHERE = ("CLOUDWATCH_METRIC", "RECOVERY_CONTROL")
_POLICIES = ("Failover", "Weight", "Region", "MultiValueAnswer", "GeoLocation", "GeoProximityLocation")
_POLICIES += ("CidrRoutingConfig",)
_UNANSWERED = ("GeoLocation", "GeoProximityLocation", "CidrRoutingConfig")


def health_check(request: ServiceRequest) -> None:
    given = request.inputs.get("HealthCheckConfig") or {}
    if given.get("Type") in _ELSEWHERE:
        raise unsupported(f"health checks of the type {given['Type']}")
    if given.get("Type") == "CALCULATED":
        return
    if given.get("RequestInterval", 30) not in _INTERVALS:
        raise _invalid("RequestInterval must be 10 or 30 seconds.")
    if given.get("FailureThreshold", 3) not in _THRESHOLDS:
        raise _invalid("FailureThreshold must be from 1 to 10.")
    if "IPAddress" not in given and "FullyQualifiedDomainName" not in given:
        raise _invalid("A health check needs IPAddress or FullyQualifiedDomainName.")
    if given.get("Type", "").endswith("STR_MATCH") and not given.get("SearchString"):
        raise _invalid("SearchString must be given for a health check that searches for a string.")


def records(request: ServiceRequest) -> None:
    for change in (request.inputs.get("ChangeBatch") or {}).get("Changes") or ():
        record: dict[str, Any] = change.get("ResourceRecordSet") or {}
        named = [policy for policy in _POLICIES if policy in record]
        if len(named) > 1:
            raise _invalid(f"{record.get('Name')} has {' and '.join(named)}: a record has one routing policy.")
        if named and not record.get("SetIdentifier"):
            raise _invalid(f"{record.get('Name')} has {named[0]} and no SetIdentifier.")
        if named and named[0] in _UNANSWERED and change.get("Action") != "DELETE":
            raise unsupported(f"records with {named[0]}")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidInput", message, 400)
