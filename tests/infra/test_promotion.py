"""With exchanged roles the program describes the same resources: no primary is replaced, whatever is promoted."""

from __future__ import annotations

from typing import Any

import pytest

from infra.protection import STATEFUL
from tests.infra.recording import Recording, platform_configs, run, run_promoted, unwrap

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*")
Key = tuple[str, str]
BACKUPS = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
GENERATED = {"secretString", "password", "authToken", "stringData", "encodedKey", "masterUserPassword"}
"""Inputs with generated values, of which every run makes others; also within other inputs."""


@pytest.fixture(scope="module", params=["staging", "prod"])
def stack(request: pytest.FixtureRequest) -> str:
    return request.param


def inputs(recording: Recording) -> dict[Key, dict[str, Any]]:
    return {(one.typ, one.name): declared(unwrap(one.inputs)) for one in recording.resources}


def declared(value: Any) -> Any:
    """Without what is generated."""
    if isinstance(value, dict):
        return {name: declared(one) for name, one in value.items() if name not in GENERATED}
    return [declared(one) for one in value] if isinstance(value, list) else value


def changed(before: Recording, after: Recording) -> dict[Key, set[str]]:
    """Inputs that Pulumi would compare and find different, by resource; `ignore_changes` are of the later program."""
    old, new = inputs(before), inputs(after)
    found = {}
    for key in old.keys() & new.keys():
        ignored = set(after.options[key].ignoreChanges) if key in after.options else set()
        names = (old[key].keys() | new[key].keys()) - ignored
        if differing := {name for name in names if old[key].get(name) != new[key].get(name)}:
            found[key] = differing
    return found


def test_the_same_resources_are_declared_but_for_the_way_of_the_backups(stack: str) -> None:
    before, after = inputs(run(stack, outputs_known=True)), inputs(run_promoted(stack))
    gone, new = before.keys() - after.keys(), after.keys() - before.keys()
    assert {name for _, name in gone} == {f"aura-us-west-2-{database}-backups" for database in ("auth", "users")}
    assert {name for _, name in new} == {f"aura-us-east-1-{database}-backups" for database in ("auth", "users")}
    assert {type for type, _ in gone | new} == {BACKUPS, "aura:infra:DatabaseBackups"}


def test_of_those_only_what_a_region_is_told_about_itself_changes(stack: str) -> None:
    before, after = run(stack, outputs_known=True), run_promoted(stack)
    assert changed(before, after) == {(CONFIG_MAP, f"aura-{region}"): {"data"} for region in ("us-west-2", "us-east-1")}
    roles = {name: config["data"]["REGION_ROLE"] for name, config in platform_configs(after).items()}
    assert roles == {"aura-us-west-2": "passive", "aura-us-east-1": "active"}


def test_every_resource_stays_where_it_is(stack: str) -> None:
    """Under the same parent and provider: another one of either is another resource to Pulumi."""
    before, after = run(stack, outputs_known=True).options, run_promoted(stack).options
    moved = {
        key
        for key in before.keys() & after.keys()
        if (before[key].parent, before[key].provider) != (after[key].parent, after[key].provider)
    }
    assert moved == set()


def test_a_database_that_is_made_anew_is_made_as_the_configuration_says(stack: str) -> None:
    """The way back: who deletes the old primary by AWS's API gets a replica of the new one by the next update."""
    instances = run_promoted(stack).of("aws:rds/instance:Instance")
    west, east = instances["aura-us-west-2-auth"], instances["aura-us-east-1-auth"]
    assert west["replicateSourceDb"] == run_promoted(stack).arn("aws:rds", "aura-us-east-1-auth")
    assert "replicateSourceDb" not in east
    assert (east["username"], east["dbName"]) == ("aura", "auth")


def test_what_holds_state_is_as_protected_as_before(stack: str) -> None:
    options = run_promoted(stack).options
    assert {key for key, request in options.items() if key[0] in STATEFUL and not request.protect} == set()
