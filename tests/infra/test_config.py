"""Stack configuration: errors name the key."""

from __future__ import annotations

import copy
import ipaddress
import itertools
import json
from typing import Any

import pytest

from infra.config import NAMESPACE, ConfigError, StackConfig, parse
from tests.infra.recording import configuration
from tests.infra.test_stacks import leaves


def values(stack: str = "prod") -> dict[str, Any]:
    """A stack's values as a fresh copy that a test may change."""
    prefix = f"{NAMESPACE}:"
    given = {k.removeprefix(prefix): v for k, v in configuration(stack).items() if k.startswith(prefix)}
    return json.loads(json.dumps(copy.deepcopy(given)))


@pytest.mark.parametrize("stack", ["local", "staging", "prod"])
def test_the_committed_stacks_are_valid(stack: str) -> None:
    config = parse(values(stack))
    assert isinstance(config, StackConfig)
    assert sorted(config.regions) == sorted(config.pair.serving)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("stream.brokers", "many", "integer"),
        ("stream.encryptionInTransit", "PLAINTEXT", "Unexpected keyword"),
        ("databases.auth.backupDays", 0, "1 to 35"),
        ("network.natGateways", 2, "natGateways is 2"),
        ("network.cidr", "10.0.0.0/28", "too small"),
        ("cluster.publicAccessFrom", ["0.0.0.0/0"], "open the API server"),
        ("cluster.nodeGroups.spot.instanceTypes", ["m7g.large"], "three instance types"),
        (
            "cluster.nodeGroups.spot.instanceTypes",
            ["m7g.large", "c7gn.large", "m7i.large"],
            "m7i.large: not of the arch",
        ),
        ("cluster.nodeGroups.stateful.amiType", "AL2023_x86_64_STANDARD", "r7g.xlarge: not of the architecture"),
        ("cluster.nodeGroups.stateful.capacity", "SPOT", "three instance types"),
        ("keys.deletionWindowDays", 3, "7 to 30"),
        ("secrets.recoveryDays", 3, "7 to 30"),
        ("cache.nodes", 0, "1 to 6"),
        ("media.minimumTls", "TLSv1", "TLSv1.3_2025"),
    ],
)
def test_a_bad_value_is_refused_with_its_key(path: str, value: object, message: str) -> None:
    invalid = values()
    *way, last = path.split(".")
    own = way == ["network"]  # each region has addresses of its own
    group, where = (invalid["regions"]["us-west-2"], "regions.us-west-2") if own else (invalid["region"], "region")
    for key in way:
        group = group[key]
    group[last] = value
    with pytest.raises(ConfigError) as error:
        parse(invalid)
    assert str(error.value).count(f"aura:{where}.{'.'.join(way)}") == 1
    assert message in str(error.value)


def test_what_a_region_has_of_its_own_comes_before_what_all_have_and_is_refused_under_its_name() -> None:
    given = values()
    given["regions"]["us-east-1"] |= {"cache": {"nodes": 2}, "cluster": {"publicAccessFrom": ["203.0.113.7/32"]}}
    west, east = (parse(given).regions[name] for name in ("us-west-2", "us-east-1"))
    assert (west.cache.nodes, east.cache.nodes, east.cache.node_type) == (3, 2, west.cache.node_type)
    assert (west.cluster.public_access_from, east.cluster.public_access_from) == (
        tuple(given["region"]["cluster"]["publicAccessFrom"]),
        ("203.0.113.7/32",),
    )
    given["regions"]["us-east-1"]["cache"]["nodes"] = "many"
    given["regions"]["us-east-1"]["network"]["zones"][0] = 5
    with pytest.raises(ConfigError) as error:
        parse(given)
    for place in ("cache.nodes", "network.zones.0"):
        assert f"aura:regions.us-east-1.{place}: " in str(error.value)


def test_a_key_of_a_regions_section_replaces_that_of_all() -> None:
    """Who leaves an administrator out of a region does not find them there."""
    given = values()
    given["regions"]["us-east-1"]["cluster"] = {"admins": {}}
    west, east = (parse(given).regions[name].cluster for name in ("us-west-2", "us-east-1"))
    assert (east.admins, east.version) == ({}, west.version)
    assert west.admins


