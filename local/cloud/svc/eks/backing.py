"""The processes of EKS clusters and their node groups."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from local.cloud.context import CloudContext
from local.cloud.moto_backends import lookups
from local.cloud.moto_backends.roles import open_session
from local.cloud.paths import AUTHORIZATION, POD_IDENTITY, TOKEN_REVIEW
from local.cloud.svc.eks.addons.configured import configured
from local.cloud.svc.eks.model import Cluster, EksState, NodeGroup, NodeSession
from local.cloud.svc.eks.pod_identity import webhook
from local.cloudnativepg import server as cloudnativepg
from local.engines.kubernetes import node_group
from local.engines.kubernetes.administration import APPLY, Administrator
from local.engines.kubernetes.control_plane import ControlPlane, Webhooks
from local.engines.runtime.process import EngineFailed
from local.node.addons import installed
from local.node.pod_identity import AgentSettings
from local.node.settings import Taint

_SESSION, _RENEWED = timedelta(hours=6), timedelta(hours=1)
"""Lifetime of the credentials of a node's role, and what is left of it when they are renewed."""
AGENT_ADDON = "eks-pod-identity-agent"
_EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}


class ClusterBacking:
    """A control plane. A dead component is restarted; the cluster is UPDATING meanwhile."""

    def __init__(self, context: CloudContext, state: EksState, cluster: Cluster) -> None:
        self.context, self.state, self.cluster = context, state, cluster
        self.key = cluster.arn
        folder = context.site.home / "kube" / cluster.region
        self.webhooks = Webhooks(folder / "token-review", folder / "authorization")
        self.engine = ControlPlane(context.site, cluster.region, cluster.name, cluster.address, self.webhooks)

    def reconcile(self) -> None:
        if self.cluster.status == "DELETING":
            if not self.cluster.node_groups:
                self._delete()
            return
        self._install()
        objects = self._objects()
        digest = hashlib.sha256(json.dumps(objects, sort_keys=True).encode()).hexdigest()
        if self.cluster.status == "ACTIVE" and self.running():
            if self.cluster.provisioned != digest and not self.engine.stop_outdated():
                self._provision(objects, digest)
            return
        if self.cluster.status == "ACTIVE":
            self._set_status("UPDATING")
        for file, path in ((self.webhooks.tokens, TOKEN_REVIEW), (self.webhooks.authorization, AUTHORIZATION)):
            _write_webhook(file, f"{self.context.site.endpoint_url}{path}/{self.cluster.region}/{self.cluster.name}")
        self.engine.ensure()
        self._provision(objects, digest)
        self._set_status("ACTIVE")

    def _install(self) -> None:
        """Says which add-ons the cluster has, to the process that does their work."""
        folder, wanted = self.engine.folder / "addons", configured(self.cluster)
        if installed.read(folder) != wanted:
            installed.write(folder, wanted)

    def _objects(self) -> dict[str, dict[str, Any]]:
        """Path -> object that EKS itself puts into the cluster."""
        url = f"{self.context.site.webhook_url}{POD_IDENTITY}/{self.cluster.region}/{self.cluster.name}"
        wanted = webhook.configuration(url, self.context.authority.certificate)
        return {f"{webhook.PATH}/{wanted['metadata']['name']}": wanted}

    def _provision(self, objects: dict[str, dict[str, Any]], digest: str) -> None:
        administrator = Administrator(self.engine)
        for path, wanted in objects.items():
            query = "fieldManager=eks&force=true"
            code, answer = administrator.call("PATCH", f"{path}?{query}", wanted, APPLY)
            if code not in (200, 201):
                raise EngineFailed(f"the API server answers {code} to {path}: {answer.get('message', '')}")
        with self.context.mutation():
            self.cluster.provisioned = digest

    def stop(self) -> None:
        self.engine.stop()

    @property
    def status(self) -> str:
        return self.cluster.status

    def running(self) -> bool:
        engine = self.engine
        parts = (engine.etcd, engine.api, engine.controllers, engine.scheduler, engine.addons)
        return all(part.pid() is not None for part in parts)

    def _delete(self) -> None:
        self.engine.delete()
        cloudnativepg.delete_all(self.context.site, self.cluster.region)
        for file in (self.webhooks.tokens, self.webhooks.authorization):
            file.unlink(missing_ok=True)
        self.context.addresses(self.cluster.region).release(self.cluster.identifier)
        with self.context.mutation():
            lookups.delete_security_group(self.cluster.region, self.cluster.security_group)
            self.state.clusters.pop(self.cluster.name, None)

    def _set_status(self, status: str) -> None:
        authority = self.engine.authority.certificate.read_bytes() if status == "ACTIVE" else b""
        with self.context.mutation():
            if self.cluster.status == "DELETING":
                return
            self.cluster.status = status
            if authority:
                self.cluster.authority = base64.b64encode(authority).decode()
            for addon in self.cluster.addons.values():  # nodes and control plane do their work here
                if status == "ACTIVE" and addon.status == "CREATING":
                    addon.status = "ACTIVE"


