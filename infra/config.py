"""The stack's configuration, typed: stacks differ in nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pulumi
from pydantic import TypeAdapter, ValidationError

from infra.components.zone import ZoneConfig
from infra.pair.config import PairConfig
from infra.region_config import RegionConfig, replicable
from infra.settings import settings

NAMESPACE = "aura"


class ConfigError(pulumi.RunError):
    """A key of Pulumi.<stack>.yaml is missing or invalid; the message names it."""


@settings
class StackConfig:
    account: str
    """Id of the AWS account; the providers refuse another one."""
    domain: str
    zone: ZoneConfig
    token_issuer: str
    protect: bool
    """Whether what holds state can be neither deleted nor replaced (protection.py)."""
    pair: PairConfig
    home: str
    """The region whose keys and secrets are the primary ones, of which the other has replicas. No role: it stays when
    roles are exchanged, since a primary key or secret that moved would be another one."""
    regions: Mapping[str, RegionConfig]

    def __post_init__(self) -> None:
        if not re.fullmatch("[0-9]{12}", self.account):
            raise ValueError(f"account is {self.account!r}; an AWS account's id has 12 digits, in quotes")
        for name, region in self.regions.items():
            for admin, arn in region.cluster.admins.items():
                if not re.fullmatch(f"arn:aws:iam::{self.account}:.+", arn):
                    where = f"regions.{name}.cluster.admins.{admin}"
                    raise ValueError(f"{where} is {arn}, which is no ARN of IAM in account {self.account}")
        if not self.regions:
            raise ValueError("a stack needs at least one region")
        self.pair.check(self.regions)
        if self.home not in self.pair.serving:
            raise ValueError(f"home is {self.home}, which is neither active nor passive in pair")
        if self.pair.passive:
            for name, region in self.regions.items():
                replicable(name, region)


def load() -> StackConfig:
    """The selected stack's configuration. Raises ConfigError."""
    config = pulumi.Config(NAMESPACE)
    given = {
        "account": config.get("account"),
        "domain": config.get("domain"),
        "zone": config.get_object("zone"),
        "protect": config.get_bool("protect"),
        "tokenIssuer": config.get("tokenIssuer"),
        "pair": config.get_object("pair"),
        "home": config.get("home"),
        "region": config.get_object("region"),
        "regions": config.get_object("regions"),
    }
    return parse({key: value for key, value in given.items() if value is not None})


def parse(values: Mapping[str, Any]) -> StackConfig:
    """Configuration from plain values, keys in camelCase as in the YAML. Raises ConfigError with every invalid key.

    `region` has the sections of every region, `regions` what each has of its own. A key that a region's section has
    replaces that of all regions; the rest of the section stays.
    """
    shared, own = values.get("region", {}), values.get("regions")
    if not isinstance(shared, Mapping):
        raise ConfigError(f"{NAMESPACE}:region is {shared!r}; it has sections, as in the file of another stack")
    given = {key: value for key, value in values.items() if key != "region"}
    if isinstance(own, Mapping):
        given["regions"] = {name: _completed(shared, one) for name, one in own.items()}
    try:
        return TypeAdapter(StackConfig).validate_python(given)
    except ValidationError as error:
        lines = dict.fromkeys(f"{NAMESPACE}:{_key(_place(one['loc'], own))}: {one['msg']}" for one in error.errors())
        raise ConfigError("The stack's configuration is not valid:\n  " + "\n  ".join(lines)) from error


def _completed(shared: Mapping[str, Any], own: Any) -> Any:
    """A region's sections, with what they lack."""
    if not isinstance(own, Mapping):
        return own
    return {**shared, **{name: _section(shared.get(name), section) for name, section in own.items()}}


def _section(shared: Any, own: Any) -> Any:
    return {**shared, **own} if isinstance(shared, Mapping) and isinstance(own, Mapping) else own


def _place(location: tuple[int | str, ...], own: Any) -> tuple[int | str, ...]:
    """Where somebody has declared the value: `region`, unless the region has its own. A value that no region has is
    missing there; one that another region has of its own is missing in this one."""
    if len(location) < 3 or location[0] != "regions" or any(_has(one, location[2:]) for one in own.values()):
        return location
    return ("region", *location[2:])


def _has(own: Any, way: tuple[int | str, ...]) -> bool:
    for part in way:
        try:
            own = own[part]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def _key(location: tuple[int | str, ...]) -> str:
    """The dotted key; pydantic adds the name of the value's type where there are several."""
    return ".".join(str(part) for part in location)
