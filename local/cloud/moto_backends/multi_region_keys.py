"""Multi-Region keys: replicas have the key's id and material, and one of them is the primary.

moto gives all of them one configuration, in which the one that was described last has the type of all, and ids that
are too long for its ciphertexts.
https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import copy
from typing import Any
from uuid import uuid4

from moto.kms import models
from moto.kms.exceptions import AlreadyExistsException
from moto.kms.models import Key, KmsBackend, kms_backends
from moto.kms.responses import KmsResponse

from local.cloud.context import ACCOUNT

_schedule = KmsBackend.schedule_key_deletion
_validate = KmsResponse._validate_cmk_id
_ID = re.compile("mrk-[0-9a-f]{32}")
_describe: Any = KmsBackend.describe_key


def install() -> None:
    """Replaces methods of moto's classes."""
    KmsBackend.describe_key = _described
    KmsBackend.schedule_key_deletion = _delete_after_replicas
    KmsResponse.replicate_key = _replicate
    KmsResponse._validate_cmk_id = _validated
    models.generate_key_id = _key_id  # pyright: ignore[reportPrivateImportUsage]
    KmsResponse.update_primary_region = _update_primary  # pyright: ignore[reportAttributeAccessIssue]


def _key_id(multi_region: bool = False) -> str:
    """`mrk-` and 32 hexadecimal digits."""
    return f"mrk-{uuid4().hex}" if multi_region else str(uuid4())


def _validated(self: Any, key_id: str) -> None:
    """An id of that form is checked as the ARN with it: moto takes it for no id."""
    _validate(self, f"arn:aws:kms:{self.region}:{ACCOUNT}:key/{key_id}" if _ID.fullmatch(key_id) else key_id)


def related(id: str) -> Iterator[Key]:
    """The key in every region that has it."""
    for _, backend in sorted(dict.items(kms_backends[ACCOUNT])):
        key = backend.keys.get(id)
        if key is not None:
            yield key


def primary_region(key: Key) -> str:
    return key.multi_region_configuration["PrimaryKey"]["Region"]


def _described(self: Any, key_id: str) -> Key:
    key: Key = _describe(self, key_id)
    if key.multi_region:
        first = primary_region(key)
        if key.key_state == "PendingReplicaDeletion" and not _living_replicas(key):
            key.key_state = "PendingDeletion"
        key.multi_region_configuration = {
            "MultiRegionKeyType": "PRIMARY" if key.region == first else "REPLICA",
            "PrimaryKey": {"Arn": _arn(key, first), "Region": first},
            "ReplicaKeys": [
                {"Arn": each.arn, "Region": each.region} for each in related(key.id) if each.region != first
            ],
        }
    return key


def _replicate(self: Any) -> str:
    key = self.kms_backend.describe_key(self._get_param("KeyId"))
    region = self._get_param("ReplicaRegion")
    if any(each.region == region for each in related(key.id)):
        raise AlreadyExistsException(f"{_arn(key, region)} already exists")
    replica = copy(key)
    replica.region, replica.arn = region, _arn(key, region)
    replica.description = self._get_param("Description") or ""
    replica.policy = self._get_param("Policy") or replica.generate_default_policy()
    replica.aliases, replica.grants = {}, {}
    backend = kms_backends[ACCOUNT][region]
    backend.keys[key.id] = replica
    tags = self._get_param("Tags")
    if tags:
        backend.tagger.tag_resource(key.id, tags)
    described = backend.describe_key(key.id)
    return json.dumps(
        {
            "ReplicaKeyMetadata": described.to_dict()["KeyMetadata"],
            "ReplicaPolicy": described.policy,
            "ReplicaTags": tags or [],
        }
    )


def _update_primary(self: Any) -> str:
    key = self.kms_backend.describe_key(self._get_param("KeyId"))
    region = self._get_param("PrimaryRegion")
    for each in list(related(key.id)):
        each.multi_region_configuration = {
            **each.multi_region_configuration,
            "PrimaryKey": {"Arn": _arn(key, region), "Region": region},
        }
    return ""


def _delete_after_replicas(self: Any, key_id: str, pending_window_in_days: int) -> Any:
    """A primary is deleted after its last replica: until then its waiting period does not begin."""
    key = self.describe_key(key_id)
    date = _schedule(self, key.id, pending_window_in_days)
    if key.multi_region and key.region == primary_region(key) and _living_replicas(key):
        key.key_state = "PendingReplicaDeletion"
    return date


def _living_replicas(key: Key) -> list[Key]:
    return [each for each in related(key.id) if each.region != key.region and each.key_state != "PendingDeletion"]


def _arn(key: Key, region: str) -> str:
    return key.arn.replace(f":{key.region}:", f":{region}:")
