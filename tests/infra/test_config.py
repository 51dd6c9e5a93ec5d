"""Stack configuration: errors name the key."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from infra.config import NAMESPACE, ConfigError, StackConfig, parse
from tests.infra.recording import configuration


def values(stack: str = "prod") -> dict[str, Any]:
    """A stack's values as a fresh copy that a test may change."""
    prefix = f"{NAMESPACE}:"
    given = {k.removeprefix(prefix): v for k, v in configuration(stack).items() if k.startswith(prefix)}
    return json.loads(json.dumps(copy.deepcopy(given)))


@pytest.mark.parametrize("stack", ["local", "staging", "prod"])
def test_the_committed_stacks_are_valid(stack: str) -> None:
    config = parse(values(stack))
    assert isinstance(config, StackConfig)
    assert list(config.regions) == ["us-west-2"]


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
    group = invalid["regions"]["us-west-2"]
    for key in way:
        group = group[key]
    group[last] = value
    with pytest.raises(ConfigError) as error:
        parse(invalid)
    assert f"aura:regions.us-west-2.{path.rpartition('.')[0]}" in str(error.value)
    assert message in str(error.value)


def test_an_unknown_key_and_a_missing_one_are_both_named() -> None:
    invalid = values()
    invalid["regions"]["us-west-2"]["stream"]["brokerz"] = invalid["regions"]["us-west-2"]["stream"].pop("brokers")
    with pytest.raises(ConfigError) as error:
        parse(invalid)
    assert "aura:regions.us-west-2.stream.brokerz" in str(error.value)
    assert "aura:regions.us-west-2.stream.brokers" in str(error.value)


def test_a_stack_without_configuration_names_the_missing_keys() -> None:
    with pytest.raises(ConfigError, match="aura:regions"):
        parse({})
