"""AWS's own IAM policies: known by name like on AWS, kept in the state only once somebody uses one.

moto can hold all 1,500 of them, but then every snapshot of the state carries their 4 MB.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend, ManagedPolicy

_PREFIX = "arn:aws:iam::aws:policy/"
_attach = IAMBackend.attach_role_policy
_get = IAMBackend.get_policy


def install() -> None:
    """Make the IAM backends know them."""
    IAMBackend.attach_role_policy = _attach_role_policy
    IAMBackend.get_policy = _get_policy


def _attach_role_policy(self: IAMBackend, policy_arn: str, role_name: str) -> None:
    _ensure(self, policy_arn)
    _attach(self, policy_arn, role_name)


def _get_policy(self: IAMBackend, policy_arn: str) -> ManagedPolicy:
    _ensure(self, policy_arn)
    return _get(self, policy_arn)


def _ensure(backend: IAMBackend, arn: str) -> None:
    if not arn.startswith(_PREFIX) or arn in backend.managed_policies:
        return
    for name, data in _all().items():
        if arn.endswith(f"/{name}"):
            policy = AWSManagedPolicy.from_data(name, backend.account_id, backend.region_name, data)
            if policy.arn == arn:
                backend.managed_policies[arn] = policy


@functools.cache
def _all() -> dict[str, Any]:
    return json.loads(aws_managed_policies_data)
