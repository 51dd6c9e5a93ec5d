"""Versions are extracted from real program output."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.toolchain.catalog import TOOLS
from local.toolchain.spec.tool import Programs
from local.toolchain.spec.version import Range, Version, extract, parse


def programs(name: str) -> Programs:
    (found,) = (tool.programs for tool in TOOLS if tool.programs and name in tool.programs.names)
    return found


OUTPUTS = [
    ("kube-apiserver", "Kubernetes v1.36.3\n", (1, 36, 3)),
    ("kubectl", "Client Version: v1.32.4-dispatcher\nKustomize Version: v5.5.0\n", (1, 32, 4)),
    ("etcd", "etcd Version: 3.6.16\nGit SHA: Not provided\nGo Version: go1.26.8\n", (3, 6, 16)),
    ("pulumi", "v3.259.0\n", (3, 259, 0)),
    ("go", "go version go1.26.8 linux/amd64\n", (1, 26, 8)),
    ("java", 'Picked up JAVA_TOOL_OPTIONS: -Xmx2g\nopenjdk version "17.0.15" 2025-04-15\n', (17, 0, 15)),
    ("java", 'openjdk version "25" 2025-09-16\n', (25,)),
    ("mvn", "\x1b[1mApache Maven 3.8.7\x1b[m\nMaven home: /usr/share/maven\n", (3, 8, 7)),
    ("postgres", "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", (15, 18)),
    ("redis-server", "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64\n", (7, 0, 15)),
    ("haproxy", "HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/\n", (2, 6, 12)),
]


@pytest.mark.parametrize(("name", "output", "version"), OUTPUTS)
def test_the_version_is_extracted_from_the_output(name: str, output: str, version: Version) -> None:
    assert extract(programs(name).version_pattern, output) == version


@pytest.mark.parametrize("name", sorted({name for name, _, _ in OUTPUTS}))
def test_output_without_a_version_gives_none(name: str) -> None:
    assert extract(programs(name).version_pattern, "Segmentation fault\n") is None


def test_a_range_ends_before_its_upper_version() -> None:
    supported = programs("kube-apiserver").supported
    assert (1, 36) in supported
    assert (1, 36, 99) in supported
    assert (1, 35, 9) not in supported
    assert (1, 37, 0) not in supported


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=4).map(tuple))
def test_a_formatted_version_is_parsed_to_itself(version: Version) -> None:
    text = ".".join(map(str, version))
    assert parse(text) == version
    assert extract("v", f"program v{text}-rc1") == version
    assert version in Range(version)
    assert version not in Range((0,), version)
