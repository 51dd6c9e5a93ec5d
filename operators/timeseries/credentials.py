"""The password of the store's owner, which is the same in both regions. Pure.

A replica has its primary's roles with their passwords, and CloudNativePG makes a password of its own for each Cluster.
So both get the one that infra/ generated: CloudNativePG gives a primary the password that its Secret has.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from contracts.platform import TIMESERIES_PASSWORD


def is_shared(secret: Mapping[str, str], configuration: Mapping[str, str]) -> bool:
    """Whether the Secret (base64) of the store has the region's password; any will do where there is none."""
    return with_password(secret, configuration.get(TIMESERIES_PASSWORD, "")) is None


def with_password(secret: Mapping[str, str], password: str) -> dict[str, str] | None:
    """The Secret's data (base64) with this password, in its connection strings too; None if it has it already."""
    before = base64.b64decode(secret.get("password", "")).decode()
    if not password or not before or before == password:
        return None
    values = {name: base64.b64decode(value).decode() for name, value in secret.items()}
    return {
        name: base64.b64encode(value.replace(before, password).encode()).decode()
        for name, value in values.items()
        if before in value
    }
