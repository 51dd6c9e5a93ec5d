"""CloudWatch log groups, and who else may write to them."""

from __future__ import annotations

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind, SeparateCall, Tags
from local.plugins.provider.values import Values


def _retention(old: Values, known: Values) -> list[Call]:
    """0 days: for ever."""
    if not known["retentionInDays"]:
        return [Call("DeleteRetentionPolicy", {"logGroupName": "{id}"})]
    return [Call("PutRetentionPolicy", {"logGroupName": "{id}", "retentionInDays": "{retentionInDays}"})]


def _key(old: Values, known: Values) -> list[Call]:
    if not known["kmsKeyId"]:
        return [Call("DisassociateKmsKey", {"logGroupName": "{id}"})]
    return [Call("AssociateKmsKey", {"logGroupName": "{id}", "kmsKeyId": "{kmsKeyId}"})]


KINDS = (
    Kind(
        type="aws:cloudwatch/logGroup:LogGroup",
        service="logs",
        create=Call("CreateLogGroup", {"logGroupName": "{name}", "kmsKeyId": "{kmsKeyId}"}),
        id="{name}",
        read=Call("DescribeLogGroups", {"logGroupNamePrefix": "{id}"}),
        found="logGroups[?logGroupName == '{id}'] | [0]",
        delete=Call("DeleteLogGroup", {"logGroupName": "{id}"}),
        name="name",
        rename={"name": "logGroupName"},
        separate=(
            SeparateCall(("retentionInDays",), _retention, path="retentionInDays", unless=0),
            SeparateCall(("kmsKeyId",), _key, path="kmsKeyId", created=True),
        ),
        inputs=Inputs(
            source="internal/service/logs/group.go",
            in_place="kmsKeyId retentionInDays",
            replacing="name",
            absent={"kmsKeyId": "", "retentionInDays": 0},
        ),
        outputs={"arn": "logGroupArn"},  # without the asterisk for its streams that `arn` ends with
        tags=Tags(
            create="tags",
            form="map",
            set=Call("TagLogGroup", {"logGroupName": "{id}", "tags": "{tagSet}"}),
            unset=Call("UntagLogGroup", {"logGroupName": "{id}", "tags": "{tagKeys}"}),
            path="tags",
            lookup=Call("ListTagsLogGroup", {"logGroupName": "{id}"}),
        ),
    ),
    Kind(
        type="aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
        service="logs",
        inputs=Inputs(
            source="internal/service/logs/resource_policy.go", in_place="policyDocument", replacing="policyName"
        ),
        create=Call("PutResourcePolicy", {"policyName": "{policyName}", "policyDocument": "{policyDocument}"}),
        upsert=True,
        id="{policyName}",
        read=Call("DescribeResourcePolicies"),
        found="resourcePolicies[?policyName == '{id}'] | [0]",
        delete=Call("DeleteResourcePolicy", {"policyName": "{id}"}),
        modify=Call("PutResourcePolicy", {"policyName": "{id}", "policyDocument": "{policyDocument}"}),
        documents=frozenset({"policyDocument"}),
        name="policyName",
    ),
)
