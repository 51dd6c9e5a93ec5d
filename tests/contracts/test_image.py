"""References to container images: the grammar of distribution/reference."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.image import Image

ADAPTER: TypeAdapter[str] = TypeAdapter(Image)
_SHA = "sha256:" + "0123456789abcdef" * 4
REFERENCES = [
    "aura/auth:1.4.0",
    "auth",
    "aura/auth",
    "aura/auth:20220208T143249Z",
    "aura/auth:1.0-SNAPSHOT",
    "aura/auth:_x",
    "aura/auth:" + "T" * 128,
    f"aura/auth@{_SHA}",
    f"aura/auth:V1@{_SHA}",
    "aura/auth@sha512:" + "ab" * 64,
    "localhost:5000/aura/auth",
    "localhost:5000/aura/auth:V1",
    f"123456789012.dkr.ecr.us-west-2.amazonaws.com/aura/auth:v1@{_SHA}",
    "Registry.Example.COM/aura/auth:1",
    "10.0.0.1:5000/auth:1",
    "[::1]:5000/auth:1",
    "a.b/c__d/e-f/g--h/i.j:1",
    "a/" * 126 + "abc",
]
NOT_REFERENCES = [
    "",
    "a:/@",
    "aura/auth:",
    "aura//auth:1",
    "/aura/auth:1",
    "aura/auth/",
    "@" + _SHA,
    "@sha256:abc",
    "aura/auth@sha256:abc",
    "aura/auth@" + _SHA.upper(),
    "aura/auth@md5:" + "0" * 32,
    "aura/auth:1:2",
    f"aura/auth@{_SHA}:1",
    "aura/Auth:1",
    "Auth",
    "aura/auth:-1",
    "aura/auth:" + "t" * 129,
    "aura/auth: 1",
    "aura/-auth",
    "aura/auth-",
    "aura/a___b",
    "aura/a..b",
    "-registry.example.com/auth:1",
    "registry.example.com:port/auth",
    "https://registry.example.com/auth:1",
    "aura/auth:1\n",
    "a/" * 127 + "ab",
    "under_score.example/auth",  # its first part has a dot, so it is a registry, which has no underscore
    "[0]/auth",  # no IPv6 address
]


@pytest.mark.parametrize("reference", REFERENCES)
def test_accepts_references(reference: str) -> None:
    assert ADAPTER.validate_python(reference) == reference


@pytest.mark.parametrize("reference", NOT_REFERENCES)
def test_refuses_what_is_no_reference(reference: str) -> None:
    with pytest.raises(ValidationError):
        ADAPTER.validate_python(reference)
