"""Domains of OpenSearch Service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.plugins.aws.inputs import Effect, Inputs
from local.plugins.aws.kind import Call, Convert, Kind, Tags, Waiter
from local.plugins.provider.values import Values


def _logs(options: list[Mapping[str, Any]]) -> dict[str, Any]:
    """By type of log, as AWS has them; `enabled` is true unless it is said."""
    return {
        one["logType"]: {
            "CloudWatchLogsLogGroupArn": one["cloudwatchLogGroupArn"],
            "Enabled": one.get("enabled", True),
        }
        for one in options
    }


def _logs_input(api: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "logType": type,
            "cloudwatchLogGroupArn": one["CloudWatchLogsLogGroupArn"],
            "enabled": one.get("Enabled", True),
        }
        for type, one in sorted(api.items())
    ]


def _switched_off(name: str) -> Any:
    """AWS can switch it on, and never off."""

    def effect(old: Values, new: Values) -> Effect:
        was, stays = ((values.get(name) or {}).get("enabled") for values in (old, new))
        return Effect.REPLACING if was and not stays else Effect.IN_PLACE

    return effect


KINDS = (
    Kind(
        type="aws:opensearch/domain:Domain",
        service="opensearch",
        inputs=Inputs(
            source="internal/service/opensearch/domain.go",
            in_place="accessPolicies advancedOptions advancedSecurityOptions autoTuneOptions clusterConfig "
            "cognitoOptions domainEndpointOptions ebsOptions encryptAtRest.enabled ipAddressType logPublishingOptions "
            "nodeToNodeEncryption offPeakWindowOptions snapshotOptions softwareUpdateOptions "
            "vpcOptions.securityGroupIds vpcOptions.subnetIds",
            replacing="domainName encryptAtRest.kmsKeyId",
            refused={"engineVersion": "one version is here"},
            depending={
                "advancedSecurityOptions": _switched_off("advancedSecurityOptions"),
                "encryptAtRest.enabled": _switched_off("encryptAtRest"),
                "nodeToNodeEncryption": _switched_off("nodeToNodeEncryption"),
            },
            sets="logPublishingOptions vpcOptions.securityGroupIds vpcOptions.subnetIds",
        ),
        create=Call("CreateDomain", match=True),
        id="{domainName}",
        read=Call("DescribeDomain", {"DomainName": "{id}"}),
        found="DomainStatus",
        delete=Call("DeleteDomain", {"DomainName": "{id}"}),
        modify=Call("UpdateDomainConfig", {"DomainName": "{id}"}, match=True),
        name="domainName",
        rename={
            "nodeToNodeEncryption": "NodeToNodeEncryptionOptions",
            "encryptAtRest": "EncryptionAtRestOptions",
        },
        convert={"logPublishingOptions": Convert(_logs, _logs_input)},
        documents=frozenset({"accessPolicies"}),
        outputs={"arn": "ARN", "domainId": "DomainId", "endpoint": "Endpoints.vpc || Endpoint"},
        ready=Waiter("DomainProcessingStatus", frozenset({"Active"})),
        tags=Tags(
            create="TagList",
            set=Call("AddTags", {"ARN": "{arn}", "TagList": "{tagSet}"}),
            unset=Call("RemoveTags", {"ARN": "{arn}", "TagKeys": "{tagKeys}"}),
            path="TagList",
            lookup=Call("ListTags", {"ARN": "{arn}"}),
        ),
    ),
)
