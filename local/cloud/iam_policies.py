"""AWS's own managed policies, put into moto's IAM one by one as they are asked for.

All 1,400 of them would make every snapshot of the state several times as long.
"""

from __future__ import annotations

import json
import re
from urllib.parse import unquote_plus

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, iam_backends

from local.cloud.world import ACCOUNT

_ARN = re.compile(r"arn:aws:iam::aws:policy/[\w+=,.@/-]+")


def provide(body: str) -> None:
    """Makes sure that IAM has the policies of AWS which a request's form names; call it under the lock."""
    iam = iam_backends[ACCOUNT]["aws"]
    missing = set(_ARN.findall(unquote_plus(body))) - iam.managed_policies.keys()
    if not missing:
        return
    known = json.loads(aws_managed_policies_data)
    for name, data in known.items():
        policy = AWSManagedPolicy.from_data(name, ACCOUNT, "us-east-1", data)
        if policy.arn in missing:
            iam.managed_policies[policy.arn] = policy
