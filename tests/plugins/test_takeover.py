"""What makes a resource ours to take over: it equals the declaration, carries its tags, and is in no state."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from local.plugins.aws.kind import Kind
from local.plugins.aws.kinds import find
from local.plugins.aws.mapping.differences import differences
from local.plugins.provider.states import States


def kind_of(type: str) -> Kind:
    kind = find(type)
    assert kind is not None
    return kind


def texts(type: str, live: dict[str, Any], declared: dict[str, Any]) -> list[str]:
    return [str(one) for one in differences(kind_of(type), live, declared)]


def test_what_differs_is_named_with_both_values() -> None:
    live = {"cidrBlock": "10.0.0.0/16", "tagsAll": {"stack": "prod"}}
    declared = {"cidrBlock": "10.1.0.0/16", "tagsAll": {"stack": "local", "project": "aura"}}
    assert texts("aws:ec2/vpc:Vpc", live, declared) == [
        "cidrBlock is '10.0.0.0/16', declared '10.1.0.0/16'",
        "the tag project is absent, declared 'aura'",
        "the tag stack is 'prod', declared 'local'",
    ]


def test_what_a_creation_sets_after_its_main_call_may_be_missing() -> None:
    assert texts("aws:ec2/vpc:Vpc", {"enableDnsHostnames": False}, {"enableDnsHostnames": True}) == []
    tagged = {"bucket": "b", "tagsAll": {"stack": "local"}}
    assert texts("aws:s3/bucket:Bucket", {"bucket": "b"}, tagged) == []
    theirs = texts("aws:s3/bucket:Bucket", {"bucket": "b", "tagsAll": {"whose": "mine"}}, tagged)
    assert theirs == ["the tag whose is 'mine', declared absent"]


def resource(**more: Any) -> dict[str, Any]:
    return {"urn": "urn:a", "type": "aws:s3/bucket:Bucket", "id": "b", "outputs": {"region": "us-west-2"}, **more}


@pytest.fixture
def backend(tmp_path: Path) -> Path:
    (tmp_path / ".pulumi" / "stacks" / "aura").mkdir(parents=True)
    return tmp_path


def write(backend: Path, stack: str, *resources: dict[str, Any], packed: bool = False) -> None:
    content = json.dumps({"checkpoint": {"latest": {"resources": resources}}}).encode()
    file = backend / ".pulumi" / "stacks" / "aura" / f"{stack}.json{'.gz' if packed else ''}"
    file.write_bytes(gzip.compress(content) if packed else content)


@pytest.mark.parametrize("packed", [False, True])
def test_a_resource_of_any_stack_has_an_owner_in_its_region(backend: Path, packed: bool) -> None:
    write(backend, "local")
    write(backend, "other", resource(), packed=packed)
    states = States(backend)
    assert states.owner("aws:s3/bucket:Bucket", "b", "us-west-2") == "urn:a"
    assert states.owner("aws:s3/bucket:Bucket", "b", "us-east-1") is None
    assert states.owner("aws:s3/bucket:Bucket", "c", "us-west-2") is None


def test_what_is_still_to_be_deleted_is_held_and_a_pending_replacement_is_not(backend: Path) -> None:
    write(backend, "local", resource(delete=True))
    assert States(backend).owner("aws:s3/bucket:Bucket", "b", "us-west-2") == "urn:a"
    write(backend, "local", resource(pendingReplacement=True))
    assert States(backend).owner("aws:s3/bucket:Bucket", "b", "us-west-2") is None


def test_states_that_are_no_files_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://states")
    assert States.of_environment() is None
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///a%20b")
    assert States.of_environment() is not None
