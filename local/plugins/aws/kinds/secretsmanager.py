"""Secrets with their replicas, and their values."""

from __future__ import annotations

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind, Literal, Search, SeparateCall, Tags
from local.plugins.provider.values import Values


def _replicas(old: Values, known: Values) -> list[Call]:
    """AWS has one operation for what is added and one for what is taken away; another key is both."""
    before, after = (
        {one["region"]: one.get("kmsKeyId") for one in values.get("replicas") or ()} for values in (old, known)
    )
    gone = [region for region in before if before[region] != after.get(region, ...)]
    added = [region for region in after if after[region] != before.get(region, ...)]
    calls = []
    if gone:
        calls.append(Call("RemoveRegionsFromReplication", {"SecretId": "{id}", "RemoveReplicaRegions": Literal(gone)}))
    if added:
        regions = Literal([{"Region": region, "KmsKeyId": after[region]} for region in added])
        calls.append(Call("ReplicateSecretToRegions", {"SecretId": "{id}", "AddReplicaRegions": regions}))
    return calls


KINDS = (
    Kind(
        type="aws:secretsmanager/secret:Secret",
        service="secretsmanager",
        create=Call("CreateSecret", {"AddReplicaRegions": "{replicaRegions}"}, match=True),
        id=".ARN",
        search=Search(Call("DescribeSecret", {"SecretId": "{name}"}), "[ARN]"),
        read=Call("DescribeSecret", {"SecretId": "{id}"}),
        found="!DeletedDate && @",
        modify=Call("UpdateSecret", {"SecretId": "{id}"}, match=True),
        derive={
            "forced": lambda known: True if known.get("recoveryWindowInDays") == 0 else None,
            "replicaRegions": lambda known: (
                [{"Region": one["region"], "KmsKeyId": one.get("kmsKeyId")} for one in known.get("replicas") or ()]
                or None
            ),
            "window": lambda known: known.get("recoveryWindowInDays") or None,
        },
        delete=Call(
            "DeleteSecret",
            {"SecretId": "{id}", "ForceDeleteWithoutRecovery": "{forced}", "RecoveryWindowInDays": "{window}"},
        ),
        name="name",
        inputs=Inputs(
            source="internal/service/secretsmanager/secret.go",
            in_place="description kmsKeyId replicas",
            replacing="name",
            steering="recoveryWindowInDays",
            absent={"description": ""},
        ),
        separate=(SeparateCall(("replicas",), _replicas, created=True),),
        before_delete_inputs={"replicas": []},
        derived_from=frozenset({"replicas"}),
        observe={"replicas": "ReplicationStatus[].{region: Region, kmsKeyId: KmsKeyId}"},
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