class NodeGroupBacking:
    """The nodes of a group, each a process. A dead one is restarted."""

    def __init__(self, context: CloudContext, cluster: Cluster, group: NodeGroup) -> None:
        self.context, self.cluster, self.group = context, cluster, group
        self.key = group.arn
        self.engine = _engine(context, cluster, group)

    @property
    def status(self) -> str:
        return self.group.status

    def running(self) -> bool:
        return self.engine.ready(self._desired)

    def reconcile(self) -> None:
        if self.group.status == "DELETING":
            self._delete()
        elif self.cluster.status == "ACTIVE":
            self.engine.agent = self._agent()
            self.engine.ensure(self._desired)
            if self.group.status in ("CREATING", "UPDATING") and self.running():
                self._set_status("ACTIVE")

    def stop(self) -> None:
        self.engine.stop()

    def _agent(self) -> AgentSettings | None:
        """What the Pod Identity agents of the nodes work with; None unless the cluster has their add-on."""
        if AGENT_ADDON not in self.cluster.addons:
            return None
        session, region = self.group.session, self.cluster.region
        if session is None or session.expiration - datetime.now(UTC) < _RENEWED:
            with self.context.mutation():
                opened = open_session(self.group.inputs["nodeRole"], self.group.name, region, _SESSION)
                session = NodeSession(opened.access_key, opened.secret_key, opened.token, opened.expiration)
                self.group.session = session
        keys = session.access_key, session.secret_key, session.token
        return AgentSettings(self.context.site.endpoint_url, region, self.cluster.name, *keys)

    @property
    def _desired(self) -> int:
        return int(self.group.inputs["scalingConfig"]["desiredSize"])

    def _delete(self) -> None:
        self.engine.delete()
        with self.context.mutation():
            self.cluster.node_groups.pop(self.group.name, None)

    def _set_status(self, status: str) -> None:
        with self.context.mutation():
            if self.group.status == "DELETING":
                return
            self.group.status = status
            for update in self.cluster.history.values():
                if update.node_group == self.group.name and update.status == "InProgress":
                    update.status = "Successful"


def _engine(context: CloudContext, cluster: Cluster, group: NodeGroup) -> node_group.NodeGroup:
    inputs = group.inputs
    return node_group.NodeGroup(
        context.site,
        cluster.region,
        ControlPlane(context.site, cluster.region, cluster.name, cluster.address),
        group.name,
        capacity_type=inputs["capacityType"],
        labels=inputs["labels"],
        generation=group.generation,
        max_unavailable=_max_unavailable(inputs),
        taints=tuple(Taint(t["key"], t.get("value", ""), _EFFECTS[t["effect"]]) for t in inputs["taints"]),
    )


def _max_unavailable(inputs: dict[str, Any]) -> int:
    config, size = inputs["updateConfig"], inputs["scalingConfig"]["desiredSize"]
    share = config.get("maxUnavailablePercentage", 0) * size // 100
    return max(1, config.get("maxUnavailable", share))


def _write_webhook(path: Path, url: str) -> None:
    """kube-apiserver reads the address of a webhook from a kubeconfig."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "endpoint", "cluster": {"server": url}}],
        "users": [{"name": "api-server", "user": {}}],
        "contexts": [{"name": "default", "context": {"cluster": "endpoint", "user": "api-server"}}],
        "current-context": "default",
    }
    path.write_text(json.dumps(content))
