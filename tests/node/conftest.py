"""Pods of one namespace, for the tests of the process node."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fixtures.cluster import Cluster


class Pods:
    """The Pods of one namespace."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.cluster = cluster
        self.namespace = namespace

    def run(self, *objects: dict[str, Any]) -> None:
        self.cluster.apply(*objects, namespace=self.namespace)

    def status(self, name: str) -> dict[str, Any]:
        return self.cluster.get("pod", name, "-n", self.namespace)["status"]

    def container(self, name: str) -> dict[str, Any]:
        return (self.status(name).get("containerStatuses") or [{}])[0]

    def until_phase(self, name: str, phase: str) -> dict[str, Any]:
        return self.cluster.until(lambda: (s := self.status(name))["phase"] == phase and s)

    def until_ready(self, name: str) -> None:
        self.cluster.until(lambda: self.container(name).get("ready"))

    def logs(self, name: str, *flags: str) -> str:
        return self.cluster.kubectl("logs", name, "-n", self.namespace, *flags)

    def until_logged(self, name: str, pattern: str) -> str:
        """Its log, once the pattern is in it: without a readiness probe a container is ready before it writes."""
        self.until_ready(name)

        def logged() -> str:
            log = self.logs(name)
            return log if re.search(pattern, log, re.MULTILINE) else ""

        return self.cluster.until(logged)

    def exec(self, name: str, *command: str, check: bool = True) -> str:
        return self.cluster.kubectl("exec", "-q", name, "-n", self.namespace, "--", *command, check=check)


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """One that exists during one test."""
    name = cluster.namespace(request.node.name.removeprefix("test_").replace("_", "-")[:50].strip("-"))
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def pods(cluster: Cluster, namespace: str) -> Pods:
    return Pods(cluster, namespace)
