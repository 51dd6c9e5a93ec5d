"""AWS managed policies: loaded into moto's IAM one by one, when a request names them.

With all 1,400 of them every snapshot of the state would carry their 4 MB.
"""

from __future__ import annotations

import json
import re
from urllib.parse import unquote_plus

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, iam_backends

from local.cloud.context import ACCOUNT

_ARN = re.compile(r"arn:aws:iam::aws:policy/[\w+=,.@/-]+")


def load_managed_policies(parameters: str) -> None:
    """Loads the AWS managed policies that a request names in its form or query; call it under the lock.

    IAM calls that moto makes itself, such as those of CloudFormation, do not load one.
    """
    iam = iam_backends[ACCOUNT]["aws"]
    missing = set(_ARN.findall(unquote_plus(parameters))) - iam.managed_policies.keys()
    if not missing:
        return
    known = json.loads(aws_managed_policies_data)
    for name, data in known.items():
        policy = AWSManagedPolicy.from_data(name, ACCOUNT, "us-east-1", data)
        if policy.arn in missing:
            iam.managed_policies[policy.arn] = policy
