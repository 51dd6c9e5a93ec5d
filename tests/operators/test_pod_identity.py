"""Pods that were created without AWS credentials are replaced: on a real API server, as the operators' account may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from kubernetes import client, config

from contracts.variables import CREDENTIALS_URI
from operators.kubernetes.client import Client
from operators.kubernetes.conditions import Finding, State
from operators.kubernetes.manifest import Owner
from operators.kubernetes.pod_identity import (
    FIRST_SECONDS,
    LONGEST_SECONDS,
    Replacements,
    credentials_finding,
)
from tests.operators.conftest import NAMESPACE, Installation

BARE: dict[str, str] = {}
GIVEN = {CREDENTIALS_URI: "http://169.254.170.23/v1/credentials"}


def test_the_wait_doubles_with_each_pod_that_gets_none_up_to_a_limit_and_ends_with_one_that_does() -> None:
    replacements = Replacements()
    now, waits = 0.0, []
    for _ in range(9):
        now += replacements.wait("uid", now)
        replacements.replaced("uid", now)
        waits.append(replacements.wait("uid", now))
    assert waits == [FIRST_SECONDS * 2**n for n in range(7)] + [LONGEST_SECONDS] * 2
    assert replacements.wait("another", now) == 0
    replacements.succeeded("uid")
    assert replacements.wait("uid", now) == 0


@pytest.fixture
async def api(installation: Installation) -> AsyncIterator[Client]:
    """With the rights of the operators' ServiceAccount."""
    configuration = client.Configuration()
    config.load_kube_config(installation.env["KUBECONFIG"], client_configuration=configuration)
    api = Client(configuration)
    yield api
    await api.close()


@pytest.mark.integration
class TestOnAnApiServer:
    async def test_pods_without_credentials_are_replaced_one_at_a_time(
        self, installation: Installation, api: Client
    ) -> None:
        owner = Owner("AuraService", NAMESPACE, "bare", "uid")
        for name, env in (("bare-1", BARE), ("bare-2", BARE), ("bare-3", GIVEN)):
            create(installation, owner, name, env)
        replacements = Replacements()
        first = await credentials_finding(api, owner, replacements, 0)
        assert (first.state, first.reason) == (State.WAITING, "CredentialsMissing")
        assert "bare-1, bare-2; bare-1 is replaced" in first.message
        assert present(installation, owner) == {"bare-2", "bare-3"}
        assert "bare-2 is replaced" in (await credentials_finding(api, owner, replacements, 1)).message
        assert await credentials_finding(api, owner, replacements, 2) == Finding(
            "Credentials", State.GOOD, "Given", "every Pod was given AWS credentials"
        )
        assert present(installation, owner) == {"bare-3"}

    async def test_where_no_pod_gets_any_the_others_stay(self, installation: Installation, api: Client) -> None:
        owner = Owner("AuraService", NAMESPACE, "without-role", "uid")
        for name in ("without-role-1", "without-role-2"):
            create(installation, owner, name, BARE)
        replacements = Replacements()
        await credentials_finding(api, owner, replacements, 0)
        create(installation, owner, "without-role-3", BARE)
        for now in (1.0, FIRST_SECONDS - 1):
            found = await credentials_finding(api, owner, replacements, now)
            assert f"the next is replaced in {FIRST_SECONDS - now:.0f} s" in found.message
            assert "no Pod Identity association" in found.message
        assert present(installation, owner) == {"without-role-2", "without-role-3"}


def create(installation: Installation, owner: Owner, name: str, env: dict[str, str]) -> None:
    """A Pod that no node takes: deleting it takes effect at once."""
    container: dict[str, Any] = {"name": "one", "image": "aura/auth:1"}
    container["env"] = [{"name": variable, "value": value} for variable, value in env.items()]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": owner.labels},
        "spec": {"containers": [container], "nodeSelector": {"no": "node"}},
    }
    installation.cluster.apply(pod, namespace=NAMESPACE)


def present(installation: Installation, owner: Owner) -> set[str]:
    selector = f"app.kubernetes.io/name={owner.name}"
    return set(installation.kubectl("get", "pods", "-l", selector, "-o", "name").replace("pod/", "").split())
