"""KMS: every operation on a key takes its ARN too, a key of a stack needs no policy, and its deletion is described."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.kms.models import Key, KmsBackend
from moto.kms.responses import KmsResponse

_BY_ID = (
    *("disable_key", "enable_key", "cancel_key_deletion", "schedule_key_deletion", "replicate_key"),
    *("list_aliases", "list_grants", "revoke_grant", "retire_grant", "rotate_key_on_demand"),
)

_schedule = KmsResponse.schedule_key_deletion
_of_stack = Key.create_from_cloudformation_json


def install() -> None:
    """Replaces methods of moto's classes, so that pickles keep referring to those classes."""
    setattr(Key, "create_from_cloudformation_json", staticmethod(_made_by_stack))  # noqa: B010  (a class method)
    for name in _BY_ID:
        setattr(KmsBackend, name, _by_any_name(getattr(KmsBackend, name)))
    KmsResponse.schedule_key_deletion = _scheduled


def _by_any_name(method: Callable[..., Any]) -> Callable[..., Any]:
    def called(self: Any, key_id: str | None = None, *arguments: Any, **named: Any) -> Any:
        return method(self, self.get_key_id(key_id) if key_id else key_id, *arguments, **named)

    return called


def _scheduled(self: Any) -> str:
    """With the key's ARN, its new state and the days. A primary that waits for its replicas has no date yet.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
    """
    answer = json.loads(_schedule(self))
    key = self.kms_backend.describe_key(self._get_param("KeyId"))
    if key.key_state != "PendingDeletion":
        del answer["DeletionDate"]
    days = self._get_param("PendingWindowInDays", 30)
    return json.dumps({**answer, "KeyId": key.arn, "KeyState": key.key_state, "PendingWindowInDays": days})


def _made_by_stack(resource_name: str, cloudformation_json: Any, *arguments: Any, **named: Any) -> Key:
    """Without a policy a key gets the one that gives the account access, as in CreateKey. moto keeps it as text."""
    properties = cloudformation_json.get("Properties") or {}
    policy = properties.get("KeyPolicy")
    text = json.dumps(policy) if isinstance(policy, dict) else policy
    key = _of_stack(resource_name, {"Properties": {**properties, "KeyPolicy": text}}, *arguments, **named)
    key.key_state = "Enabled" if key.enabled else "Disabled"
    return key
