"""Which objects of a bucket S3 copies into another one."""

from __future__ import annotations

from typing import Any

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind
from local.plugins.provider.values import Values


def _rules(known: Values) -> Any:
    """AWS's own form; Pulumi's differs in two names."""
    rules = known.get("rules")
    return [_rule(rule) for rule in rules] if isinstance(rules, list) else None


def _rule(rule: Values) -> Values:
    same = {key: value for key, value in rule.items() if key not in ("id", "destination")}
    return {"ID": rule.get("id"), **same, "destination": _destination(rule["destination"])}


def _destination(given: Values) -> Values:
    same = {key: value for key, value in given.items() if key != "encryptionConfiguration"}
    key = (given.get("encryptionConfiguration") or {}).get("replicaKmsKeyId")
    return {**same, "EncryptionConfiguration": {"ReplicaKmsKeyID": key}} if key else same


_PUT = Call(
    "PutBucketReplication",
    {"Bucket": "{bucket}", "ReplicationConfiguration": {"Role": "{role}", "Rules": "{apiRules}"}},
)

KINDS = (
    Kind(
        type="aws:s3/bucketReplicationConfig:BucketReplicationConfig",
        service="s3",
        create=_PUT,
        modify=_PUT,
        id="{bucket}",
        upsert=True,
        derive={"apiRules": _rules},
        derived_from=frozenset({"rules"}),
        read=Call("GetBucketReplication", {"Bucket": "{bucket}"}),
        found="ReplicationConfiguration",
        delete=Call("DeleteBucketReplication", {"Bucket": "{bucket}"}),
        observe={"bucket": "", "role": "Role", "rules": ""},
        write_only=frozenset({"rules"}),
        inputs=Inputs(
            source="internal/service/s3/bucket_replication_configuration.go",
            in_place="role rules",
            replacing="bucket",
            steering="token",
        ),
    ),
)
