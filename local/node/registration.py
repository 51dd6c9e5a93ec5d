"""The Node object and its Lease: the node's heartbeats."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import time

from local.node.api import MERGE, UNREACHABLE, Api, ApiError, Object
from local.node.settings import NodeSettings
from local.node.times import micro_timestamp, timestamp

log = logging.getLogger(__name__)

KUBELET_PORT = 10250
HEARTBEAT_SECONDS = 4.0
"""A quarter of the controller manager's grace period, so that a busy machine is not considered unreachable."""
_STATUS_HEARTBEATS = 75
"""Heartbeats between two updates of the Node's status: five minutes, as in a kubelet."""
_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"


ARCHITECTURE = "kubernetes.io/arch"


def architecture(settings: NodeSettings) -> str:
    """Of the instance that the node stands for, in the words of OCI; without a label that of this machine."""
    machine = platform.machine()
    return settings.labels.get(ARCHITECTURE, {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine))


def node_object(settings: NodeSettings, region: str) -> Object:
    """The Node object to register."""
    labels = {
        "kubernetes.io/hostname": settings.name,
        "kubernetes.io/os": "linux",
        ARCHITECTURE: architecture(settings),
    }
    return {
        "metadata": {"name": settings.name, "labels": labels | settings.labels},
        "spec": {
            "providerID": f"process://{region}/{settings.name}",
            "taints": [{"key": t.key, "value": t.value, "effect": t.effect} for t in settings.taints],
        },
    }


def node_status(settings: NodeSettings, address: str, since: float, now: float) -> Object:
    """Ready since `since`, Unix seconds."""

    def condition(kind: str, status: str, reason: str) -> Object:
        beat = {"lastHeartbeatTime": timestamp(now), "lastTransitionTime": timestamp(since)}
        return {"type": kind, "status": status, "reason": reason, "message": "", **beat}

    capacity = {
        "cpu": settings.cpu,
        "memory": settings.memory,
        "pods": str(settings.max_pods),
        "ephemeral-storage": "50Gi",
    }
    return {
        "capacity": capacity,
        "allocatable": capacity,
        "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": settings.name}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": KUBELET_PORT}},
        # Without it the API server uses SPDY, which is not implemented here.
        "declaredFeatures": ["ExtendWebSocketsToKubelet"],
        "nodeInfo": {
            "architecture": architecture(settings),
            "operatingSystem": "linux",
            "kernelVersion": os.uname().release,
            "osImage": "processes of this machine",
            "containerRuntimeVersion": "process://1",
            "kubeletVersion": "v1.36.3",
            "kubeProxyVersion": "",
            "bootID": "",
            "machineID": settings.name,
            "systemUUID": settings.name,
        },
        "conditions": [
            condition("Ready", "True", "KubeletReady"),
            condition("MemoryPressure", "False", "KubeletHasSufficientMemory"),
            condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
            condition("PIDPressure", "False", "KubeletHasSufficientPID"),
        ],
    }


class Registration:
    """Creates the Node and renews its Lease."""

    def __init__(self, api: Api, settings: NodeSettings, address: str) -> None:
        self._api = api
        self._settings = settings
        self._address = address
        self._since = time.time()

    async def register(self) -> None:
        """Creates the Node or updates the existing one; retries until the API server answers."""
        desired = node_object(self._settings, self._settings.labels.get("topology.kubernetes.io/region", ""))
        while True:
            try:
                try:
                    await self._api.post("/api/v1/nodes", desired)
                except ApiError as error:
                    if error.code != 409:
                        raise
                    labels = {"metadata": {"labels": desired["metadata"]["labels"]}}
                    await self._api.patch(f"/api/v1/nodes/{self._settings.name}", labels)
                await self._renew()
                await self._write_status()
                return
            except (ApiError, *UNREACHABLE) as error:
                log.warning("registering: %s", error or repr(error))
                await asyncio.sleep(1)

    async def renew_forever(self) -> None:
        """Renews the Lease and updates the status forever."""
        heartbeats = 0
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            heartbeats += 1
            try:
                await self._renew()
                if heartbeats % _STATUS_HEARTBEATS == 0:
                    await self._write_status()
            except (ApiError, *UNREACHABLE) as error:
                log.warning("heartbeat: %s", error or repr(error))

    async def _renew(self) -> None:
        name = self._settings.name
        spec = {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": micro_timestamp(time.time())}
        lease = {"metadata": {"name": name}, "spec": spec}
        try:
            await self._api.patch(f"{_LEASES}/{name}", lease, MERGE)
        except ApiError as error:
            if error.code != 404:
                raise
            await self._api.post(_LEASES, lease)

    async def _write_status(self) -> None:
        status = node_status(self._settings, self._address, self._since, time.time())
        await self._api.patch(f"/api/v1/nodes/{self._settings.name}/status", {"status": status})
