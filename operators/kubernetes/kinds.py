"""The kinds of objects that the operators read and write, with their paths at the API server. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.resource import API_VERSION


@dataclass(frozen=True)
class Kind:
    """A namespaced kind."""

    api_version: str
    name: str
    plural: str

    @property
    def group_version_path(self) -> str:
        """Path of the API group and version."""
        return f"/api/{self.api_version}" if "/" not in self.api_version else f"/apis/{self.api_version}"

    def path(self, namespace: str, name: str = "") -> str:
        """Path of the collection in a namespace, or of one object in it; of all namespaces if it is ""."""
        scope = f"/namespaces/{namespace}" if namespace else ""
        return f"{self.group_version_path}{scope}/{self.plural}" + (f"/{name}" if name else "")


AURA_SERVICE = Kind(API_VERSION, "AuraService", "auraservices")
BIO_STREAM = Kind(API_VERSION, "BioStream", "biostreams")
CLUSTER = Kind("postgresql.cnpg.io/v1", "Cluster", "clusters")
"""Of CloudNativePG."""
CONFIG_MAP = Kind("v1", "ConfigMap", "configmaps")
EVENT = Kind("v1", "Event", "events")
LEASE = Kind("coordination.k8s.io/v1", "Lease", "leases")
POD = Kind("v1", "Pod", "pods")
SECRET = Kind("v1", "Secret", "secrets")
SERVICE = Kind("v1", "Service", "services")
DEPLOYMENT = Kind("apps/v1", "Deployment", "deployments")
HORIZONTAL_POD_AUTOSCALER = Kind("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
KONG_CONSUMER = Kind("configuration.konghq.com/v1", "KongConsumer", "kongconsumers")
HTTP_ROUTE = Kind("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes")

OWNED = (
    Kind("v1", "ServiceAccount", "serviceaccounts"),
    SECRET,
    SERVICE,
    Kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
    Kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
    DEPLOYMENT,
    Kind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    HORIZONTAL_POD_AUTOSCALER,
    Kind("configuration.konghq.com/v1", "KongPlugin", "kongplugins"),
    KONG_CONSUMER,
    HTTP_ROUTE,
    Kind("monitoring.coreos.com/v1", "ServiceMonitor", "servicemonitors"),
    Kind("monitoring.coreos.com/v1", "PrometheusRule", "prometheusrules"),
)
"""Kinds of which a custom resource may own objects; those that a cluster does not serve are skipped there."""

KINDS = {(kind.api_version, kind.name): kind for kind in (*OWNED, AURA_SERVICE, BIO_STREAM)}
