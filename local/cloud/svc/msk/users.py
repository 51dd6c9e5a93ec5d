"""What has to change in the brokers for them to accept the users of the associated secrets, and no others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from local.cloud.moto_backends.secrets import Secret
from local.cloud.svc.msk.scram import credentials

User = tuple[str, str, str]
"""Name, ARN of the secret, id of the secret's version."""


@dataclass(frozen=True)
class Change:
    passwords: dict[str, str]
    """By user: to be created or replaced."""
    removed: set[str]
    after: tuple[User, ...]
    """What the brokers know once the change is made."""


def change(secrets: Iterable[tuple[str, Secret | None]], known: tuple[User, ...]) -> Change:
    """`secrets` are the associated ones by ARN, `known` what the brokers know.

    A secret that is gone or no longer readable keeps its user until it is disassociated.
    """
    before = {arn: (user, version) for user, arn, version in known}
    passwords: dict[str, str] = {}
    after: list[User] = []
    for arn, secret in secrets:
        read = credentials(secret.text) if secret else None
        if secret is None or read is None:
            after += [user for user in known if user[1] == arn]
            continue
        user, password = read
        after.append((user, arn, secret.version))
        if before.get(arn) != (user, secret.version):
            passwords[user] = password
    kept = {user for user, _, _ in after}
    return Change(passwords, {user for user, _, _ in known} - kept, tuple(after))
