"""Health checks, whose verdict decides which of several records answers."""

from __future__ import annotations

import uuid

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind, Search, Tags

_NAMES = {
    "FullyQualifiedDomainName": "fqdn",
    "Port": "port",
    "ResourcePath": "resourcePath",
    "EnableSNI": "enableSni",
    "FailureThreshold": "failureThreshold",
    "Inverted": "invertHealthcheck",
    "Disabled": "disabled",
}
_CHANGEABLE = {member: f"{{{name}}}" for member, name in _NAMES.items()}
_CONFIG = {
    **_CHANGEABLE,
    "Type": "{type}",
    "RequestInterval": "{requestInterval}",
    "MeasureLatency": "{measureLatency}",
}

KINDS = (
    Kind(
        type="aws:route53/healthCheck:HealthCheck",
        service="route53",
        create=Call("CreateHealthCheck", {"CallerReference": "{callerReference}", "HealthCheckConfig": _CONFIG}),
        id=".HealthCheck.Id",
        derive={"callerReference": lambda known: str(uuid.uuid4())},
        search=Search(
            Call("ListHealthChecks"),
            "HealthChecks[?HealthCheckConfig.FullyQualifiedDomainName == '{fqdn}'].Id",
            by_tags=True,
        ),
        read=Call("GetHealthCheck", {"HealthCheckId": "{id}"}),
        found="HealthCheck",
        modify=Call("UpdateHealthCheck", {"HealthCheckId": "{id}", **_CHANGEABLE}),
        delete=Call("DeleteHealthCheck", {"HealthCheckId": "{id}"}),
        observe={
            **{name: f"HealthCheckConfig.{member}" for member, name in _NAMES.items()},
            "type": "HealthCheckConfig.Type",
            "requestInterval": "HealthCheckConfig.RequestInterval",
            "measureLatency": "HealthCheckConfig.MeasureLatency",
        },
        inputs=Inputs(
            source="internal/service/route53/health_check.go",
            in_place="disabled enableSni failureThreshold fqdn invertHealthcheck port resourcePath",
            replacing="measureLatency requestInterval type",
            absent={"disabled": False, "invertHealthcheck": False, "measureLatency": False},
        ),
        outputs={"arn": "'arn:aws:route53:::healthcheck/{id}'"},
        tags=Tags(
            create="",
            set=Call(
                "ChangeTagsForResource", {"ResourceType": "healthcheck", "ResourceId": "{id}", "AddTags": "{tagSet}"}
            ),
            unset=Call(
                "ChangeTagsForResource",
                {"ResourceType": "healthcheck", "ResourceId": "{id}", "RemoveTagKeys": "{tagKeys}"},
            ),
            path="ResourceTagSet.Tags",
            lookup=Call("ListTagsForResource", {"ResourceType": "healthcheck", "ResourceId": "{id}"}),
        ),
    ),
)
