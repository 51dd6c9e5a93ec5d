"""Which policies of buckets are public, and when S3 takes none.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html, "The meaning of public"
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Any

from local.cloud.service.errors import AwsError
from local.cloud.strict.policies import listed

_LIMITING = {
    *("aws:sourceip", "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount"),
    *("aws:userid", "aws:principalorgid", "aws:principalarn", "aws:principalaccount"),
    *("s3:dataaccesspointarn", "s3:dataaccesspointaccount", "s3:x-amz-server-side-encryption-aws-kms-key-id"),
}
"""Keys whose fixed values limit who is let in, in lower case."""
_BROADEST = {4: 8, 6: 32}
"""Lengths of the prefix of the addresses that a policy may let in without being public, by version of IP."""


def refusal(statements: Iterable[Mapping[str, Any]], bucket: str, caller: str) -> AwsError | None:
    """Why a policy is not put on a bucket that blocks public ones; None when it is."""
    if not any(map(is_public, statements)):
        return None
    why = "because public policies are blocked by the BlockPublicPolicy block public access setting."
    on = f'is not authorized to perform: s3:PutBucketPolicy on resource: "arn:aws:s3:::{bucket}"'
    return AwsError("AccessDenied", f"User: {caller} {on} {why}", 403)


def is_public(statement: Mapping[str, Any]) -> bool:
    """Whether it lets in everyone: no fixed principal, and no condition with fixed values of who or where from."""
    if statement.get("Effect") != "Allow":
        return False
    principal = statement.get("Principal", [])
    named = principal.get("AWS", []) if isinstance(principal, Mapping) else principal
    if "NotPrincipal" not in statement and "*" not in _texts(named):
        return False
    conditions = statement.get("Condition") or {}
    return not any(
        _limits(operator, key.lower(), _texts(values))
        for operator, compared in conditions.items()
        for key, values in compared.items()
    )


def _limits(operator: str, key: str, values: list[str]) -> bool:
    if key not in _LIMITING or "Not" in operator or operator.startswith("Null"):
        return False
    if key == "aws:sourceip":
        return all(map(_is_narrow, values))
    if key == "s3:dataaccesspointarn":
        return all(map(_is_of_one_account, values))
    return all(map(_is_fixed, values))


def _is_narrow(addresses: str) -> bool:
    try:
        network = ip_network(addresses, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= _BROADEST[network.version]


def _is_of_one_account(arn: str) -> bool:
    """Which of the account's access points does not matter."""
    before, account = arn.split(":", 5)[:4], arn.split(":", 5)[4:5]
    return bool(account and account[0]) and all(map(_is_fixed, (*before, *account)))


def _is_fixed(value: str) -> bool:
    return not any(mark in value for mark in ("*", "?", "${"))


def _texts(value: Any) -> list[str]:
    return list(map(str, listed(value)))
