"""Kubeconfig of the cluster, and the region's configuration for every Pod."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from contracts.platform import NAMESPACE, PLATFORM_CONFIG
from infra.components.base import Component

_ADMITTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
"""The API server refuses other Pods, and warns who applies a Deployment of such."""


class Platform(Component):
    """Namespace `aura` with the ConfigMap `aura-platform` (contracts/platform.py has its keys).

    Values that not every reader of ConfigMaps may see are in a Secret of the same name.
    """

    def __init__(
        self,
        name: str,
        region: str,
        cluster: aws.eks.Cluster,
        data: Mapping[str, pulumi.Input[str]],
        secret_data: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        self.kubeconfig = kubeconfig(region, cluster)
        self.provider = kubernetes.Provider(
            name,
            kubeconfig=self.kubeconfig,
            # Otherwise a changed value deletes the object and makes another one, and Pods start without it meanwhile.
            enable_config_map_mutable=True,
            enable_secret_mutable=True,
            opts=self.child(),
        )
        inside = self.child(provider=self.provider)
        namespace = kubernetes.core.v1.Namespace(
            name, metadata=kubernetes.meta.v1.ObjectMetaArgs(name=NAMESPACE, labels=_ADMITTED), opts=inside
        )
        metadata = kubernetes.meta.v1.ObjectMetaArgs(name=PLATFORM_CONFIG, namespace=namespace.metadata.name)
        kubernetes.core.v1.ConfigMap(name, metadata=metadata, data=dict(data), opts=inside)
        kubernetes.core.v1.Secret(name, metadata=metadata, string_data=dict(secret_data), opts=inside)
        self.register_outputs({})


def kubeconfig(region: str, cluster: aws.eks.Cluster) -> pulumi.Output[str]:
    """A kubeconfig that gets a token from AWS at every use, so that it contains no secret."""

    def render(values: list[str]) -> str:
        name, endpoint, authority = values
        login = {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "aws",
            "args": ["--region", region, "eks", "get-token", "--cluster-name", name, "--output", "json"],
            "interactiveMode": "Never",
        }
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": name, "cluster": {"server": endpoint, "certificate-authority-data": authority}}],
                "users": [{"name": name, "user": {"exec": login}}],
                "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
                "current-context": name,
            }
        )

    authority = cluster.certificate_authority.apply(lambda authority: authority.data or "")
    return pulumi.Output.all(cluster.name, cluster.endpoint, authority).apply(render)
