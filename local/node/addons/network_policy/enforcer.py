"""Keeps the rules of the kernel equal to the cluster's NetworkPolicies, while the add-on vpc-cni asks for it."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from local.node.addons import installed
from local.node.addons.endpoints import Endpoint, service_endpoints
from local.node.addons.network_policy import nftables
from local.node.addons.network_policy.policies import Policies, members
from local.node.api import UNREACHABLE, Api, ApiError, Object
from local.node.events import event
from local.node.runtime import groups
from local.toolchain import tools

log = logging.getLogger(__name__)

_POLICIES = "/apis/networking.k8s.io/v1/networkpolicies"
_DEBOUNCE_SECONDS = 0.05
_CHECK_SECONDS = 2.0
_COMPONENT = "aws-network-policy-agent"


class NotEnforced(RuntimeError):
    """This machine cannot do it; the text says why."""


class Enforcer:
    """`folder` is that of the add-ons."""

    def __init__(self, api: Api, folder: Path) -> None:
        self._api = api
        self._folder = folder
        self._stores: dict[str, dict[str, Object]] = {
            path: {} for path in (_POLICIES, "/api/v1/pods", "/api/v1/namespaces", "/api/v1/services")
        }
        self._changed = asyncio.Event()
        host, port = api.address
        self._api_server = Endpoint(host, int(port))
        self._table = f"aura_{host.replace('.', '_')}"
        self._loaded = ""
        self._told: set[str] = set()
        """UIDs of the policies whose Events say that they are not enforced."""

    async def run(self) -> None:
        """Never returns. Removes the rules when it is cancelled: the Pods end, too."""
        synced = [asyncio.Event() for _ in self._stores]
        try:
            async with asyncio.TaskGroup() as group:
                for (path, store), done in zip(self._stores.items(), synced, strict=True):
                    group.create_task(self._api.inform(path, store, self._changed, done))
                await asyncio.gather(*(one.wait() for one in synced))
                group.create_task(self._enforce_forever())
        finally:
            if self._loaded:
                with suppress(NotEnforced):
                    await _nft(nftables.removal(self._table))

    async def _enforce_forever(self) -> None:
        while True:
            try:
                await self._enforce()
            except NotEnforced as error:
                await self._record_event(str(error))
            await asyncio.sleep(_DEBOUNCE_SECONDS)
            with suppress(TimeoutError):  # the add-on may be configured meanwhile
                async with asyncio.timeout(_CHECK_SECONDS):
                    await self._changed.wait()
            self._changed.clear()

    async def _enforce(self) -> None:
        """Raises NotEnforced."""
        if not is_enabled(installed.read(self._folder)):
            if self._loaded:
                await _nft(nftables.removal(self._table))
                self._loaded = ""
            return
        policies = list(self._stores[_POLICIES].values())
        if not policies and not self._loaded:
            return
        if groups.root() is None:
            raise NotEnforced("this user may not create control groups (cgroup v2) on this machine")
        pods = list(self._stores["/api/v1/pods"].values())
        namespaces = self._stores["/api/v1/namespaces"].values()
        compiled = Policies(
            policies,
            [one for one in members(pods) if groups.exists(one.uid)],
            {one["metadata"]["name"]: one["metadata"].get("labels") or {} for one in namespaces},
        )
        services = service_endpoints(self._stores["/api/v1/services"].values(), pods, self._api_server)
        text = nftables.script(self._table, compiled, services)
        if text != self._loaded:
            await _nft(text)
            self._loaded = text
            self._told.clear()

    async def _record_event(self, why: str) -> None:
        for uid, policy in self._stores[_POLICIES].items():
            if uid in self._told:
                continue
            about = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", **policy}
            message = f"not enforced: {why}"
            content = event(about, "NotEnforced", message, "Warning", (_COMPONENT, ""), time.time())
            try:
                await self._api.post(f"/api/v1/namespaces/{policy['metadata']['namespace']}/events", content)
                self._told.add(uid)
            except (ApiError, *UNREACHABLE) as error:
                log.info("event: %s", error or repr(error))


def is_enabled(addons: dict[str, Any] | installed.Addons) -> bool:
    """Whether the add-on vpc-cni is configured with enableNetworkPolicy, "true" as a string in EKS."""
    return str(addons.get(installed.VPC_CNI, {}).get("enableNetworkPolicy", False)).lower() == "true"


async def _nft(text: str) -> None:
    """Loads rules in one step. Raises NotEnforced."""
    mounted = groups.root()
    try:
        argv = [str(tools.path("nft")), "-f", "-"]
    except tools.ToolMissing as error:
        raise NotEnforced(str(error)) from error
    if mounted is not None and str(mounted) != "/sys/fs/cgroup":  # where nft looks for control groups
        argv = ["unshare", "--mount", "sh", "-c", f'mount --bind {mounted} /sys/fs/cgroup && exec "$@"', "sh", *argv]
    child = await asyncio.create_subprocess_exec(
        *argv, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await child.communicate(text.encode())
    if child.returncode:
        raise NotEnforced(f"nft: {output.decode(errors='replace').strip()[-300:]}")
