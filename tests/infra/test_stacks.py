"""Stacks differ in sizes and addresses, never in shape: the same keys, and the same values but for those named here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.recording import configuration

STACKS = ("local", "staging", "prod")
REGION = "aura:region"
DIFFERING = {
    "aura:account": "address: an account a stack",
    "aura:domain": "address",
    "aura:tokenIssuer": "address",
    "aura:zone.id": "address: of a zone that exists already",
    "aura:protect": "what is on one machine must be deletable in one step",
    "aura:zone.forceDestroy": "as aura:protect",
    "aura:regions.us-west-2.network.cidr": "address",
    f"{REGION}.cluster.version": "size: the stand-in has one version",
    f"{REGION}.cluster.logTypes": "size: how much is logged",
    f"{REGION}.cluster.publicAccessFrom": "address: who may reach the API server",
    f"{REGION}.cluster.admins.*": "address: who administers",
    f"{REGION}.cluster.deletionProtection": "as aura:protect; staging is destroyed in two steps",
    f"{REGION}.cluster.nodeGroups.*.instanceTypes": "size",
    f"{REGION}.databases.*.instanceClass": "size",
    f"{REGION}.databases.*.multiAz": "size: a standby in another zone",
    f"{REGION}.databases.*.deletionProtection": "as aura:protect; staging is destroyed in two steps",
    f"{REGION}.databases.*.performanceInsights": "size: classes of one machine's size have none",
    f"{REGION}.stream.instanceType": "size",
    f"{REGION}.cache.nodeType": "size",
    f"{REGION}.cache.engineVersion": "size: the small types' version",
    f"{REGION}.search.instanceType": "size",
    f"{REGION}.media.priceClass": "size: how many edge locations",
    f"{REGION}.media.forceDestroy": "as aura:protect",
    f"{REGION}.backups.forceDestroy": "as aura:protect",
    f"{REGION}.streamState.forceDestroy": "as aura:protect",
    f"{REGION}.accessLogs.forceDestroy": "as aura:protect",
}
"""Keys whose values may differ, besides whole numbers, which are sizes; and why."""


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else key)
    else:
        yield path, value


def differing(path: str) -> bool:
    return any(re.fullmatch(re.escape(one).replace(r"\*", "[^.]+"), path) for one in DIFFERING)


def values(stack: str) -> dict[str, Any]:
    """Without the other region of a pair, which test_config.py compares with the first."""
    given = {key: value for key, value in configuration(stack).items() if key.startswith("aura:")}
    return {path: value for path, value in leaves(given) if not path.startswith("aura:regions.us-east-1.")}


@pytest.mark.parametrize("stack", ["local", "staging"])
def test_a_stack_has_the_keys_of_prod(stack: str) -> None:
    optional = {"aura:zone", "aura:zone.id", "aura:pair.passive"}
    found, expected = set(values(stack)) - optional, set(values("prod")) - optional
    assert found ^ expected == set()


@pytest.mark.parametrize("stack", ["local", "staging"])
def test_a_stack_has_the_modes_of_prod(stack: str) -> None:
    mine, prods = values(stack), values("prod")
    modes = {
        path: (value, prods[path])
        for path, value in mine.items()
        if path in prods and value != prods[path] and not differing(path) and not _sizes(value, prods[path])
    }
    assert modes == {}


def test_every_exception_is_one() -> None:
    """A key that is the same everywhere needs no place in the table."""
    every = [values(stack) for stack in STACKS]
    paths = {path for one in every for path in one if len({str(other.get(path)) for other in every}) > 1}
    may_be = {"aura:zone.id", f"{REGION}.cluster.publicAccessFrom", f"{REGION}.cluster.admins.*"}
    unused = {
        key
        for key in DIFFERING
        if not any(re.fullmatch(re.escape(key).replace(r"\*", "[^.]+"), path) for path in paths)
    }
    assert unused - may_be == set()


def _sizes(*numbers: Any) -> bool:
    return all(isinstance(number, int) and not isinstance(number, bool) for number in numbers)
