"""Reading versions out of what programs really print."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.toolchain.catalog import TOOLS
from local.toolchain.spec.tool import Programs
from local.toolchain.spec.version import Range, Version, parse, said


def programs(name: str) -> Programs:
    (found,) = (tool.programs for tool in TOOLS if tool.programs and name in tool.programs.names)
    return found


PRINTED = [
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


@pytest.mark.parametrize(("name", "output", "version"), PRINTED)
def test_reads_what_the_program_says_of_itself(name: str, output: str, version: Version) -> None:
    assert said(programs(name).says, output) == version


@pytest.mark.parametrize("name", sorted({name for name, _, _ in PRINTED}))
def test_a_program_that_says_nothing_has_no_version(name: str) -> None:
    assert said(programs(name).says, "Segmentation fault\n") is None


def test_a_range_ends_before_its_upper_version() -> None:
    fits = programs("kube-apiserver").fits
    assert (1, 36) in fits
    assert (1, 36, 99) in fits
    assert (1, 35, 9) not in fits
    assert (1, 37, 0) not in fits


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=4).map(tuple))
def test_a_version_is_read_as_it_was_written(version: Version) -> None:
    text = ".".join(map(str, version))
    assert parse(text) == version
    assert said("v", f"program v{text}-rc1") == version
    assert version in Range(version)
    assert version not in Range((0,), version)
