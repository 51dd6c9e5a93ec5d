"""AWS managed policies: loaded into moto's IAM one by one, when a request names them; a list has all of them.

With all 1,400 of them every snapshot of the state would carry their 4 MB.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import unquote_plus

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import SERVICE_NAME_CONVERSION, AWSManagedPolicy, IAMBackend, iam_backends

from local.cloud.context import ACCOUNT

_ARN = re.compile(r"arn:aws:iam::aws:policy/[\w+=,.@/-]+")


def install() -> None:
    """Replaces a method of moto's class, so that pickles keep referring to that class, and adds a name to its table."""
    SERVICE_NAME_CONVERSION["opensearchservice"] = "AmazonOpenSearchService"
    IAMBackend.list_policies = _listed


def load_managed_policies(parameters: str) -> None:
    """Loads the AWS managed policies that a request names in its form or query; call it under the lock.

    IAM calls that moto makes itself, such as those of CloudFormation, do not load one.
    """
    iam = iam_backends[ACCOUNT]["aws"]
    missing = set(_ARN.findall(unquote_plus(parameters))) - iam.managed_policies.keys()
    if not missing:
        return
    for policy in _made():
        if policy.arn in missing:
            iam.managed_policies[policy.arn] = policy


def is_managed_by_aws(arn: str) -> bool:
    """Whether an AWS managed policy has this ARN, loaded or not."""
    return any(policy.arn == arn for policy in _managed())


def _listed(
    self: Any, marker: str | None, max_items: int, only_attached: bool, path_prefix: str, scope: str
) -> tuple[Any, str | None]:
    known = {} if scope == "Local" else {policy.arn: policy for policy in _managed()}
    known |= {
        arn: policy
        for arn, policy in self.managed_policies.items()
        if scope == "All" or isinstance(policy, AWSManagedPolicy) == (scope == "AWS")
    }
    policies = [policy for policy in known.values() if policy.attachment_count or not only_attached]
    return self._filter_attached_policies(policies, marker, max_items, path_prefix)


@cache
def _managed() -> tuple[AWSManagedPolicy, ...]:
    """All of them as no request has used them: they are never changed."""
    return tuple(_made())


def _made() -> Iterator[AWSManagedPolicy]:
    """New ones, each with the same id every time."""
    for name, data in json.loads(aws_managed_policies_data).items():
        policy = AWSManagedPolicy.from_data(name, ACCOUNT, "us-east-1", data)
        policy.id = "ANPA" + base64.b32encode(hashlib.sha256(policy.arn.encode()).digest()).decode()[:17]
        yield policy
