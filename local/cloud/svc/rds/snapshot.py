"""A new snapshot of an instance."""

from __future__ import annotations

import secrets
from datetime import datetime

from local.cloud.context import CloudContext
from local.cloud.service.errors import AwsError
from local.cloud.svc.rds.model import Instance, RdsState, Snapshot

_NOT_OF_SNAPSHOTS = {"Tags", "ApplyImmediately"}


def automated(state: RdsState, instance: Instance, context: CloudContext, now: datetime) -> Snapshot:
    """Named by the moment, as RDS does."""
    return _add(state, instance, context, f"rds:{instance.identifier}-{now:%Y-%m-%d-%H-%M-%S}", "automated", now, {})


def manual(
    state: RdsState, instance: Instance, context: CloudContext, identifier: str, now: datetime, tags: dict[str, str]
) -> Snapshot:
    """Raises AwsError when there is one of this name already."""
    return _add(state, instance, context, identifier.lower(), "manual", now, tags)


def copy(
    state: RdsState, original: Snapshot, context: CloudContext, identifier: str, tags: dict[str, str], key: str | None
) -> Snapshot:
    """`key` is the ARN of the key that the copy is encrypted with, None if it is not encrypted."""
    encryption = {"StorageEncrypted": key is not None, **({"KmsKeyId": key} if key else {})}
    inputs = {name: value for name, value in original.inputs.items() if name != "KmsKeyId"} | encryption
    return _register(
        state,
        Snapshot(
            state.region,
            identifier.lower(),
            _resource_id(),
            context.arn("rds", state.region, f"snapshot:{identifier.lower()}"),
            "manual",
            original.instance,
            original.instance_resource_id if state.region == original.region else "",
            original.instance_created,
            inputs,
            original.password,
            original.created,
            tags,
            copied_from=(original.region, original.resource_id),
            copied_from_arn=original.arn,
            vpc=original.vpc,
        ),
    )


def _add(
    state: RdsState,
    instance: Instance,
    context: CloudContext,
    identifier: str,
    type: str,
    now: datetime,
    tags: dict[str, str],
) -> Snapshot:
    of_instance = instance.tags if instance.inputs.get("CopyTagsToSnapshot") else {}
    group = state.subnet_groups.get(instance.inputs.get("DBSubnetGroupName", ""))
    return _register(
        state,
        Snapshot(
            state.region,
            identifier,
            _resource_id(),
            context.arn("rds", state.region, f"snapshot:{identifier}"),
            type,
            instance.identifier,
            instance.resource_id,
            instance.created,
            {name: value for name, value in instance.inputs.items() if name not in _NOT_OF_SNAPSHOTS},
            instance.password,
            now,
            of_instance | tags,
            vpc=group.vpc if group else "",
        ),
    )


def _register(state: RdsState, snapshot: Snapshot) -> Snapshot:
    if snapshot.identifier in state.snapshots:
        message = f"Cannot create the snapshot because a snapshot with the identifier {snapshot.identifier} exists."
        raise AwsError("DBSnapshotAlreadyExists", message)
    state.snapshots[snapshot.identifier] = snapshot
    return snapshot


def _resource_id() -> str:
    return "dbs-" + secrets.token_hex(13).upper()
