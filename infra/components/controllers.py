"""The controllers that a new cluster lacks, and the definitions of all custom resources of the platform."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pulumi_kubernetes as kubernetes
import yaml

from infra.components.base import Component
from infra.components.charts import CHARTS, Facts

GATEWAY_API = "https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.4.0/standard-install.yaml"
"""Kong serves Gateways only in a cluster that had these definitions when it started."""
ISSUER = "letsencrypt"
"""The ClusterIssuer of the gateway's certificate."""
_MANIFESTS = Path(__file__).parents[2] / "manifests"
_ACME = "https://acme-v02.api.letsencrypt.org/directory"
_TIMEOUT = 900
"""Seconds: a first node may have to start for a Pod, and it pulls every image."""


class Controllers(Component):
    """Kong, CloudNativePG, cert-manager, external-dns, the Prometheus operator and the cluster autoscaler.

    `opts` has the cluster's Kubernetes provider, and depends on nodes and add-ons: Pods that start before the role of
    their ServiceAccount is associated have none.
    """

    def __init__(self, name: str, facts: Facts, zone_id: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
        super().__init__(name, opts)
        self._definitions()
        self._storage_class()
        gateway_api = kubernetes.yaml.v2.ConfigFile(f"{name}-gateway-api", file=GATEWAY_API, opts=self.child())
        releases: dict[str, pulumi.Resource] = {}
        for chart in CHARTS:
            releases[chart.release] = kubernetes.helm.v3.Release(
                f"{name}-{chart.release}",
                name=chart.release,
                chart=chart.chart,
                version=chart.version,
                repository_opts=kubernetes.helm.v3.RepositoryOptsArgs(repo=chart.repository),
                namespace=chart.namespace,
                create_namespace=True,
                values=dict(chart.values(facts)),
                timeout=_TIMEOUT,
                opts=self.child(depends_on=[gateway_api, *(releases[needed] for needed in chart.after)]),
            )
        self._issuer(facts, zone_id, releases["cert-manager"])
        self.register_outputs({})

    def _definitions(self) -> None:
        """AuraService and BioStream, as contracts/ generates them."""
        for definition in yaml.safe_load_all((_MANIFESTS / "crds" / "platform.yaml").read_text()):
            kubernetes.apiextensions.v1.CustomResourceDefinition(
                f"{self.name}-{definition['spec']['names']['plural']}",
                metadata=definition["metadata"],
                spec=definition["spec"],
                opts=self.child(),
            )

    def _storage_class(self) -> None:
        """For all claims, also those of the charts. The account's default key for volumes encrypts them."""
        declared = yaml.safe_load((_MANIFESTS / "cluster" / "storage.yaml").read_text())
        kubernetes.storage.v1.StorageClass(
            f"{self.name}-{declared['metadata']['name']}",
            metadata=declared["metadata"],
            provisioner=declared["provisioner"],
            parameters=declared["parameters"],
            volume_binding_mode=declared["volumeBindingMode"],
            allow_volume_expansion=declared["allowVolumeExpansion"],
            reclaim_policy=declared["reclaimPolicy"],
            opts=self.child(),
        )

    def _issuer(self, facts: Facts, zone_id: pulumi.Input[str], cert_manager: pulumi.Resource) -> None:
        """Certificates by DNS-01 in the zone of the domain: no listener has to be open, and wildcards are possible."""
        solver = {"dns01": {"route53": {"region": facts.region, "hostedZoneID": zone_id}}}
        acme = {"server": _ACME, "privateKeySecretRef": {"name": ISSUER}, "solvers": [solver]}
        kubernetes.apiextensions.CustomResource(
            f"{self.name}-issuer",
            api_version="cert-manager.io/v1",
            kind="ClusterIssuer",
            metadata=kubernetes.meta.v1.ObjectMetaArgs(name=ISSUER),
            spec={"acme": acme},
            opts=self.child(depends_on=[cert_manager]),
        )
