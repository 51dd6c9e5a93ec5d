"""RDS read replicas: created by the operation for replicas, promoted in place, and never made of a primary."""

from __future__ import annotations

import botocore.session
import pytest

from local.plugins.aws.change import calls
from local.plugins.aws.inputs import Effect
from local.plugins.aws.kinds import find
from local.plugins.aws.mapping.changes import changes
from local.plugins.aws.mapping.requests import parameters
from local.plugins.aws.mapping.responses import observed
from local.plugins.provider.values import Values

RDS = botocore.session.get_session().get_service_model("rds")
SOURCE, OTHER = (f"arn:aws:rds:us-west-2:123456789012:db:{name}" for name in ("a", "b"))
PLAIN: Values = {
    "identifier": "a",
    "engine": "postgres",
    "instanceClass": "db.t4g.micro",
    "allocatedStorage": 20,
    "backupRetentionPeriod": 7,
    "parameterGroupName": "p",
    "storageEncrypted": True,
    "kmsKeyId": "k",
    "skipFinalSnapshot": True,
}
REPLICA = {**PLAIN, "replicateSourceDb": SOURCE}
found = find("aws:rds/instance:Instance")
assert found is not None
KIND = found


def params(index: int, inputs: Values) -> tuple[str, Values]:
    first, rest = KIND.creation(inputs)
    call = (first, *rest)[index]
    known = {"id": "a", **inputs}
    return call.operation, parameters(KIND, call, RDS.operation_model(call.operation), known, set(inputs))


def test_a_replica_is_created_of_its_source_and_gets_afterwards_what_that_does_not_take() -> None:
    assert params(0, REPLICA) == (
        "CreateDBInstanceReadReplica",
        {
            "SourceDBInstanceIdentifier": SOURCE,
            "DBInstanceIdentifier": "a",
            "DBInstanceClass": "db.t4g.micro",
            "KmsKeyId": "k",
        },
    )
    assert params(1, REPLICA) == (
        "ModifyDBInstance",
        {
            "DBInstanceIdentifier": "a",
            "ApplyImmediately": True,
            "BackupRetentionPeriod": 7,
            "DBParameterGroupName": "p",
        },
    )
    assert params(2, REPLICA) == ("RebootDBInstance", {"DBInstanceIdentifier": "a"})


def test_a_primary_is_created_as_ever() -> None:
    operation, given = params(0, PLAIN)
    assert operation == "CreateDBInstance"
    assert given["DBParameterGroupName"] == "p" and "SourceDBInstanceIdentifier" not in given
    assert KIND.creation(PLAIN)[1] == ()


@pytest.mark.parametrize(
    ("old", "new", "effects"),
    [
        (REPLICA, PLAIN, {"replicateSourceDb": Effect.IN_PLACE}),
        (REPLICA, {**PLAIN, "replicateSourceDb": ""}, {"replicateSourceDb": Effect.IN_PLACE}),
        (PLAIN, REPLICA, {"replicateSourceDb": Effect.REFUSED}),
        (REPLICA, {**REPLICA, "replicateSourceDb": OTHER}, {"replicateSourceDb": Effect.REFUSED}),
        ({**PLAIN, "replicateSourceDb": ""}, PLAIN, {}),
    ],
)
def test_only_leaving_the_source_out_changes_a_replica(old: Values, new: Values, effects: dict[str, Effect]) -> None:
    assert changes(KIND, old, new) == effects


def test_the_promotion_comes_after_other_changes_and_keeps_the_backups() -> None:
    due = {"replicateSourceDb", "instanceClass"}
    made = [call for call, _ in calls(KIND, REPLICA, {**KIND.inputs.completed(PLAIN), "id": "a"}, due)]
    assert [call.operation for call in made] == ["ModifyDBInstance", "PromoteReadReplica"]
    promoted = parameters(KIND, made[1], RDS.operation_model("PromoteReadReplica"), {**PLAIN, "id": "a"}, set())
    assert promoted == {"DBInstanceIdentifier": "a", "BackupRetentionPeriod": 7}


def test_a_replica_that_was_promoted_by_hand_is_seen_and_not_promoted_again() -> None:
    live = observed(KIND, {"DBInstanceIdentifier": "a"}, {}, {"replicateSourceDb": SOURCE})
    assert live == {"replicateSourceDb": ""}
    assert changes(KIND, {**PLAIN, **live}, PLAIN) == {}
    following = {"ReadReplicaSourceDBInstanceIdentifier": SOURCE}
    assert observed(KIND, following, {}, {"replicateSourceDb": SOURCE}) == {"replicateSourceDb": SOURCE}