def test_what_one_region_lacks_is_missing_there_and_what_all_lack_in_the_part_of_all() -> None:
    given = values()
    del given["regions"]["us-east-1"]["network"]["cidr"]
    del given["region"]["keys"]["deletionWindowDays"]
    with pytest.raises(ConfigError) as error:
        parse(given)
    assert "aura:regions.us-east-1.network.cidr: " in str(error.value)
    assert str(error.value).count("aura:region.keys.deletionWindowDays: ") == 1
    with pytest.raises(ConfigError, match=r"aura:region is \['x'\]"):
        parse({**values(), "region": ["x"]})


def test_an_unknown_key_and_a_missing_one_are_both_named() -> None:
    invalid = values()
    invalid["region"]["stream"]["brokerz"] = invalid["region"]["stream"].pop("brokers")
    with pytest.raises(ConfigError) as error:
        parse(invalid)
    assert "aura:region.stream.brokerz" in str(error.value)
    assert "aura:region.stream.brokers:" in str(error.value)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"pair": {"active": "us-west-2", "passive": "us-west-2", "witness": "us-east-2"}}, "has two regions"),
        ({"pair": {"active": "us-west-2", "passive": "us-east-1", "witness": "us-east-1"}}, "one of the pair"),
        (
            {"pair": {"active": "us-west-2", "passive": "eu-west-1", "witness": "us-east-2"}},
            "eu-west-1, which is not",
        ),
        ({"pair": {"active": "us-west-2", "witness": "us-east-2"}}, "us-east-1, which is neither active nor passive"),
        ({"pair": {"active": "us-west-2", "passive": "us-east-1"}}, "aura:pair.witness"),
        ({"pair": {"active": "us-west-2", "standby": "us-east-1", "witness": "us-east-2"}}, "aura:pair.standby"),
        ({"home": "eu-west-1"}, "home is eu-west-1"),
    ],
)
def test_roles_that_cannot_be_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse({**values(), **changed})


@pytest.mark.parametrize(
    ("group", "key", "value", "message"),
    [
        ("cache", "nodeType", "cache.t4g.micro", "a global datastore has no T nodes"),
        ("stream", "instanceType", "kafka.t3.small", "MSK Replicator can't connect"),
        ("stream", "brokers", 2, "MSK Replicator needs 3"),
    ],
)
def test_what_aws_does_not_replicate_is_refused_in_a_pair(group: str, key: str, value: str, message: str) -> None:
    invalid = values()
    invalid["regions"]["us-east-1"][group] = {key: value}
    with pytest.raises(ConfigError, match=f"regions.us-east-1.{group}.{key} is {value}.*{message}"):
        parse(invalid)


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_the_regions_of_a_pair_differ_in_addresses_alone(stack: str) -> None:
    for region in ("us-west-2", "us-east-1"):
        assert dict(leaves(values(stack)["regions"][region])).keys() == {"network.cidr", "network.zones"}
    networks = [
        ipaddress.ip_network(values(one)["regions"][r]["network"]["cidr"])
        for one in ("staging", "prod")
        for r in ("us-west-2", "us-east-1")
    ]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(networks, 2))


def test_a_stack_without_configuration_names_the_missing_keys() -> None:
    with pytest.raises(ConfigError, match="aura:regions"):
        parse({})


@pytest.mark.parametrize("arn", ["arn:aws:iam::111122223333:role/aura-deploy", "aura-deploy"])
def test_an_admin_is_of_the_account_of_the_stack(arn: str) -> None:
    """Who puts an account's id puts it there too: the API server would let in nobody but the creator."""
    invalid = values()
    account = invalid["account"]
    invalid["regions"]["us-east-1"]["cluster"] = {"admins": {"deploy": arn}}
    with pytest.raises(ConfigError, match=f"regions.us-east-1.cluster.admins.deploy is {arn}.*account {account}"):
        parse(invalid)
    moved = {**values(), "account": "999900001111"}
    with pytest.raises(ConfigError, match=rf"admins\.deploy is arn:aws:iam::{account}:role/aura-deploy"):
        parse(moved)


def test_a_domain_has_nodes_for_each_zone() -> None:
    for zones, nodes in ((3, 2), (2, 3), (1, 0)):
        invalid = values()
        region = invalid["regions"]["us-east-1"]
        region["network"] |= {"zones": region["network"]["zones"][:zones], "natGateways": 1}
        region["search"] = {"nodes": nodes}
        with pytest.raises(ConfigError, match=f"nodes is {nodes}"):
            parse(invalid)
