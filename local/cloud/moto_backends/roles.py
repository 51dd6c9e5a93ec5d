"""IAM roles in moto, and sessions of them. Call under the context's lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from local.cloud.context import ACCOUNT
from local.cloud.moto_backends.sts import aware

_ORIGIN = "aura_origin"


@dataclass(frozen=True)
class Role:
    arn: str
    id: str
    trust: str | dict[str, Any]
    """The policy that says who may assume it."""


@dataclass(frozen=True)
class Session:
    """Credentials of an assumed role."""

    arn: str
    user_id: str
    access_key: str
    secret_key: str
    token: str
    expiration: datetime


def role_of(arn: str) -> Role | None:
    """The role with this ARN, path included; None when there is none."""
    for role in iam_backends[ACCOUNT]["aws"].get_roles():
        if role.arn == arn:
            return Role(role.arn, role.id, role.assume_role_policy_document)
    return None


def principal_exists(arn: str) -> bool:
    """Whether a user or a role of this account has this ARN."""
    return role_of(arn) is not None or any(user.arn == arn for user in iam_backends[ACCOUNT]["aws"].users.values())


def origin_of(access_key: str) -> str:
    """The region whose Pods and nodes a session was opened for; empty for a key of anybody else."""
    return getattr(sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(access_key), _ORIGIN, "")


def open_session(role: str, name: str, region: str, lifetime: timedelta) -> Session:
    """A session of a role for something in `region`, which STS knows from now on. Ended ones are forgotten."""
    sts, now = sts_backends[ACCOUNT]["aws"], datetime.now(UTC)
    for ended in [known for known in sts.assumed_roles if aware(known.expiration) <= now]:
        sts.assumed_roles.remove(ended)
        iam_backends[ACCOUNT]["aws"].access_keys.pop(ended.access_key_id, None)
    opened = sts.assume_role(region, name, role, "", int(lifetime.total_seconds()), "")
    setattr(opened, _ORIGIN, region)
    expiration = aware(opened.expiration)
    return Session(
        opened.arn, opened.user_id, opened.access_key_id, opened.secret_access_key, opened.session_token, expiration
    )
