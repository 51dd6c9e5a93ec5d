"""Configuration of an account."""

from __future__ import annotations

import re

import pulumi
from pydantic import TypeAdapter, ValidationError

from infra.components.key import KeyConfig
from infra.settings import settings

_ACCOUNT = re.compile(r"[0-9]{12}")
_REPOSITORY = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+|[A-Za-z0-9-]+@[0-9]+/[A-Za-z0-9._-]+@[0-9]+")


@settings
class RegistryConfig:
    readers: tuple[str, ...]
    """Ids of the other accounts whose nodes pull from here."""
    replica: str | None = None
    """Region into which every image is copied, for the nodes there; None where the platform has one region."""

    def __post_init__(self) -> None:
        for reader in self.readers:
            _check_account("readers", reader)


@settings
class AccountConfig:
    account: str
    """Its id, 12 digits; the program refuses to run against another account."""
    region: str
    repository: str
    """owner/name on GitHub, whose workflows may take on the roles; owner@id/name@id where its tokens have the ids in
    `sub`, as those of repositories made, renamed or transferred since 15 July 2026 have."""
    old_states_days: int
    """Days for which an overwritten state can be restored."""
    trail_days: int
    """Days for which the log of API calls is kept."""
    keys: KeyConfig
    registry: RegistryConfig | None = None
    """Of the account that keeps the images for all of them; None in the others."""

    def __post_init__(self) -> None:
        _check_account("account", self.account)
        if not _REPOSITORY.fullmatch(self.repository):
            raise ValueError(f"repository is {self.repository!r}; GitHub's form is owner/name or owner@id/name@id")
        if self.trail_days < 1:
            raise ValueError(f"trailDays is {self.trail_days}; the log of API calls is kept for 1 day at least")
        if self.registry and self.account in self.registry.readers:
            raise ValueError("registry.readers names the account itself, which may pull anyway")
        if self.registry and self.registry.replica == self.region:
            raise ValueError(f"registry.replica is {self.region}, where the registry is")


def load() -> AccountConfig:
    """The selected stack's configuration. Raises pulumi.RunError with every key that is missing or invalid."""
    given = pulumi.Config()
    plain = {key: given.get(key) for key in ("account", "region", "repository", "oldStatesDays", "trailDays")}
    nested = {key: given.get_object(key) for key in ("keys", "registry")}
    values = {key: value for key, value in {**plain, **nested}.items() if value is not None}
    try:
        return TypeAdapter(AccountConfig).validate_python(values)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, one['loc'])) or 'configuration'}: {one['msg']}" for one in error.errors()]
        raise pulumi.RunError("The account's configuration is not valid:\n  " + "\n  ".join(lines)) from error


def _check_account(name: str, account: str) -> None:
    if not _ACCOUNT.fullmatch(account):
        raise ValueError(f"{name} has {account!r}; the id of an AWS account has 12 digits, in quotes in YAML")
