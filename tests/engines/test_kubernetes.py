"""Killed components keep the objects that they acknowledged, and anonymous requests are forbidden."""

from __future__ import annotations

import os
import signal
import ssl
import urllib.error
import urllib.request

import pytest

from tests.fixtures.cluster import Cluster

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("component", ["etcd", "api", "controllers", "scheduler", "addons"])
def test_a_killed_component_is_restarted_with_its_data(cluster: Cluster, component: str) -> None:
    plane = cluster.control_plane
    cluster.kubectl("create", "configmap", f"before-{component}", "--from-literal=k=v")
    before = getattr(plane, component).pid()
    os.kill(before, signal.SIGKILL)
    cluster.until(lambda: getattr(plane, component).pid() is None)  # ends with its last thread
    assert not plane.ready()
    cluster.until(lambda: plane.ensure() and plane.ready())
    assert getattr(plane, component).pid() != before
    assert cluster.get("configmap", f"before-{component}")["data"] == {"k": "v"}


def test_ensure_does_not_restart_running_components(cluster: Cluster) -> None:
    plane = cluster.control_plane
    before = [
        component.pid() for component in (plane.etcd, plane.api, plane.controllers, plane.scheduler, plane.addons)
    ]
    plane.ensure()
    assert [p.pid() for p in (plane.etcd, plane.api, plane.controllers, plane.scheduler, plane.addons)] == before


def test_stopping_and_starting_keeps_objects(cluster: Cluster) -> None:
    plane = cluster.control_plane
    cluster.kubectl("create", "configmap", "kept", "--from-literal=k=v")
    plane.stop()
    assert not plane.ready()
    plane.ensure()
    assert cluster.get("configmap", "kept")["data"] == {"k": "v"}
    cluster.until(lambda: cluster.on_demand.ready(1) and cluster.spot.ready(1), seconds=120)


def test_anonymous_requests_are_forbidden(cluster: Cluster) -> None:
    trust = ssl.create_default_context(cafile=str(cluster.control_plane.authority.certificate))
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{cluster.control_plane.endpoint}/api/v1/secrets", context=trust, timeout=5)
    assert refused.value.code == 403
    assert cluster.kubeconfig.stat().st_mode & 0o077 == 0
