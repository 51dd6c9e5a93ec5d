"""Secrets and their values."""

from __future__ import annotations

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind, Search, Tags

KINDS = (
    Kind(
        type="aws:secretsmanager/secret:Secret",
        service="secretsmanager",
        create=Call("CreateSecret", match=True),
        id=".ARN",
        search=Search(Call("DescribeSecret", {"SecretId": "{name}"}), "[ARN]"),
        read=Call("DescribeSecret", {"SecretId": "{id}"}),
        found="!DeletedDate && @",
        modify=Call("UpdateSecret", {"SecretId": "{id}"}, match=True),
        derive={
            "forced": lambda known: True if known.get("recoveryWindowInDays") == 0 else None,
            "window": lambda known: known.get("recoveryWindowInDays") or None,
        },
        delete=Call(
            "DeleteSecret",
            {"SecretId": "{id}", "ForceDeleteWithoutRecovery": "{forced}", "RecoveryWindowInDays": "{window}"},
        ),
        name="name",
        inputs=Inputs(
            source="internal/service/secretsmanager/secret.go",
            in_place="description kmsKeyId",
            replacing="name",
            steering="recoveryWindowInDays",
            absent={"description": ""},
        ),
        outputs={"arn": "ARN", "name": "Name"},
        tags=Tags(
            create="Tags",
            set=Call("TagResource", {"SecretId": "{id}", "Tags": "{tagSet}"}),
            unset=Call("UntagResource", {"SecretId": "{id}", "TagKeys": "{tagKeys}"}),
        ),
    ),
    Kind(
        type="aws:secretsmanager/secretVersion:SecretVersion",
        service="secretsmanager",
        create=Call("PutSecretValue", {"SecretId": "{secretId}", "SecretString": "{secretString}"}),
        id=".join('|', [ARN, VersionId])",
        upsert=True,
        read=Call("GetSecretValue", {"SecretId": "{secretId}"}),
        found="@",
        delete=None,
        observe={"secretId": "", "secretString": "SecretString"},
        inputs=Inputs(source="internal/service/secretsmanager/secret_version.go", replacing="secretId secretString"),
        outputs={"arn": "ARN", "versionId": "VersionId", "secretString": "SecretString"},
    ),
)
