"""CloudWatch log groups."""

from __future__ import annotations

from local.plugins.aws.kind import Call, Kind, SeparateCall, Tags

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
            SeparateCall(
                ("retentionInDays",),
                Call("PutRetentionPolicy", {"logGroupName": "{id}", "retentionInDays": "{retentionInDays}"}),
                path="retentionInDays",
            ),
        ),
        immutable=frozenset({"name", "kmsKeyId"}),
        outputs={"arn": "arn"},
        tags=Tags(
            create="tags",
            form="map",
            set=Call("TagLogGroup", {"logGroupName": "{id}", "tags": "{tagSet}"}),
            unset=Call("UntagLogGroup", {"logGroupName": "{id}", "tags": "{tagKeys}"}),
            path="tags",
            lookup=Call("ListTagsLogGroup", {"logGroupName": "{id}"}),
        ),
    ),
)
