"""How many policies an identity has, and how long they are.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from local.cloud.service.errors import AwsError

_ATTACHED = 10
"""Managed policies, by the quota that an account begins with."""
_INLINE = {"role": 10_240, "user": 2_048, "group": 5_120}
"""Characters of all inline policies of one identity; white space does not count."""


def refusal_of_attachment(kind: str, attached: Iterable[str], arn: str) -> AwsError | None:
    """Why a policy is not attached; one that is attached already may be attached again."""
    known = set(attached)
    if arn in known or len(known) < _ATTACHED:
        return None
    return AwsError("LimitExceeded", f"Cannot exceed quota for PoliciesPer{kind.title()}: {_ATTACHED}", 409)


def refusal_of_inline(kind: str, owner: str, policies: Mapping[str, str]) -> AwsError | None:
    """Why an identity cannot have these inline policies by name, all together."""
    size = sum(len("".join(document.split())) for document in policies.values())
    if size <= _INLINE[kind]:
        return None
    return AwsError("LimitExceeded", f"Maximum policy size of {_INLINE[kind]} bytes exceeded for {kind} {owner}", 409)
