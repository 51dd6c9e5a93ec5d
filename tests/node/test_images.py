"""References to images and their manifests: pure decisions."""

from __future__ import annotations

import json
import re
import tomllib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.image import NAME_LENGTH, PATTERN
from local.node.runtime.images import USER, declared_commands, declared_platforms
from local.node.runtime.manifests import (
    NoSuchPlatform,
    NotOnThisMachine,
    configuration,
    digest,
    image,
    index,
)
from local.node.runtime.references import InvalidReference, Reference, parse
from local.site import CHECKOUT

ECR = "123456789012.dkr.ecr.us-west-2.amazonaws.com"
DIGEST = f"sha256:{'0123456789abcdef' * 4}"
SHA512 = f"sha512:{'0123456789abcdef' * 8}"
COMMAND = ["python", "-m", "services.auth"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("busybox", Reference("", "busybox", "latest", "")),
        ("aura/auth:0.1.0", Reference("", "aura/auth", "0.1.0", "")),
        ("localhost/a", Reference("localhost", "a", "latest", "")),
        ("registry:5000/a/b:c", Reference("registry:5000", "a/b", "c", "")),
        (f"{ECR}/aura/auth:1.4", Reference(ECR, "aura/auth", "1.4", "")),
        (f"{ECR}/aura/auth@{DIGEST}", Reference(ECR, "aura/auth", "", DIGEST)),
        (f"{ECR}/aura/auth:1@{DIGEST}", Reference(ECR, "aura/auth", "1", DIGEST)),
        (f"aura/auth@{SHA512}", Reference("", "aura/auth", "", SHA512)),
        ("[::1]:5000/auth:1", Reference("[::1]:5000", "auth", "1", "")),
    ],
)
def test_a_reference_has_host_repository_tag_and_digest(text: str, expected: Reference) -> None:
    assert parse(text) == expected


@given(st.from_regex(re.compile(PATTERN.rstrip("$"), re.ASCII), fullmatch=True))
def test_every_reference_that_an_auraservice_may_name_is_one_for_the_node(text: str) -> None:
    assume(len(text.partition("@")[0]) <= NAME_LENGTH)
    parse(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", ":", "a:", "a@", "/a", "a/", "a//b", "Aura/Auth", "aura/Auth", "a b", "a:b c", f"{ECR}/", f"{ECR}/-a"),
        *("a@sha256:abc", f"a@{DIGEST.upper()}", f"a:{'t' * 129}", "a/" * 130 + "a", "-host.com/a", "a:-1"),
    ],
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(InvalidReference, match="couldn't parse image name"):
        parse(text)


def test_the_registry_is_known_by_its_host() -> None:
    assert parse(f"{ECR}/a").registry == ("123456789012", "us-west-2")
    assert parse("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a").registry == ("123456789012", "cn-north-1")
    for other in ("a", "public.ecr.aws/a/b", f"x{ECR}/a", f"{ECR}.example.com/a"):
        assert parse(other).registry is None
    assert parse(f"{ECR}/a/b:1").at(DIGEST) == f"{ECR}/a/b@{DIGEST}"


_NAMES = st.from_regex(r"[a-z0-9]{1,5}([._-][a-z0-9]{1,5}){0,2}(/[a-z0-9]{1,5}){0,2}", fullmatch=True)
_TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)


@given(_NAMES, _TAGS, st.booleans())
def test_every_part_of_a_valid_reference_is_found_again(repository: str, tag: str, with_digest: bool) -> None:
    found = parse(f"{ECR}/{repository}:{tag}" + (f"@{DIGEST}" if with_digest else ""))
    assert (found.host, found.repository, found.tag) == (ECR, repository, tag)
    assert found.digest == (DIGEST if with_digest else "")


@given(st.text(max_size=30))
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except InvalidReference:
        return
    assert found.repository
    assert found.repository in text


def test_an_index_has_what_a_node_of_each_architecture_runs() -> None:
    both = index(COMMAND, 10001, ["linux/amd64", "linux/arm64"])
    for architecture in ("amd64", "arm64"):
        found = configuration(both, architecture)
        assert (found.entrypoint, found.uid, found.executable) == (tuple(COMMAND), 10001, True)
    with pytest.raises(NoSuchPlatform, match="no match for platform linux/arm64"):
        configuration(index(COMMAND, 10001, ["linux/amd64"]), "arm64")


def test_an_image_of_another_architecture_is_pulled_but_cannot_be_executed() -> None:
    assert configuration(image(COMMAND, 10001, "linux/amd64"), "amd64").executable
    assert not configuration(image(COMMAND, 10001, "linux/amd64"), "arm64").executable


@pytest.mark.parametrize(
    "manifest", [{"layers": []}, {"manifests": [{"platform": {"os": "linux", "architecture": "amd64"}}]}]
)
def test_an_image_whose_layers_nobody_has_is_not_pulled(manifest: dict[str, object]) -> None:
    with pytest.raises(NotOnThisMachine, match="aura images"):
        configuration(json.dumps(manifest), "amd64")


@given(st.lists(st.text(max_size=5), min_size=1, max_size=3), st.integers(0, 99999))
def test_another_entry_has_another_digest_and_the_same_entry_the_same(command: list[str], uid: int) -> None:
    both = ["linux/amd64", "linux/arm64"]
    assert digest(index(command, uid, both)) == digest(index(list(command), uid, both))
    for other in (index([*command, "x"], uid, both), index(command, uid + 1, both), index(command, uid, both[:1])):
        assert digest(other) != digest(index(command, uid, both))


def test_the_declared_images_and_platforms_are_those_of_images_toml() -> None:
    declared = tomllib.loads((CHECKOUT / "images.toml").read_text())
    assert declared_commands() == {name: entry["command"] for name, entry in declared["aura"].items()}
    assert set(declared_platforms()) == {"linux/amd64", "linux/arm64"}
    assert USER.uid != 0
