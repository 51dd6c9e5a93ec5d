"""KMS: every operation on a key takes its ARN too, and a key of a stack needs no policy."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.kms.models import Key, KmsBackend

_BY_ID = (
    *("disable_key", "enable_key", "cancel_key_deletion", "schedule_key_deletion", "replicate_key"),
    *("list_aliases", "list_grants", "revoke_grant", "retire_grant", "rotate_key_on_demand"),
)

_of_stack = Key.create_from_cloudformation_json


def install() -> None:
    """Replaces methods of moto's classes, so that pickles keep referring to those classes."""
    setattr(Key, "create_from_cloudformation_json", staticmethod(_made_by_stack))  # noqa: B010  (a class method)
    for name in _BY_ID:
        setattr(KmsBackend, name, _by_any_name(getattr(KmsBackend, name)))


def _by_any_name(method: Callable[..., Any]) -> Callable[..., Any]:
    def called(self: Any, key_id: str | None = None, *arguments: Any, **named: Any) -> Any:
        return method(self, self.get_key_id(key_id) if key_id else key_id, *arguments, **named)

    return called


def _made_by_stack(resource_name: str, cloudformation_json: Any, *arguments: Any, **named: Any) -> Key:
    """Without a policy a key gets the one that gives the account access, as in CreateKey. moto keeps it as text."""
    properties = cloudformation_json.get("Properties") or {}
    policy = properties.get("KeyPolicy")
    text = json.dumps(policy) if isinstance(policy, dict) else policy
    key = _of_stack(resource_name, {"Properties": {**properties, "KeyPolicy": text}}, *arguments, **named)
    key.key_state = "Enabled" if key.enabled else "Disabled"
    return key
