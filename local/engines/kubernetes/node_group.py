"""Process nodes of one EKS node group, in place of EC2 instances."""

from __future__ import annotations

import os
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from local.engines.kubernetes import node_labels
from local.engines.kubernetes.administration import Administrator
from local.engines.kubernetes.control_plane import ControlPlane
from local.engines.runtime.process import Process
from local.node.pod_identity import AgentSettings
from local.node.registration import KUBELET_PORT
from local.node.runtime.execution import kill_pods
from local.node.settings import FILE, NodeSettings, Taint
from local.site import CHECKOUT, Site

SLOTS = 32
"""Maximum number of nodes in a region's Pod network, with 126 addresses each."""
ZONES = ("a", "b", "c")
DRAIN_SECONDS = 60.0
"""A node that is scaled in is removed after this time, even if a PodDisruptionBudget still prevents evictions."""


class NodeLimitExceeded(RuntimeError):
    """The region's Pod network has no free slot."""


class NodeGroup:
    """Node group `name` of `cluster`. `capacity_type` is SPOT or ON_DEMAND; each node gets the labels and taints.

    `agent` are the settings of the nodes' Pod Identity agents; without them Pods get no credentials.
    Nodes of another `generation` are replaced, `max_unavailable` at a time: new ones are Ready before old ones go.
    """

    def __init__(
        self,
        site: Site,
        region: str,
        cluster: ControlPlane,
        name: str,
        capacity_type: str = "ON_DEMAND",
        labels: dict[str, str] | None = None,
        taints: tuple[Taint, ...] = (),
        agent: AgentSettings | None = None,
        generation: int = 0,
        max_unavailable: int = 1,
    ) -> None:
        self.site = site
        self.region = region
        self.cluster = cluster
        self.name = name
        self.labels = {
            **(labels or {}),
            "eks.amazonaws.com/capacityType": capacity_type,
            "eks.amazonaws.com/nodegroup": name,
            "topology.kubernetes.io/region": region,
            "node.kubernetes.io/instance-type": "process",
        }
        self.taints = taints
        self.agent = agent
        self.generation = generation
        self.max_unavailable = max_unavailable
        self._administrator = Administrator(cluster)
        self._slots = site.home / "engines" / region / "nodes"

    @property
    def nodes(self) -> list[str]:
        """Names of the group's nodes."""
        return [self._node_name(int(folder.name)) for folder in self._folders()]

    def ensure(self, desired_size: int) -> None:
        """One step towards `desired_size` running nodes; repeat it until `ready`. It does not wait for evictions.

        A surplus node is cordoned and its Pods are evicted; it is removed when they have ended.
        """
        folders = self._folders()
        terminating = [folder for folder in folders if (folder / "leaving").exists()]
        active = [folder for folder in folders if folder not in terminating]
        current = [folder for folder in active if self._is_current(folder)]
        outdated = [folder for folder in active if folder not in current]
        surplus = current[desired_size:] + outdated[: self._replaceable(current, outdated, desired_size)]
        for folder in surplus:
            (folder / "leaving").write_text(str(time.time()))
            terminating.append(folder)
        active = [folder for folder in active if folder not in surplus]
        current = current[:desired_size]
        surge = self.max_unavailable if outdated else 0
        while len(current) < desired_size and len(active) < desired_size + surge:
            current.append(self._allocate_slot())
            active.append(current[-1])
        for folder in active:
            AgentSettings.save(self.agent, folder)
            self._start(folder)
            self._label(folder)
        for folder in terminating:
            if self._drain(folder):
                self._remove(folder)

    def _replaceable(self, current: list[Path], outdated: list[Path], desired_size: int) -> int:
        """How many outdated nodes may go: those for which a node of this generation is Ready, and any surplus."""
        if not outdated:
            return 0
        ready = self._ready_nodes()
        usable = [folder for folder in current[:desired_size] if self._node_name(int(folder.name)) in ready]
        return max(0, min(len(outdated), len(usable) + len(outdated) - desired_size))

    def _is_current(self, folder: Path) -> bool:
        file = folder / "generation"
        return (int(file.read_text()) if file.exists() else 0) == self.generation

    def ready(self, desired_size: int | None = None) -> bool:
        """Whether every node (and exactly `desired_size` of them, if given) runs and is Ready in the API."""
        folders = self._folders()
        if desired_size is not None and len(folders) != desired_size:
            return False
        if any(self._process(folder).pid() is None or not self._is_current(folder) for folder in folders):
            return False
        if not all(self._is_labelled(folder) for folder in folders):
            return False
        return self._ready_nodes() == set(self.nodes)

    def _ready_nodes(self) -> set[str]:
        """Names of the group's nodes that are Ready in the API; none if it does not answer."""
        status, response = self._administrator.call("GET", f"/api/v1/nodes?{self._selector}")
        nodes = response["items"] if status == 200 else []
        return {node["metadata"]["name"] for node in nodes if _is_ready(node)}

    def stop(self) -> None:
        """Stops the nodes and the processes of their Pods. The Pods stay in the API and start again with their node."""
        for folder in self._folders():
            self._stop(folder)

    def delete(self) -> None:
        """Stops the nodes, deletes them from the API if it responds, and deletes their folders."""
        for folder in self._folders():
            self._remove(folder)

    def _folders(self) -> list[Path]:
        """Folders of this group's nodes, oldest slot first."""
        found = []
        for owner in self._slots.glob("*/group"):
            if owner.read_text() == self._owner:
                found.append(owner.parent)
        return sorted(found, key=lambda folder: int(folder.name))

    @property
    def _owner(self) -> str:
        return f"{self.cluster.name}/{self.name}"

    def _allocate_slot(self) -> Path:
        for slot in range(SLOTS):
            folder = self._slots / str(slot)
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                continue
            (folder / "generation").write_text(str(self.generation))
            (folder / "group").write_text(self._owner)
            return folder
        raise NodeLimitExceeded(f"{self.region} has {SLOTS} nodes already; scale in a node group first")

    def _network(self, slot: int) -> str:
        return f"{self.site.block(self.region)}.{16 + slot // 2}.{slot % 2 * 128}/25"

    def _address(self, slot: int) -> str:
        return f"{self.site.block(self.region)}.{16 + slot // 2}.{slot % 2 * 128 + 1}"

    def _node_name(self, slot: int) -> str:
        return f"ip-{self._address(slot).replace('.', '-')}.{self.region}.compute.internal"

    def process(self, node: str) -> Process:
        """The process of a node of this group; raises KeyError for another name."""
        return self._process({self._node_name(int(folder.name)): folder for folder in self._folders()}[node])

    def _process(self, folder: Path) -> Process:
        return Process(folder, "node")

    def _start(self, folder: Path) -> None:
        process = self._process(folder)
        if process.pid() is not None:
            return
        slot, name = int(folder.name), self._node_name(int(folder.name))
        authority = self.cluster.authority
        serving = authority.pair(f"{name}-serving", f"system:node:{name}", "system:nodes", (self._address(slot), name))
        kubeconfig = folder / "kubeconfig"
        self.cluster.write_kubeconfig(kubeconfig, serving)
        settings = NodeSettings(
            name=name,
            folder=folder,
            kubeconfig=kubeconfig,
            pod_network=self._network(slot),
            volumes=self.cluster.volumes,
            certificate=serving.certificate,
            key=serving.key,
            authority=authority.certificate,
            labels=self._labels(slot),
            taints=self.taints,
        )
        site = {
            "AURA_HOME": str(self.site.home),
            "AURA_SITE": str(self.site.index),
            "AWS_ENDPOINT_URL": self.site.endpoint_url,
        }
        env = {**os.environ, **site, "PYTHONPATH": str(CHECKOUT)}
        argv = [sys.executable, "-m", "local.node", settings.save()]
        process.start(argv, env=env, cwd=CHECKOUT, listens=[(self._address(slot), KUBELET_PORT)])

    def _labels(self, slot: int) -> dict[str, str]:
        return {**self.labels, "topology.kubernetes.io/zone": f"{self.region}{ZONES[slot % len(ZONES)]}"}

    def _is_labelled(self, folder: Path) -> bool:
        settings = NodeSettings.load(folder / FILE)
        return (settings.labels, settings.taints) == (self._labels(int(folder.name)), self.taints)

    def _label(self, folder: Path) -> None:
        """Gives a running node the group's labels and taints, if they have changed since."""
        if self._is_labelled(folder):
            return
        settings, labels = NodeSettings.load(folder / FILE), self._labels(int(folder.name))
        status, node = self._administrator.call("GET", f"/api/v1/nodes/{settings.name}")
        if status != 200:
            return
        patch = node_labels.change(node, (settings.labels, settings.taints), labels, self.taints)
        status, _ = self._administrator.call("PATCH", f"/api/v1/nodes/{settings.name}", patch)
        if status == 200:
            replace(settings, labels=labels, taints=self.taints).save()

    def _stop(self, folder: Path) -> None:
        self._process(folder).stop(grace=8)
        kill_pods(folder / "pods")  # a node that was killed could not do it

    def _remove(self, folder: Path) -> None:
        self._stop(folder)
        name = self._node_name(int(folder.name))
        self._administrator.call("DELETE", f"/api/v1/nodes/{name}")
        shutil.rmtree(folder)

    def _drain(self, folder: Path) -> bool:
        """Cordons the node and evicts its Pods; returns whether the node can be removed."""
        name = self._node_name(int(folder.name))
        since = float((folder / "leaving").read_text())
        if time.time() - since > DRAIN_SECONDS or self._process(folder).pid() is None:
            return True
        self._administrator.call("PATCH", f"/api/v1/nodes/{name}", {"spec": {"unschedulable": True}})
        query = urlencode({"fieldSelector": f"spec.nodeName={name}"})
        status, pods = self._administrator.call("GET", f"/api/v1/pods?{query}")
        if status != 200:
            return False
        remaining = [pod for pod in pods["items"] if not _is_excluded_from_drain(pod)]
        for pod in remaining:
            meta = {key: pod["metadata"][key] for key in ("name", "namespace")}
            if "deletionTimestamp" not in pod["metadata"]:
                path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/eviction"
                self._administrator.call(
                    "POST", path, {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": meta}
                )
        return not remaining

    @property
    def _selector(self) -> str:
        return f"labelSelector={quote(f'eks.amazonaws.com/nodegroup={self.name}')}"


def _is_ready(node: dict[str, Any]) -> bool:
    conditions = node.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _is_excluded_from_drain(pod: dict[str, Any]) -> bool:
    """Pods of DaemonSets end with their node; ended Pods need no eviction."""
    owners = {owner["kind"] for owner in pod["metadata"].get("ownerReferences", [])}
    return "DaemonSet" in owners or pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
